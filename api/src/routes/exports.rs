//! /v1/learners/{id}/export: the copy of everything that is held of a person.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::App;
use crate::export::{SignedExport, page};
use crate::extract::Caller;
use crate::problem::{Language, Problem, ProblemBody};

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Signed.
    Json,
    /// To read.
    Html,
}

/// What is asked of a copy.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Wait until the views have folded this position.
    after: Option<u64>,
    /// json or html; left out, `Accept` decides.
    form: Option<Form>,
}

/// Everything that is held of the caller, or of the child whose guardian the caller is: values with their
/// salts, commits with proofs, delegations, consents, notices, sign-ins. Signed JSON, or a page to read.
#[utoipa::path(get, path = "/v1/learners/{id}/export", extensions(("x-action" = json!("export-own"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), Wanted), security(("token" = [])),
    responses((status = 200, description = "the copy", body = SignedExport), (status = 401, description = "show anew who you are", body = ProblemBody), (status = 403, description = "not yours", body = ProblemBody), (status = 410, description = "erased", body = ProblemBody)))]
pub async fn export(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.wait_for(wanted.after).await?;
    let holder = app.may_export(&caller, id)?;
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let reads = || accepted.is_some_and(|it| it.contains("text/html"));
    let as_page = wanted.form.map_or_else(reads, |form| form == Form::Html);
    let language = Language::of(&headers);
    let answer = crate::write::off_the_runtime(true, move || {
        let export = app.export(holder)?;
        Ok(if as_page {
            page::page(&app, &export, language).into_response()
        } else {
            Json(app.sign_export(&export)?).into_response()
        })
    });
    let answer = answer.await?;
    // Who it was is in the log of requests; what it held is kept nowhere.
    tracing::info!(%holder, "a person took a copy of what is held");
    let private = [
        (header::CACHE_CONTROL, "private, no-store"),
        (header::VARY, "accept, accept-language"),
    ];
    Ok((private, answer).into_response())
}
