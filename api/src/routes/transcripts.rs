//! /v1/learners/{id}/transcript: JSON, and HTML that prints well.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use credentials::account::Whole;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::extract::{Caller, if_none_match};
use crate::problem::{Language, Problem, ProblemBody};
use crate::read::Access;
use crate::transcript::disclosures::Disclosed;
use crate::transcript::{self, Shown, Totals, Transcript};
use crate::transcript_cache::Key;
use crate::transcript_page;

/// Kept by the reader's browser alone, which asks each time whether it is still so.
const REVALIDATED: &str = "private, no-cache";

/// What is asked of a transcript.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Wait until the view has folded this position.
    after: Option<u64>,
    /// With tlog-proofs of the commits that each line rests on.
    #[serde(default)]
    receipts: bool,
    /// With the disclosures of each line, for the learner and the institution that awarded it.
    #[serde(default)]
    disclosures: bool,
}

/// A learner's transcript as JSON.
#[utoipa::path(get, path = "/v1/learners/{id}/transcript.json", extensions(("x-action" = json!("read-record"))), tag = "transcripts", params(("id" = Uuid, Path, description = "the person's number"), Wanted), security(("token" = [])),
    responses((status = 200, description = "the transcript", body = Transcript), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "unknown", body = ProblemBody)))]
pub async fn json(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.wait_for(wanted.after).await?;
    let access = app.may_read(&caller, id)?;
    let Whole {
        holder: id,
        numbers,
        ..
    } = app.whole(id)?;
    let last_change_of = || {
        let each = numbers
            .iter()
            .map(|it| app.views.transcripts.last_change(*it));
        each.max().unwrap_or_default()
    };
    let today = app.today();
    let shown = Shown {
        access,
        today,
        receipts: wanted.receipts,
        disclosed: if wanted.disclosures {
            Disclosed::to(&caller, id)
        } else {
            Disclosed::None
        },
    };
    // Proofs are made for who asks, and never kept; nor is a part, whose age would tell when
    // somebody else wrote.
    let part = matches!(access, Access::AwardedBy(_));
    let plain = !wanted.receipts && !wanted.disclosures && !part;
    let key = Key {
        person: id,
        access,
        today,
    };
    // Changes are told before they can be read. A text is that of `last_change` if the views had
    // folded it before the lines were read, and nothing newer was told by the time they were.
    let next = app.views.follower.next();
    let last_change = last_change_of();
    let is_folded = plain && last_change < next;
    // The same change shown masked is another text, and so is the one of a day on which other credit
    // may be used: their tags never meet.
    let masked = if access.in_full() { "" } else { "-m" };
    let tag = format!("\"r{last_change}{masked}-{today}\"");
    if is_folded && if_none_match(&headers, &tag) {
        let known = [
            (header::ETAG, tag),
            (header::CACHE_CONTROL, REVALIDATED.into()),
        ];
        return Ok((StatusCode::NOT_MODIFIED, known).into_response());
    }
    let cached = is_folded
        .then(|| app.transcripts.get(key, last_change))
        .flatten();
    let body = if let Some(body) = cached {
        body
    } else {
        let transcript = transcript::build(&app, id, shown)?;
        let body = Bytes::from(serde_json::to_vec(&transcript).map_err(Problem::internal)?);
        if plain {
            app.transcripts.put(key, transcript.position, body.clone());
        }
        body
    };
    let is_of_tag = is_folded && last_change_of() == last_change;
    let mut response = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(if plain {
            REVALIDATED
        } else {
            "private, no-store"
        }),
    );
    if is_of_tag && let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// A learner's transcript as a page that needs no script and prints on A4.
#[utoipa::path(get, path = "/v1/learners/{id}/transcript.html", extensions(("x-action" = json!("read-record"))), tag = "transcripts", params(("id" = Uuid, Path, description = "the person's number"), Wanted), security(("token" = [])),
    responses((status = 200, description = "the transcript", content_type = "text/html"), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn html(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.wait_for(wanted.after).await?;
    let access = app.may_read(&caller, id)?;
    let transcript = transcript::build(&app, id, Shown::plain(access, app.today()))?;
    let page = transcript_page::page(&app, &transcript, Language::of(&headers));
    Ok(([(header::CACHE_CONTROL, "private, no-store")], page).into_response())
}

/// A learner's transcript in the form that `Accept` asks for: HTML, else JSON.
#[utoipa::path(get, path = "/v1/learners/{id}/transcript", extensions(("x-action" = json!("read-record"))), tag = "transcripts", params(("id" = Uuid, Path, description = "the person's number"), Wanted), security(("token" = [])),
    responses((status = 200, description = "the transcript", body = Transcript), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn negotiated(
    app: State<Arc<App>>,
    caller: Caller,
    id: Path<Uuid>,
    wanted: Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if accepted.contains("text/html") {
        html(app, caller, id, wanted, headers).await
    } else {
        json(app, caller, id, wanted, headers).await
    }
}

/// A learner's credit: the sums of the transcript.
#[utoipa::path(get, path = "/v1/learners/{id}/credits", extensions(("x-action" = json!("read-record"))), tag = "transcripts", params(("id" = Uuid, Path, description = "the person's number"), Wanted), security(("token" = [])),
    responses((status = 200, description = "sums, one for each scheme", body = Vec<Totals>), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn credits(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<Vec<Totals>>, Problem> {
    app.wait_for(wanted.after).await?;
    let access = app.may_read(&caller, id)?;
    let transcript = transcript::build(&app, id, Shown::plain(access, app.today()))?;
    Ok(axum::Json(transcript.totals))
}
