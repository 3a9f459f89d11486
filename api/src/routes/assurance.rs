//! /v1/learners/{id}/assurance: how sure it is who somebody is.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::erasable::Commitments;
use identity::person::assurance::{self, Level, Method};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{self, WriteAnswer};
use super::learners::derived_id;
use super::standings::words;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody};
use crate::write::Asking;

/// What was seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseBody {
    /// document, or hardware_key: a key handed out to whoever showed a document before.
    #[schema(value_type = String, example = "document")]
    method: Method,
    /// What it was, in words; erasable.
    #[schema(example = "出示身份证原件，人证一致")]
    reason_text: Option<String>,
}

/// To which level, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LowerBody {
    /// 0 to 3, lower than now.
    #[schema(value_type = u8, example = 2)]
    level: Level,
    /// Why, in words; erasable.
    #[schema(example = "证件复核不符")]
    reason_text: Option<String>,
}

/// How sure it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssuranceAnswer {
    /// Level of assurance: 0 claimed, 2 on a roster, 3 by a document, 4 with a key in hardware.
    #[schema(value_type = u8)]
    level: Level,
    /// Position of the commit that said so last; left out where only a roster says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
}

/// How sure it is who somebody is.
#[utoipa::path(get, path = "/v1/learners/{id}/assurance", extensions(("x-action" = json!("read-record"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 200, description = "the level", body = AssuranceAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<Json<AssuranceAnswer>, Problem> {
    app.may_read(&caller, person)?;
    app.require_served(&caller, person)?;
    let numbers = app.numbers(app.holder(person)?)?;
    let said = numbers.first().and_then(|(_, state)| state.assurance);
    Ok(Json(AssuranceAnswer {
        level: assurance::level(&numbers),
        position: said.map(|said| said.by.position),
    }))
}

/// Say that a document or a key was seen: the level rises.
#[utoipa::path(post, path = "/v1/learners/{id}/assurance", extensions(("x-action" = json!("assure-person"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = RaiseBody, security(("token" = [])),
    responses((status = 201, description = "raised", body = WriteAnswer), (status = 200, description = "it was so", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody), (status = 409, description = "another method comes first", body = ProblemBody)))]
pub async fn raise(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<RaiseBody>,
) -> Result<Response, Problem> {
    let data = assurance::RaiseData {
        values: Commitments::default(),
        method: body.method,
        person,
    };
    let asking = Asking {
        values: words(body.reason_text.as_deref()).into_iter().collect(),
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, assurance::RAISE, &data)?
    };
    answer::ask(&app, &headers, asking, Some(person)).await
}

/// Say that it is less sure than it was said.
#[utoipa::path(post, path = "/v1/learners/{id}/assurance/lowering", extensions(("x-action" = json!("assure-person"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = LowerBody, security(("token" = [])),
    responses((status = 201, description = "lowered", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody), (status = 409, description = "not lower than now", body = ProblemBody)))]
pub async fn lower(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<LowerBody>,
) -> Result<Response, Problem> {
    let data = assurance::LowerData {
        values: Commitments::default(),
        level: body.level,
        person,
    };
    let asking = Asking {
        values: words(body.reason_text.as_deref()).into_iter().collect(),
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, assurance::LOWER, &data)?
    };
    answer::ask(&app, &headers, asking, Some(person)).await
}
