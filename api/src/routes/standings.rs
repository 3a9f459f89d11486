//! /v1/learners/{id}/suspension and …/death: whether anybody acts in a person's name.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::erasable::Commitments;
use identity::person::suspend::Reason as Why;
use identity::person::{death, suspend};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::WriteAnswer;
use super::learners::derived_id;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody};
use crate::write::{Asking, Written};

/// Why a suspension begins or ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspensionBody {
    /// device_lost, misused, identity_doubtful, own_wish, ordered, settled or other.
    #[schema(value_type = String, example = "device_lost")]
    reason: Why,
    /// The reason in words; erasable.
    #[schema(example = "手机丢失，本人来窗口申请")]
    reason_text: Option<String>,
}

/// What shows that somebody died, or that this was an error.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeathBody {
    /// The day, if it is known; erasable.
    #[schema(example = "2026-05-04")]
    died_on: Option<String>,
    /// What shows it, in words; erasable.
    #[schema(example = "家属持死亡医学证明到窗口办理")]
    reason_text: String,
}

pub(super) fn words(text: Option<&str>) -> Option<(&'static str, Value)> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    Some(("reason_text", Value::String(text.into())))
}

impl DeathBody {
    /// The day and the words, as the vault keeps them.
    fn values(&self) -> Result<Vec<(&'static str, Value)>, Problem> {
        let day = self.died_on.as_deref().map(|text| {
            identity::date::parse(text)
                .map(|day| ("died_on", Value::String(day.to_string())))
                .ok_or_else(|| {
                    Problem::invalid(
                        "/died_on",
                        (
                            "日期请写成 2026-05-04 的样子",
                            "expected a date as 2026-05-04",
                        ),
                    )
                })
        });
        Ok(day
            .transpose()?
            .into_iter()
            .chain(words(Some(&self.reason_text)))
            .collect())
    }
}

/// Suspend a person: nobody acts or signs in under this account until two officers end it.
#[utoipa::path(post, path = "/v1/learners/{id}/suspension", extensions(("x-action" = json!("suspend-person"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = SuspensionBody, security(("token" = [])),
    responses((status = 201, description = "suspended", body = WriteAnswer), (status = 200, description = "suspended before", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody)))]
pub async fn suspend(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<SuspensionBody>,
) -> Result<Response, Problem> {
    suspension(&app, &caller, person, &headers, (suspend::SUSPEND, &body)).await
}

/// End a suspension.
///
/// A two-person act: 202 with `approval`.
#[utoipa::path(post, path = "/v1/learners/{id}/reinstatement", extensions(("x-action" = json!("settle-person"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = SuspensionBody, security(("token" = [])),
    responses((status = 202, description = "proposed: a second officer must agree", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody), (status = 409, description = "not suspended", body = ProblemBody)))]
pub async fn reinstate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<SuspensionBody>,
) -> Result<Response, Problem> {
    suspension(&app, &caller, person, &headers, (suspend::REINSTATE, &body)).await
}

async fn suspension(
    app: &Arc<App>,
    caller: &Caller,
    person: Uuid,
    headers: &HeaderMap,
    (kind, body): (&'static str, &SuspensionBody),
) -> Result<Response, Problem> {
    let data = suspend::Data {
        values: Commitments::default(),
        person,
        reason: body.reason,
    };
    let asking = Asking {
        values: words(body.reason_text.as_deref()).into_iter().collect(),
        id: derived_id(caller, headers)?,
        ..Asking::open(caller, kind, &data)?
    };
    let written = app.ask(asking).await?;
    answer(app, headers, person, &written)
}

/// Record that a person died: what she learned stays, and nobody acts in her name.
///
/// A two-person act: 202 with `approval`.
#[utoipa::path(post, path = "/v1/learners/{id}/death", extensions(("x-action" = json!("settle-person"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = DeathBody, security(("token" = [])),
    responses((status = 202, description = "proposed: a second officer must agree", body = WriteAnswer), (status = 200, description = "recorded before", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody), (status = 422, description = "no such day", body = ProblemBody)))]
pub async fn record_death(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<DeathBody>,
) -> Result<Response, Problem> {
    end_of_life(&app, &caller, person, &headers, (death::RECORD, &body)).await
}

/// Withdraw the record of a death: the person lives.
///
/// A two-person act: 202 with `approval`.
#[utoipa::path(post, path = "/v1/learners/{id}/death/withdrawal", extensions(("x-action" = json!("settle-person"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = DeathBody, security(("token" = [])),
    responses((status = 202, description = "proposed: a second officer must agree", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody), (status = 409, description = "no death is recorded", body = ProblemBody)))]
pub async fn withdraw_death(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<DeathBody>,
) -> Result<Response, Problem> {
    end_of_life(&app, &caller, person, &headers, (death::WITHDRAW, &body)).await
}

async fn end_of_life(
    app: &Arc<App>,
    caller: &Caller,
    person: Uuid,
    headers: &HeaderMap,
    (kind, body): (&'static str, &DeathBody),
) -> Result<Response, Problem> {
    let data = death::Data {
        values: Commitments::default(),
        person,
    };
    let asking = Asking {
        values: body.values()?,
        id: derived_id(caller, headers)?,
        ..Asking::open(caller, kind, &data)?
    };
    let written = app.ask(asking).await?;
    answer(app, headers, person, &written)
}

fn answer(
    app: &App,
    headers: &HeaderMap,
    person: Uuid,
    written: &Written,
) -> Result<Response, Problem> {
    Ok(WriteAnswer::new(app, headers, person, written)?.respond(written))
}
