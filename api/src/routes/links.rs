//! /v1/links, /v1/learners/{id}/links: which accounts at providers sign a person in.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::erasable::Opened;
use identity::person::{Person, link, wire};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::WriteAnswer;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody};

/// One account that signs the caller in.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkBody {
    /// The link.
    id: Uuid,
    /// The provider's name in our addresses; none if it is not one of ours any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// The best level of assurance that it gives.
    loa: u8,
}

/// What signs the caller in.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinksBody {
    /// Oldest first.
    items: Vec<LinkBody>,
}

/// Which accounts sign the caller in.
#[utoipa::path(get, path = "/v1/links", extensions(("x-action" = json!("own-links"))), tag = "sign-in", security(("token" = [])),
    responses((status = 200, description = "the caller's links", body = LinksBody), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<LinksBody>, Problem> {
    let state = app.ledger.state::<Person>(&wire::stream(caller.person))?;
    let opened = app.identity_by_assertion(caller.person)?;
    let items = state.links.standing().iter().map(|it| {
        let values = opened.iter().find(|(id, _)| *id == it.id);
        let iss = values.and_then(|(_, values)| {
            let iss = values.iter().find(|value| value.name() == link::ISS);
            iss.and_then(Opened::expose_text)
        });
        let mut providers = app.sign_in.providers.iter();
        let provider = providers.find(|it| Some(it.config.issuer.as_str()) == iss);
        LinkBody {
            id: it.id,
            provider: provider.map(|it| it.config.name.clone()),
            loa: it.loa.into(),
        }
    });
    Ok(Json(LinksBody {
        items: items.collect(),
    }))
}

/// What shows both sides.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    /// As the page said.
    ceremony: Uuid,
    /// As the page said; good for ten minutes, once, in the session that it was shown in.
    proof: String,
}

/// Link the account that a provider named just now to the caller.
#[utoipa::path(post, path = "/v1/links", extensions(("x-action" = json!("own-links"))), tag = "sign-in", request_body = ProofBody, security(("token" = [])),
    responses((status = 201, description = "linked", body = WriteAnswer), (status = 401, description = "show again who you are", body = ProblemBody), (status = 403, description = "the proof is not valid", body = ProblemBody), (status = 409, description = "linked to somebody else", body = ProblemBody)))]
pub async fn confirm(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<ProofBody>,
) -> Result<Response, Problem> {
    let written = app.link_own(&caller, body.ceremony, &body.proof).await?;
    Ok(WriteAnswer::new(&app, &headers, written.id, &written)?.respond(&written))
}

/// Take a link away: the account signs the caller in no more, anywhere.
#[utoipa::path(delete, path = "/v1/links/{link}", extensions(("x-action" = json!("own-links"))), tag = "sign-in", params(("link" = Uuid, Path, description = "as listed")), security(("token" = [])),
    responses((status = 201, description = "removed", body = WriteAnswer), (status = 401, description = "show again who you are", body = ProblemBody), (status = 404, description = "no such link of the caller's", body = ProblemBody)))]
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(link): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let written = app.unlink(&caller, caller.person, link).await?;
    Ok(WriteAnswer::new(&app, &headers, link, &written)?.respond(&written))
}

/// What the learner's screen shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// Twelve digits; blanks are passed over.
    #[schema(example = "4821 0937 5560")]
    code: String,
}

/// Link the account whose owner stands at the counter with this code on the screen.
#[utoipa::path(post, path = "/v1/learners/{id}/links", extensions(("x-action" = json!("bind-link"))), tag = "sign-in", params(("id" = Uuid, Path, description = "the person's number")), request_body = CodeBody, security(("token" = [])),
    responses((status = 201, description = "linked", body = WriteAnswer), (status = 403, description = "the code is not valid, or the person not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody), (status = 409, description = "linked to somebody else", body = ProblemBody)))]
pub async fn bind(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<CodeBody>,
) -> Result<Response, Problem> {
    let written = app.link_by_code(&caller, person, &body.code).await?;
    Ok(WriteAnswer::new(&app, &headers, person, &written)?.respond(&written))
}
