//! /v1/learners/{id}/erasure: the right to be forgotten.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::person::delegation::Scope;
use identity::person::erasure::{Ground, Lock, request};
use identity::person::{Person, wire};
use identity::purpose::Purpose;
use identity::role::Role;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::WriteAnswer;
use super::delegations::in_name_of;
use super::learners::derived_id;
use crate::app::App;
use crate::erasure::Certificate;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// Values that a law keeps.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LockBody {
    /// identity or study-record.
    #[schema(value_type = String, example = "study-record")]
    purpose: Purpose,
    /// First day on which they may be destroyed.
    #[schema(value_type = String, example = "2031-09-01")]
    #[serde(with = "identity::date")]
    until: Date,
}

/// An erasure to ask for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureBody {
    /// Why, in words; kept with who the person is, and gone with it.
    #[schema(example = "本人申请注销")]
    reason: String,
    /// On what ground (PIPL art. 47): purpose_achieved, service_ended, consent_withdrawn, unlawful or other_law.
    #[serde(default = "withdrawn")]
    #[schema(value_type = String, example = "consent_withdrawn")]
    ground: Ground,
    /// What is to go: identity, study-record; left out = both.
    #[serde(default = "everything")]
    #[schema(value_type = Vec<String>)]
    purposes: Vec<Purpose>,
    /// What a law keeps back, until when; a registrar says so.
    #[serde(default)]
    locks: Vec<LockBody>,
}

const fn withdrawn() -> Ground {
    Ground::ConsentWithdrawn
}

fn everything() -> Vec<Purpose> {
    Purpose::ALL.to_vec()
}

/// Ask that a person's values be erased.
///
/// It is a proposal until a second officer agrees; the answer's id is what `POST /v1/approvals/{id}`
/// takes. From that commit on the record answers 410; keys and values are destroyed at once, and 30
/// days later, when no copy of the keys can be left, the log certifies it.
#[utoipa::path(post, path = "/v1/learners/{id}/erasure", extensions(("x-action" = json!("erase"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = ErasureBody, security(("token" = [])),
    responses((status = 202, description = "proposed: a second officer must agree", body = WriteAnswer), (status = 201, description = "in force", body = WriteAnswer), (status = 200, description = "asked for before", body = WriteAnswer), (status = 422, description = "scope or locks do not fit", body = ProblemBody), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "another erasure has it in hand", body = ProblemBody)))]
pub async fn request(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<ErasureBody>,
) -> Result<Response, Problem> {
    let mut purposes = body.purposes;
    purposes.sort_unstable();
    let mut locks: Vec<Lock> = Vec::with_capacity(body.locks.len());
    locks.extend(body.locks.iter().map(|it| Lock {
        purpose: it.purpose,
        until: it.until,
    }));
    locks.sort_unstable_by_key(|lock| lock.purpose);
    let data = request::Data {
        values: identity::erasable::Commitments::default(),
        ground: body.ground,
        locks,
        person,
        purposes,
    };
    // Words about somebody who was forgotten would be kept anew.
    let state = app.ledger.state::<Person>(&wire::stream(person))?;
    let words = Value::String(body.reason.trim().into());
    let words = (!state.is_forgotten()).then_some(("reason_text", words));
    let asking = Asking {
        values: words.into_iter().collect(),
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, request::KIND, &data)?
    };
    let asking = in_name_of(&app, &caller, person, Scope::Erase, asking)?;
    let written = app.ask(asking).await?;
    if !written.is_proposal() {
        app.carry_on_erasures_soon();
    }
    Ok(WriteAnswer::new(&app, &headers, written.id, &written)?.respond(&written))
}

/// A person's erasures.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureAnswer {
    /// In the order in which they came into force; the last one's certificate is what the person gets.
    pub items: Vec<Certificate>,
}

/// How far the erasures of a person are; a certificate for each.
#[utoipa::path(get, path = "/v1/learners/{id}/erasure", extensions(("x-action" = json!("see-erasure"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 200, description = "erasures in force", body = ErasureAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<Json<ErasureAnswer>, Problem> {
    own_or_officer(&app, &caller, person)?;
    let state = app.ledger.state::<Person>(&wire::stream(person))?;
    if !state.is_known() {
        return Err(Problem::of(Reason::PersonUnknown));
    }
    let items = state.erasures.iter();
    let items = items.map(|erasure| Certificate::of(&app, person, erasure));
    Ok(Json(ErasureAnswer {
        items: items.collect::<Result<_, _>>()?,
    }))
}

fn own_or_officer(app: &App, caller: &Caller, person: Uuid) -> Result<(), Problem> {
    if caller.role == Role::Learner && caller.person != app.holder(person)? {
        return Err(Problem::of(Reason::NotAllowed));
    }
    Ok(())
}
