//! /v1/learners/{id}/merges: two numbers of one person.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use credentials::merge::{apply, revert};
use identity::erasable::Commitments;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{self, WriteAnswer};
use super::learners::derived_id;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody};
use crate::write::Asking;

/// Two numbers to be merged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// The number that will be used no more.
    absorbed: Uuid,
    /// Why, in words: what shows that it is one person. Erasable.
    #[schema(example = "窗口核对身份证与学生证，系同一人")]
    reason: String,
}

/// Merge another number of the same person into this one.
///
/// A two-person act: 202 with `approval`. Nothing moves in the log; from the approval on both numbers
/// read as one account, and what both had from the same record counts once.
#[utoipa::path(post, path = "/v1/learners/{id}/merges", extensions(("x-action" = json!("merge"))), tag = "identity", params(("id" = Uuid, Path, description = "the number that stays"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = MergeBody, security(("token" = [])),
    responses((status = 202, description = "proposed: a second officer must agree", body = WriteAnswer), (status = 200, description = "merged before", body = WriteAnswer), (status = 403, description = "not yours, or an account of your own", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody), (status = 409, description = "two people, staff roles, or merged into another", body = ProblemBody), (status = 410, description = "erased", body = ProblemBody), (status = 422, description = "one number twice", body = ProblemBody)))]
pub async fn merge(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<MergeBody>,
) -> Result<Response, Problem> {
    let data = apply::Data {
        values: Commitments::default(),
        absorbed: body.absorbed,
        person,
        resident_ids: app.compare_resident_ids(person, body.absorbed)?,
    };
    let asking = Asking {
        values: vec![("reason_text", Value::String(body.reason.trim().into()))],
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, apply::KIND, &data)?
    };
    answer::ask(&app, &headers, asking, Some(person)).await
}

/// Why a merge is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevertBody {
    /// Why, in words; erasable.
    #[schema(example = "核对有误，系两人")]
    reason: String,
}

/// Take a merge back, as long as nothing of the absorbed number was recorded, changed or certified since.
///
/// A two-person act: 202 with `approval`.
#[utoipa::path(post, path = "/v1/learners/{id}/merges/{absorbed}/reversal", extensions(("x-action" = json!("merge"))), tag = "identity", params(("id" = Uuid, Path, description = "the number that stayed"), ("absorbed" = Uuid, Path, description = "the number that was absorbed"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = RevertBody, security(("token" = [])),
    responses((status = 202, description = "proposed: a second officer must agree", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "no such merge, or used since", body = ProblemBody)))]
pub async fn revert(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, absorbed)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    Body(body): Body<RevertBody>,
) -> Result<Response, Problem> {
    let data = revert::Data {
        values: Commitments::default(),
        absorbed,
        person,
    };
    let asking = Asking {
        values: vec![("reason_text", Value::String(body.reason.trim().into()))],
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, revert::KIND, &data)?
    };
    answer::ask(&app, &headers, asking, Some(person)).await
}
