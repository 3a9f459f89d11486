//! /v1/officers: who holds which role; the security administrators and institutions' officers say.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::did::IssuerNumber;
use identity::officer::{appoint, clerk, dismiss};
use identity::role::Role;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answer::{self, WriteAnswer};
use super::learners::derived_id;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// A role to give or to take back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleBody {
    /// Who.
    person: Uuid,
    /// Which role.
    #[schema(value_type = String, example = "clerk")]
    role: Role,
    /// For which institution; left out = the whole province, or the caller's own institution.
    #[schema(value_type = Option<u32>)]
    institution: Option<IssuerNumber>,
}

/// A role that is held.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantAnswer {
    /// Who.
    person: Uuid,
    /// Which role.
    #[schema(value_type = String)]
    role: Role,
    /// For which institution; left out = the whole province.
    #[schema(value_type = Option<u32>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    institution: Option<IssuerNumber>,
    /// Position of the commit that gave it.
    granted: u64,
}

/// The roster of the province, or of an institution.
#[derive(Debug, Serialize, ToSchema)]
pub struct RosterAnswer {
    /// Oldest grant first.
    items: Vec<GrantAnswer>,
    /// Position the list is folded up to.
    position: u64,
}

/// Which roster.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Of which institution; left out = the whole province, or the caller's own institution.
    #[param(value_type = Option<u32>)]
    institution: Option<IssuerNumber>,
    /// Wait for this position.
    after: Option<u64>,
}

/// Who holds which role.
#[utoipa::path(get, path = "/v1/officers", extensions(("x-action" = json!("see-roster"))), tag = "officers", params(Which), security(("token" = [])),
    responses((status = 200, description = "the roster", body = RosterAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<RosterAnswer>, Problem> {
    let place = which.institution.unwrap_or(caller.issuer());
    own_place(&caller, Some(place))?;
    app.wait_for(which.after).await?;
    let position = app.views.follower.next();
    let officers = app.views.people.officers(place)?;
    let items = officers.into_iter().map(|grant| GrantAnswer {
        person: grant.person,
        role: grant.role,
        institution: grant.institution,
        granted: grant.granted,
    });
    Ok(Json(RosterAnswer {
        items: items.collect(),
        position,
    }))
}

/// Give a person a role.
///
/// The security administrator proposes and a second one approves; an institution's officer appoints
/// the own clerks and counter staff alone.
#[utoipa::path(post, path = "/v1/officers", extensions(("x-action" = json!("grant-role"))), tag = "officers", request_body = RoleBody, security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")),
    responses((status = 201, description = "given", body = WriteAnswer), (status = 202, description = "proposed", body = WriteAnswer), (status = 200, description = "held already", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "two powers would meet", body = ProblemBody)))]
pub async fn appoint(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<RoleBody>,
) -> Result<Response, Problem> {
    own_place(&caller, body.institution)?;
    let asking = match caller.institution {
        Some(_) => Asking::open(&caller, clerk::APPOINT, &body.of_desk())?,
        None => Asking::open(
            &caller,
            appoint::KIND,
            &appoint::Data {
                institution: body.institution,
                person: body.person,
                role: body.role,
            },
        )?,
    };
    change(&app, &caller, &headers, &body, asking).await
}

/// Take a role back.
///
/// Who may give it may take it back, in the same way; the person's tokens for it open nothing from then on.
#[utoipa::path(post, path = "/v1/officers/removals", extensions(("x-action" = json!("grant-role"))), tag = "officers", request_body = RoleBody, security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")),
    responses((status = 201, description = "taken back", body = WriteAnswer), (status = 202, description = "proposed", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "the last holder, or not held", body = ProblemBody)))]
pub async fn dismiss(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<RoleBody>,
) -> Result<Response, Problem> {
    own_place(&caller, body.institution)?;
    let asking = match caller.institution {
        Some(_) => Asking::open(&caller, clerk::DISMISS, &body.of_desk())?,
        None => Asking::open(
            &caller,
            dismiss::KIND,
            &dismiss::Data {
                institution: body.institution,
                person: body.person,
                role: body.role,
            },
        )?,
    };
    change(&app, &caller, &headers, &body, asking).await
}

async fn change(
    app: &Arc<App>,
    caller: &Caller,
    headers: &HeaderMap,
    body: &RoleBody,
    asking: Asking,
) -> Result<Response, Problem> {
    let asking = Asking {
        id: derived_id(caller, headers)?,
        ..asking
    };
    answer::ask(app, headers, asking, Some(body.person)).await
}

impl RoleBody {
    fn of_desk(&self) -> clerk::Data {
        clerk::Data {
            person: self.person,
            role: self.role,
        }
    }
}

/// An institution's officer sees and changes the own desk alone.
fn own_place(caller: &Caller, asked: Option<IssuerNumber>) -> Result<(), Problem> {
    match (caller.institution, asked) {
        (Some(own), Some(asked)) if own != asked => Err(Problem::of(Reason::NotAllowed)),
        _ => Ok(()),
    }
}
