//! /v1/imports: bulk.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::role::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::import::table::{Encoding, Field, Named};
use crate::import::{Job, JobState, RowError, job, workbook};
use crate::problem::{Language, Problem, ProblemBody, Reason};

const STAFF: &[Role] = &[Role::Clerk, Role::Institution];
/// Findings of one page.
const ERRORS_MAX: usize = 1_000;
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file of outcomes.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the multipart form")]
pub struct UploadForm {
    /// CSV, TSV, XLSX or XLS with a header row, told by content: at most 64 MiB and 100,000 rows.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Encoding of a text file, if it is not found rightly: utf-8, gb18030, utf-16le or utf-16be.
    encoding: Option<String>,
    /// What headers mean, as a JSON object: header to field (learner, name, resident_id, record,
    /// kind, code, title, hours, credits, scheme, level, category, grade, completed_on), or to null
    /// for nothing. Remembered for the institution's next file.
    columns: Option<String>,
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
    let mut file = None;
    let mut told = job::Told::default();
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("file") => {
                let name = field.file_name().unwrap_or("unnamed").to_owned();
                file = Some((name, field.bytes().await.map_err(unreadable)?));
            }
            Some("encoding") => {
                let text = field.text().await.map_err(unreadable)?;
                told.encoding = encoding(&text)?;
            }
            Some("columns") => {
                let text = field.text().await.map_err(unreadable)?;
                told.columns = columns(&text)?;
            }
            _ => {}
        }
    }
    let (name, bytes) = file.ok_or_else(|| {
        Problem::of(Reason::BodyUnreadable)
            .detail(("表单中没有 `file` 字段", "the form has no field `file`"))
    })?;
    let started =
        tokio::task::spawn_blocking(move || job::start(&app, &caller, &name, &bytes, &told)).await;
    let job = started.map_err(Problem::internal)??;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// The encoding told; an empty field tells none.
fn encoding(text: &str) -> Result<Option<Encoding>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|()| {
        let words = (
            "编码应为 utf-8、gb18030、utf-16le 或 utf-16be",
            "expected utf-8, gb18030, utf-16le or utf-16be",
        );
        Problem::invalid("/encoding", words)
    })
}

/// What headers mean; an empty field tells nothing.
fn columns(text: &str) -> Result<Named, Problem> {
    let mut named = Named::default();
    if text.trim().is_empty() {
        return Ok(named);
    }
    let told: BTreeMap<String, Option<String>> = serde_json::from_str(text).map_err(|_| {
        let words = (
            "应为 JSON 对象：表头 → 字段名",
            "expected a JSON object: header to field name",
        );
        Problem::invalid("/columns", words)
    })?;
    for (header, name) in told {
        let name = name.filter(|name| !name.is_empty());
        let field = name.as_deref().map(|name| {
            Field::of(name).ok_or_else(|| {
                let words = ("没有这个字段", "there is no such field");
                Problem::invalid("/columns", words)
            })
        });
        named.add(&header, field.transpose()?);
    }
    Ok(named)
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

/// The same rows as a workbook: the file's columns, why each came back and what to do, failing cells
/// marked. Corrected, it can be sent as a file.
#[utoipa::path(get, path = "/v1/imports/{id}/errors.xlsx", tag = "imports", params(("id" = Uuid, Path, description = "the import")), security(("token" = [])),
    responses((status = 200, description = "the workbook", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (status = 404, description = "no such import", body = ProblemBody)))]
pub async fn errors_workbook(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = own(&app, &caller, id)?;
    let language = Language::of(&headers);
    let written =
        tokio::task::spawn_blocking(move || workbook::errors(&app, &found, language)).await;
    let workbook = written.map_err(Problem::internal)??;
    let headers = [
        (header::CONTENT_TYPE, WORKBOOK.to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"errors-{id}.xlsx\""),
        ),
    ];
    Ok((headers, workbook).into_response())
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
