//! /v1/learners/{id}/consents: a yes that can be a no.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::person::consent::{self, Use};
use identity::person::delegation::Scope;
use identity::person::{Person, wire};
use identity::role::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{self, WriteAnswer};
use super::delegations::in_name_of;
use super::learners::derived_id;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody};
use crate::write::Asking;

/// Yes or no to a use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    /// contact: notices by message or mail, outside the inbox of the account.
    #[serde(rename = "use")]
    #[schema(value_type = String, example = "contact")]
    r#use: Use,
    /// The edition of the text that was shown.
    #[serde(default = "first")]
    edition: u32,
    /// true = yes, false = no more. Nothing else changes by a no.
    given: bool,
}

const fn first() -> u32 {
    1
}

/// A use and what was said to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentAnswer {
    /// For what.
    #[serde(rename = "use")]
    #[schema(value_type = String)]
    pub r#use: Use,
    /// Whether it may be done.
    pub given: bool,
    /// The edition of the text that was agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<u32>,
    /// Position of the commit that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

/// Every use that rests on consent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentsAnswer {
    /// One for each.
    pub items: Vec<ConsentAnswer>,
}

/// What a learner said yes to.
#[utoipa::path(get, path = "/v1/learners/{id}/consents", extensions(("x-action" = json!("consent"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 200, description = "every use that rests on consent", body = ConsentsAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<Json<ConsentsAnswer>, Problem> {
    app.may_read(&caller, person)?;
    app.require_served(&caller, person)?;
    if caller.role == Role::Proxy {
        let holder = app.holder(person)?;
        app.require_delegation(caller.person, holder, Scope::Consent)?;
    }
    let state = app
        .ledger
        .state::<Person>(&wire::stream(app.holder(person)?))?;
    let items = Use::ALL.into_iter().map(|r#use| {
        let given = state.consents.given(r#use);
        ConsentAnswer {
            r#use,
            given: given.is_some(),
            edition: given.map(|(edition, _)| edition),
            position: given.map(|(_, by)| by.position),
        }
    });
    Ok(Json(ConsentsAnswer {
        items: items.collect(),
    }))
}

/// Say yes or no to a use of personal data. For a child its guardian says yes.
#[utoipa::path(post, path = "/v1/learners/{id}/consents", extensions(("x-action" = json!("consent"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = ConsentBody, security(("token" = [])),
    responses((status = 201, description = "said", body = WriteAnswer), (status = 200, description = "it was so", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "the guardian's to say, or never said", body = ProblemBody)))]
pub async fn say(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<ConsentBody>,
) -> Result<Response, Problem> {
    let data = consent::Data {
        edition: body.edition,
        person,
        r#use: body.r#use,
    };
    let kind = if body.given {
        consent::GIVE
    } else {
        consent::WITHDRAW
    };
    let asking = Asking {
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, kind, &data)?
    };
    let asking = in_name_of(&app, &caller, person, Scope::Consent, asking)?;
    answer::ask(&app, &headers, asking, Some(person)).await
}
