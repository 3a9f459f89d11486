//! /v1/imports: bulk.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use identity::role::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::import::{Job, JobState, RowError, job};
use crate::problem::{Language, Problem, ProblemBody, Reason};

const STAFF: &[Role] = &[Role::Clerk, Role::Institution];
/// Findings of one page.
const ERRORS_MAX: usize = 1_000;

/// A file of outcomes.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the multipart form")]
pub struct UploadForm {
    /// CSV in UTF-8 with a header row.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Send a file of outcomes; its dry run begins at once and records nothing.
#[utoipa::path(post, path = "/v1/imports", tag = "imports", request_body(content = UploadForm, content_type = "multipart/form-data"), security(("token" = [])),
    responses((status = 202, description = "taken in", body = Job), (status = 413, description = "too large", body = ProblemBody), (status = 422, description = "not readable as a table", body = ProblemBody)))]
pub async fn upload(
    State(app): State<Arc<App>>,
    caller: Caller,
    mut form: Multipart,
) -> Result<(StatusCode, Json<Job>), Problem> {
    caller.require(STAFF)?;
    let unreadable = |error: axum::extract::multipart::MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::of(Reason::ImportTooLarge)
        } else {
            Problem::of(Reason::BodyUnreadable)
                .detail(("不是 multipart 表单", "not a multipart form"))
        }
    };
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or("unnamed").to_owned();
        let bytes = field.bytes().await.map_err(unreadable)?;
        let started =
            tokio::task::spawn_blocking(move || job::start(&app, &caller, &name, &bytes)).await;
        let job = started.map_err(Problem::internal)??;
        return Ok((StatusCode::ACCEPTED, Json(job)));
    }
    Err(Problem::of(Reason::BodyUnreadable)
        .detail(("表单中没有 `file` 字段", "the form has no field `file`")))
}

/// An import and its progress.
#[utoipa::path(get, path = "/v1/imports/{id}", tag = "imports", params(("id" = Uuid, Path, description = "the import")), security(("token" = [])),
    responses((status = 200, description = "the import", body = Job), (status = 404, description = "no such import", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<Job>, Problem> {
    own(&app, &caller, id).map(Json)
}

/// Record what the dry run found good. Sent again it goes on, and records nothing twice.
#[utoipa::path(post, path = "/v1/imports/{id}/run", tag = "imports", params(("id" = Uuid, Path, description = "the import")), security(("token" = [])),
    responses((status = 202, description = "running", body = Job), (status = 200, description = "running or done already", body = Job), (status = 404, description = "no such import", body = ProblemBody)))]
pub async fn run(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let found = own(&app, &caller, id)?;
    match found.state {
        JobState::Running | JobState::Done | JobState::Checking => {
            Ok((StatusCode::OK, Json(found)))
        }
        JobState::Checked | JobState::Failed => {
            let started = tokio::task::spawn_blocking(move || job::run(&app, found)).await;
            let (job, begun) = started.map_err(Problem::internal)??;
            let status = if begun {
                StatusCode::ACCEPTED
            } else {
                StatusCode::OK
            };
            Ok((status, Json(job)))
        }
    }
}

/// Where to go on in a list of rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behind {
    /// Row of the last finding seen.
    after: Option<u64>,
}

/// A page of findings.
#[derive(Debug, Serialize, ToSchema)]
pub struct Errors {
    /// The findings, by row.
    pub errors: Vec<RowError>,
    /// `after` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// The rows that come back with a reason or a warning.
#[utoipa::path(get, path = "/v1/imports/{id}/errors", tag = "imports", params(("id" = Uuid, Path, description = "the import"), ("after" = Option<u64>, Query, description = "row of the last finding seen")), security(("token" = [])),
    responses((status = 200, description = "findings", body = Errors), (status = 404, description = "no such import", body = ProblemBody)))]
pub async fn errors(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(behind): Query<Behind>,
    headers: HeaderMap,
) -> Result<Json<Errors>, Problem> {
    own(&app, &caller, id)?;
    let errors = app.jobs.errors(id, behind.after, ERRORS_MAX)?;
    let language = Language::of(&headers);
    let next = (errors.len() == ERRORS_MAX).then(|| errors.last().map(|error| error.row));
    Ok(Json(Errors {
        next: next.flatten(),
        errors: errors.into_iter().map(|it| it.told(language)).collect(),
    }))
}

/// An import of the caller's own institution.
fn own(app: &App, caller: &Caller, id: Uuid) -> Result<Job, Problem> {
    caller.require(STAFF)?;
    let found = app
        .jobs
        .get(id)?
        .filter(|job| Some(job.institution) == caller.institution);
    found.ok_or(Problem::of(Reason::NotFound))
}
