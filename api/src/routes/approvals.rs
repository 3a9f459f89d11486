//! /v1/approvals: the second person.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::approval::Approval;
use identity::approval::decide::{Answer, Data, KIND};
use identity::person::erasure::request;
use identity::person::link;
use ledger::assertion::{Act, Target};
use projections::institutions::Filter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::WriteAnswer;
use super::institutions::Page;
use super::learners::derived_id;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// Yes or no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionBody {
    /// approve or reject.
    #[schema(value_type = String, example = "approve")]
    decision: Answer,
    /// To agree to link an officer's account: the twelve digits that the officer's screen shows now, so that
    /// whoever agrees saw the same account.
    code: Option<String>,
}

/// A proposal and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalBody {
    /// Id of the proposing assertion.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its open data.
    #[schema(value_type = Object)]
    pub data: Box<serde_json::value::RawValue>,
    /// Who proposed.
    #[schema(value_type = Option<Object>)]
    pub proposer: Option<Act>,
    /// Position of the proposal.
    pub position: u64,
    /// Its leaf hash: what an approval names.
    pub leaf: String,
    /// pending, completed or rejected.
    pub state: &'static str,
    /// Position of the commit that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// Who agreed so far.
    pub given: Vec<Uuid>,
}

/// A page of proposals.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalPage {
    /// The proposals, in the order they were made.
    items: Vec<ProposalBody>,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Position the list is folded up to.
    position: u64,
}

/// Agree to a proposal, or say no.
///
/// The last person needed carries it out: the answer's position is that of the act.
#[utoipa::path(post, path = "/v1/approvals/{id}", extensions(("x-action" = json!("decide-proposal"))), tag = "approvals", params(("id" = Uuid, Path, description = "the proposal")), request_body = DecisionBody, security(("token" = [])),
    responses((status = 201, description = "decided", body = WriteAnswer), (status = 403, description = "not a second person", body = ProblemBody), (status = 404, description = "no such proposal", body = ProblemBody), (status = 409, description = "too late", body = ProblemBody)))]
pub async fn decide(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<DecisionBody>,
) -> Result<Response, Problem> {
    let approval = app.proposal(id)?;
    let proposal = approval
        .proposal
        .as_ref()
        .ok_or(Problem::of(Reason::ProposalUnknown))?;
    if proposal.kind == link::confirm::OF_OFFICER && body.decision == Answer::Approve {
        app.is_shown(id, body.code.as_deref())?;
    }
    let asking = Asking {
        target: Some(Target {
            id,
            leaf: proposal.leaf,
        }),
        id: derived_id(&caller, &headers)?,
        ..Asking::open(
            &caller,
            KIND,
            &Data {
                decision: body.decision,
            },
        )?
    };
    let written = app.ask(asking).await?;
    if proposal.kind == request::KIND {
        app.carry_on_erasures_soon();
    }
    let state = state_of(&*app.proposal(id)?);
    Ok(WriteAnswer::new(&app, &headers, id, &written)?
        .with("state", state)
        .respond(&written))
}

/// A proposal.
#[utoipa::path(get, path = "/v1/approvals/{id}", extensions(("x-action" = json!("decide-proposal"))), tag = "approvals", params(("id" = Uuid, Path, description = "the proposal")), security(("token" = [])),
    responses((status = 200, description = "the proposal", body = ProposalBody), (status = 404, description = "no such proposal", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<ProposalBody>, Problem> {
    body_of(&app, &caller, id)?
        .map(Json)
        .ok_or(Problem::of(Reason::ProposalUnknown))
}

/// Proposals that wait for a second person.
#[utoipa::path(get, path = "/v1/approvals", extensions(("x-action" = json!("decide-proposal"))), tag = "approvals", params(Page), security(("token" = [])),
    responses((status = 200, description = "a page of proposals waiting", body = ProposalPage)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Json<ProposalPage>, Problem> {
    app.wait_for(page.after()).await?;
    let position = app.views.follower.next();
    let filter = Filter {
        issuer: Some(caller.issuer()),
        waiting_at_ms: Some(app.now_ms()),
    };
    let waiting = app
        .views
        .institutions
        .proposals(filter, page.start()?, page.limit())?;
    let mut items = Vec::with_capacity(waiting.rows.len());
    for proposal in waiting.rows {
        items.extend(body_of(&app, &caller, proposal.target.id)?);
    }
    Ok(Json(ProposalPage {
        items,
        next: waiting.next.map(|next| next.to_string()),
        position,
    }))
}

/// A proposal of the caller's own side; officers of the province see those of the registrar.
fn body_of(app: &App, caller: &Caller, id: Uuid) -> Result<Option<ProposalBody>, Problem> {
    let approval = app.proposal(id)?;
    let Some(proposal) = &approval.proposal else {
        return Ok(None);
    };
    if proposal
        .ask
        .as_ref()
        .is_none_or(|ask| ask.issuer != caller.issuer())
    {
        return Ok(None);
    }
    Ok(Some(ProposalBody {
        id,
        kind: proposal.kind.clone(),
        data: serde_json::value::RawValue::from_string(proposal.data.clone())
            .map_err(Problem::internal)?,
        proposer: proposal.act().cloned(),
        position: proposal.position,
        leaf: proposal.leaf.to_string(),
        state: state_of(&approval),
        ended: approval
            .completed
            .or(approval.rejected)
            .map(|by| by.position),
        given: approval.given.clone(),
    }))
}

fn state_of(approval: &Approval) -> &'static str {
    match (approval.completed, approval.rejected) {
        (Some(_), _) => "completed",
        (None, Some(_)) => "rejected",
        (None, None) => "pending",
    }
}

impl App {
    pub(super) fn proposal(&self, id: Uuid) -> Result<Arc<Approval>, Problem> {
        Ok(self
            .ledger
            .state::<Approval>(&identity::approval::wire::stream(id))?)
    }
}
