//! POST /v1/verify and GET /status/{institution}/{n}: what verifiers ask (STANDARDS §6, §13).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::verify::Report;
use identity::did::IssuerNumber;
use ledger::hash::Digest;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract;
use crate::problem::{Problem, ProblemBody, Reason};

/// Largest body: a photo.
pub const BODY_BYTES_MAX: usize = 8 << 20;
/// Largest document or text.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Check a credential, the text of a code, or a picture of one.
///
/// Public. 200 whatever the result: read `result` and `code`. Nothing is fetched and nothing is kept.
#[utoipa::path(post, path = "/v1/verify", tag = "credentials",
    request_body(description = "a credential (JSON), the text of a code, or a PNG or JPEG with a code", content((Object = "application/json"), (String = "text/plain"), (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
    responses((status = 200, description = "result, code and findings", body = Object), (status = 413, description = "too large", body = ProblemBody), (status = 415, description = "another media type", body = ProblemBody), (status = 422, description = "the picture cannot be read", body = ProblemBody)))]
pub async fn verify(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Report>, Problem> {
    let media = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let picture = match media.as_str() {
        "image/png" | "image/jpeg" => true,
        "application/json" | "application/vc" | "application/ld+json" | "text/plain" => false,
        _ => {
            return Err(Problem::of(Reason::MediaType).detail((
                "应为 application/json、text/plain、image/png 或 image/jpeg",
                "expected application/json, text/plain, image/png or image/jpeg",
            )));
        }
    };
    let bytes: Bytes = extract::body(request, &app).await?;
    if !picture && bytes.len() > TEXT_BYTES_MAX {
        return Err(Problem::of(Reason::BodyTooLarge));
    }
    let report = if picture {
        app.verify_picture(bytes).await?
    } else {
        app.verify(&bytes)?
    };
    Ok(Json(report))
}

/// As of when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// RFC 3339: the list as it was then.
    timestamp: Option<String>,
}

/// A status list of an institution.
///
/// Lists go in threes that share their indexes: n revocation, n + 1 suspension, n + 2 refresh.
#[utoipa::path(get, path = "/status/{institution}/{n}", tag = "credentials",
    params(("institution" = u32, Path, description = "issuer number"), ("n" = u32, Path, description = "which list, from 1"), AsOf),
    responses((status = 200, description = "the list (BitstringStatusListCredential)", content_type = "application/vc"), (status = 304, description = "as it was"), (status = 404, description = "no such list", body = ProblemBody)))]
pub async fn status_list(
    State(app): State<Arc<App>>,
    Path((institution, n)): Path<(u32, u32)>,
    Query(as_of): Query<AsOf>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let then = as_of.timestamp.as_deref().map(read_time).transpose()?;
    let served = match then {
        None => app.status_list(IssuerNumber(institution), n, None)?,
        Some(then) if then > app.now_ms() => {
            // What is signed speaks of its date: nobody knows the bits of tomorrow.
            return Err(Problem::of(Reason::BodyUnreadable)
                .detail(("timestamp 不能晚于现在", "timestamp: later than now")));
        }
        // Folded from the log: beside the runtime, not in it.
        Some(then) => {
            let app = Arc::clone(&app);
            tokio::task::spawn_blocking(move || {
                app.status_list(IssuerNumber(institution), n, Some(then))
            })
            .await
            .map_err(Problem::internal)??
        }
    };
    let digest = Digest::of(served.document.as_bytes());
    let short = digest.0.first_chunk::<12>().copied().unwrap_or_default();
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(short));
    let seen = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|seen| seen.split(',').any(|tag| tag.trim() == etag));
    let mut response = if seen {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (
            [(header::CONTENT_TYPE, "application/vc")],
            served.document.to_string(),
        )
            .into_response()
    };
    let out = response.headers_mut();
    out.insert("xf-log-position", HeaderValue::from(served.position));
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300"),
    );
    out.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    Ok(response)
}

fn read_time(text: &str) -> Result<i64, Problem> {
    credentials::vc::schema::instant(text)
        .and_then(|seconds| seconds.checked_mul(1_000))
        .ok_or_else(|| {
            Problem::of(Reason::BodyUnreadable).detail((
                "timestamp 请写成 2026-06-30T08:00:00Z 的样子",
                "timestamp: expected a time as 2026-06-30T08:00:00Z",
            ))
        })
}
