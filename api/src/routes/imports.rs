//! /v1/imports: bulk.

pub mod events;
mod form;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::import::{Job, JobState, RowError, control, workbook};
use crate::problem::{Language, Problem, ProblemBody, Reason};
use form::Sent;

/// Findings of one page.
const ERRORS_MAX: usize = 1_000;
/// How long a file waits for its turn to be read before whoever sent it is told to come again: it lies
/// in memory meanwhile.
const TURN_MAX: Duration = Duration::from_secs(5);
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file of outcomes, or of people.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the multipart form")]
pub struct UploadForm {
    /// CSV, TSV, XLSX or XLS with a header row, told by content: at most 64 MiB and 100,000 rows.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it lists: outcomes (the default), or roster: people to be registered, by name and a number
    /// whose check fits (resident_id, enrolment_number), perhaps with birth_date.
    what: Option<String>,
    /// Encoding of a text file, if it is not found rightly: utf-8, gb18030, utf-16le or utf-16be.
    encoding: Option<String>,
    /// What headers mean, as a JSON object: header to field (learner, name, resident_id, record,
    /// kind, code, title, hours, credits, scheme, level, category, grade, completed_on; of a roster
    /// name, resident_id, enrolment_number, birth_date), or to null
    /// for nothing. Remembered for the institution's next file.
    columns: Option<String>,
}

/// Send a file of outcomes or a roster; its dry run begins at once and records nothing.
#[utoipa::path(post, path = "/v1/imports", extensions(("x-action" = json!("record-outcome"))), tag = "imports", request_body(content = UploadForm, content_type = "multipart/form-data"), security(("token" = [])),
    responses((status = 202, description = "taken in", body = Job), (status = 413, description = "too large", body = ProblemBody), (status = 422, description = "not readable as a table", body = ProblemBody), (status = 503, description = "too many files are being read: send it again after Retry-After", body = ProblemBody)))]
pub async fn upload(
    State(app): State<Arc<App>>,
    caller: Caller,
    form: Multipart,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let Sent { name, bytes, told } = Sent::read(form).await?;
    let started = reading(&app, move |app| {
        control::start(app, &caller, &name, &bytes, &told)
    });
    let job = started.await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Put another file in the place of this one, as with corrected rows; its dry run begins at once.
/// What was recorded stays, and a row of it is known again.
#[utoipa::path(put, path = "/v1/imports/{id}/file", extensions(("x-action" = json!("record-outcome"))), tag = "imports", params(("id" = Uuid, Path, description = "the import")), request_body(content = UploadForm, content_type = "multipart/form-data"), security(("token" = [])),
    responses((status = 202, description = "taken in", body = Job), (status = 404, description = "no such import", body = ProblemBody), (status = 409, description = "under way or cancelled", body = ProblemBody), (status = 422, description = "not readable as a table", body = ProblemBody), (status = 503, description = "too many files are being read: send it again after Retry-After", body = ProblemBody)))]
pub async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    form: Multipart,
) -> Result<(StatusCode, Json<Job>), Problem> {
    own(&app, &caller, id)?;
    let Sent { name, bytes, told } = Sent::read(form).await?;
    let replaced = reading(&app, move |app| {
        control::replace(app, &caller, id, &name, &bytes, &told)
    });
    let job = replaced.await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// An import and its progress.
#[utoipa::path(get, path = "/v1/imports/{id}", extensions(("x-action" = json!("record-outcome"))), tag = "imports", params(("id" = Uuid, Path, description = "the import")), security(("token" = [])),
    responses((status = 200, description = "the import", body = Job), (status = 404, description = "no such import", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<Job>, Problem> {
    own(&app, &caller, id).map(Json)
}

/// Record what the dry run found good, or go on with a paused import. Sent again it records nothing
/// twice. `If-Match` with the dry run's `check` refuses a run of what you have not seen. Where the
/// policy asks for a second person (act `import`, above 1,000 rows), the first call leaves it
/// `waiting` and another person's call runs it.
#[utoipa::path(post, path = "/v1/imports/{id}/run", extensions(("x-action" = json!("record-outcome"))), tag = "imports", params(("id" = Uuid, Path, description = "the import"), ("if-match" = Option<String>, Header, description = "\"<check>\" of the dry run that you saw")), security(("token" = [])),
    responses((status = 202, description = "running, or waiting for a second person", body = Job), (status = 200, description = "running or ended already", body = Job), (status = 404, description = "no such import", body = ProblemBody), (status = 409, description = "the policy changed after the dry run", body = ProblemBody), (status = 412, description = "the file changed after the dry run", body = ProblemBody)))]
pub async fn run(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Job>), Problem> {
    own(&app, &caller, id)?;
    let check = headers.get(header::IF_MATCH).map(|value| {
        let text = value.to_str().unwrap_or_default().trim();
        text.trim_matches('"').to_owned()
    });
    let asked =
        tokio::task::spawn_blocking(move || control::run(&app, &caller, id, check.as_deref()));
    let (job, begun) = asked.await.map_err(Problem::internal)??;
    let status = if begun || job.state == JobState::Waiting {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(job)))
}

/// Stop a running import between two batches; a run goes on behind the last one.
#[utoipa::path(post, path = "/v1/imports/{id}/pause", extensions(("x-action" = json!("record-outcome"))), tag = "imports", params(("id" = Uuid, Path, description = "the import")), security(("token" = [])),
    responses((status = 202, description = "asked to pause", body = Job), (status = 404, description = "no such import", body = ProblemBody), (status = 409, description = "it does not run", body = ProblemBody)))]
pub async fn pause(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    own(&app, &caller, id)?;
    let asked = tokio::task::spawn_blocking(move || control::pause(&app, id)).await;
    let job = asked.map_err(Problem::internal)??;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Give an import up: what was recorded stays, and the counts say how much.
#[utoipa::path(post, path = "/v1/imports/{id}/cancel", extensions(("x-action" = json!("record-outcome"))), tag = "imports", params(("id" = Uuid, Path, description = "the import")), security(("token" = [])),
    responses((status = 202, description = "cancelled, or asked to be", body = Job), (status = 404, description = "no such import", body = ProblemBody), (status = 409, description = "it is done", body = ProblemBody)))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    own(&app, &caller, id)?;
    let asked = tokio::task::spawn_blocking(move || control::cancel(&app, id)).await;
    let job = asked.map_err(Problem::internal)??;
    Ok((StatusCode::ACCEPTED, Json(job)))
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
#[utoipa::path(get, path = "/v1/imports/{id}/errors", extensions(("x-action" = json!("record-outcome"))), tag = "imports", params(("id" = Uuid, Path, description = "the import"), ("after" = Option<u64>, Query, description = "row of the last finding seen")), security(("token" = [])),
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
#[utoipa::path(get, path = "/v1/imports/{id}/errors.xlsx", extensions(("x-action" = json!("record-outcome"))), tag = "imports", params(("id" = Uuid, Path, description = "the import")), security(("token" = [])),
    responses((status = 200, description = "the workbook", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (status = 404, description = "no such import", body = ProblemBody), (status = 503, description = "too many files are being read: send it again after Retry-After", body = ProblemBody)))]
pub async fn errors_workbook(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = own(&app, &caller, id)?;
    let language = Language::of(&headers);
    let written = reading(&app, move |app| workbook::errors(app, &found, language));
    let workbook = written.await?;
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

/// Reads a file off the runtime, when it is its turn. Its place is given back when the work ends, not
/// when the request does.
async fn reading<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Arc<App>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let turn = tokio::time::timeout(TURN_MAX, Arc::clone(&app.files).acquire_owned()).await;
    let place = turn.map_err(|_| Problem::of(Reason::TooBusy))?;
    let place = place.map_err(Problem::internal)?;
    let app = Arc::clone(app);
    let read = tokio::task::spawn_blocking(move || {
        let _place = place;
        work(&app)
    });
    read.await.map_err(Problem::internal)?
}

/// An import of the caller's own institution.
fn own(app: &App, caller: &Caller, id: Uuid) -> Result<Job, Problem> {
    let found = app
        .jobs
        .get(id)?
        .filter(|job| Some(job.institution) == caller.institution);
    found.ok_or(Problem::of(Reason::NotFound))
}
