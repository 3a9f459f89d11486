//! `Idempotency-Key`, honoured on every POST (UX §8).
//!
//! Invariant: one key and body is carried out once; who repeats it gets the first answer. Only
//! answers that made or found something are kept: a refusal is decided anew.
//! A crash between doing and keeping is met by the ids derived from the key and by the rules.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts as _, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::extract::{Caller, idempotency_key};
use crate::idempotency::{Answer, Begin};
use crate::import::file;
use crate::problem::{Problem, Reason};
use crate::routes::assertions;
use crate::server::BODY_BYTES_MAX;
use crate::sign_in;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Ends of addresses whose answers are not kept, for they tell something once: a code lives half a minute and is
/// scanned once, a card's and a recovery sheet's text is kept nowhere, nor is a token, nor the challenge of a device.
const UNKEPT: [&str; 6] = [
    "/code",
    "/card",
    "/v1/codes/scan",
    "/recovery-sheet",
    "/oauth/token",
    "/v1/passkeys/registration",
];
/// Where browsers sign in: pages with proofs, challenges and cookies, each good once.
const UNKEPT_UNDER: [&str; 2] = ["/login", "/logout"];
/// Room for the multipart frame around the largest file.
const FRAME_BYTES: usize = 1 << 20;

/// Runs a request, once for each key.
pub(crate) async fn run(app: &Arc<App>, request: Request, next: Next) -> Response {
    // Who sends signed assertions without a token repeats them by their own ids.
    if request.method() != Method::POST || !sign_in::says_who(request.headers()) {
        return next.run(request).await;
    }
    // What is shown once is not kept for another time.
    let path = request.uri().path();
    let unkept = UNKEPT.iter().any(|end| path.ends_with(end))
        || UNKEPT_UNDER.iter().any(|start| path.starts_with(start));
    if unkept {
        return next.run(request).await;
    }
    match idempotency_key(request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => match keyed(app, &key, request, next).await {
            Ok(response) => response,
            Err(problem) => problem.into_response(),
        },
        Err(problem) => problem.into_response(),
    }
}

async fn keyed(
    app: &Arc<App>,
    key: &str,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = request.uri().path().to_owned();
    let (mut parts, body) = request.into_parts();
    // Who sends: the person in a role for an institution, whichever token says so, for a client that
    // renewed its token repeats what it sent with the old one. A token that opens nothing any more
    // opens no answer given before either.
    let caller = Caller::from_request_parts(&mut parts, app).await?;
    parts.extensions.insert(caller);
    let caller = caller.name();
    let bytes_max = match path.as_str() {
        "/v1/imports" => file::BYTES_MAX + FRAME_BYTES,
        "/v1/assertions" => assertions::BODY_BYTES_MAX,
        _ => BODY_BYTES_MAX,
    };
    let body = to_bytes(body, bytes_max)
        .await
        .map_err(|_| Problem::of(Reason::BodyTooLarge))?;
    // The address is part of what is asked.
    let asked = [path.as_bytes(), b"\0", &body].concat();
    let turn = match app.idempotency.begin(&caller, key, &asked)? {
        Begin::New(turn) => turn,
        Begin::Replay(answer) => return replay(answer),
        Begin::Conflict => return Err(Problem::of(Reason::IdempotencyConflict)),
        Begin::Running => return Err(Problem::of(Reason::IdempotencyRunning)),
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !response.status().is_success() {
        app.idempotency.abandon(&turn)?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(Problem::internal)?;
    let kept = [header::CONTENT_TYPE, HeaderName::from_static("xf-position")];
    let headers = kept.iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let answer = Answer {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: body.to_vec(),
    };
    app.idempotency.finish(&turn, &answer)?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(answer: Answer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(Problem::internal)?;
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    for (name, value) in &answer.headers {
        let name = HeaderName::try_from(name).map_err(Problem::internal)?;
        headers.insert(
            name,
            HeaderValue::from_str(value).map_err(Problem::internal)?,
        );
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
