//! /v1/merges: a learner who has two numbers asks that they become one, or refuses what somebody else asked.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use credentials::merge::request;
use identity::approval::decide::{self, Answer};
use ledger::assertion::Target;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::WriteAnswer;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::merged::merge_proposed;
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// What shows both numbers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BothBody {
    /// As the page said.
    ceremony: Uuid,
    /// As the page said; good for ten minutes, once, in the session that it was shown in.
    proof: String,
}

/// Ask that the number which was signed in as just now become part of the caller's.
///
/// Sign in, then `GET /login/{provider}?link=true&step_up=true` with the account of the other number: the page has
/// ceremony and proof. An officer at a counter of the province must agree within 24 hours; both numbers are told.
#[utoipa::path(post, path = "/v1/merges", extensions(("x-action" = json!("merge-own"))), tag = "identity", request_body = BothBody, security(("token" = [])),
    responses((status = 202, description = "asked: an officer must agree", body = WriteAnswer), (status = 401, description = "show again who you are", body = ProblemBody), (status = 403, description = "the proof is not valid, or the sign-in too weak", body = ProblemBody), (status = 409, description = "two people, staff roles, or merged before", body = ProblemBody)))]
pub async fn ask(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<BothBody>,
) -> Result<Response, Problem> {
    let written = app
        .request_merge(&caller, body.ceremony, &body.proof)
        .await?;
    Ok(WriteAnswer::new(&app, &headers, written.id, &written)?.respond(&written))
}

/// Take back what the caller asked, or refuse what somebody asked about the caller's number.
#[utoipa::path(delete, path = "/v1/merges/{id}", extensions(("x-action" = json!("refuse-merge"))), tag = "identity", params(("id" = Uuid, Path, description = "as the notice or the answer named it")), security(("token" = [])),
    responses((status = 201, description = "it will not happen", body = WriteAnswer), (status = 404, description = "no such request about the caller", body = ProblemBody), (status = 409, description = "too late, or refused before", body = ProblemBody)))]
pub async fn refuse(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unknown = || Problem::of(Reason::ProposalUnknown);
    let approval = app.proposal(id)?;
    let proposal = approval.proposal.as_ref().ok_or_else(unknown)?;
    let merge = merge_proposed(proposal).ok_or_else(unknown)?;
    // Whom it does not concern learns nothing of it.
    let own = [merge.person, merge.absorbed].contains(&caller.person);
    if proposal.kind != request::KIND || !own {
        return Err(unknown());
    }
    let data = decide::Data {
        decision: Answer::Reject,
    };
    let asking = Asking {
        target: Some(Target {
            id,
            leaf: proposal.leaf,
        }),
        ..Asking::open(&caller, decide::KIND, &data)?
    };
    let written = app.ask(asking).await?;
    Ok(WriteAnswer::new(&app, &headers, id, &written)?.respond(&written))
}
