//! /login/app: a native app sends the person here, in the system's browser, to be let in (RFC 8252, RFC 6749
//! §4.1, RFC 7636, RFC 9207).
//!
//! Invariant: a browser is sent to an address of the settings only, and with a code only after the person, signed
//! in as a learner, pressed yes on our own page. What an app asked is kept under a secret, ten minutes; the answer
//! carries that and the session's token, so that nobody else's page gives it. Whoever asks costs a row, so few
//! are kept at once, away from the threads that serve everybody. A crash costs a new start in the app.

use std::sync::Arc;

use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::role::Role;
use ledger::hash::Digest;
use openidconnect::url::form_urlencoded;
use serde::Deserialize;
use uuid::Uuid;

use super::app_pages::{self, Refused};
use super::login::session_of;
use crate::app::App;
use crate::problem::{Language, Problem, ProblemBody, Reason};
use crate::sign_in::native::{self, AppRequest};
use crate::sign_in::session::secret;
use crate::sign_in::session_caller;

/// Longest `state` in bytes.
const STATE_BYTES_MAX: usize = 512;

/// What an app asks with; more members than these may come (RFC 6749 §3.1).
#[derive(Debug, Deserialize)]
pub struct AppQuery {
    client_id: Option<String>,
    redirect_uri: Option<String>,
    response_type: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    dpop_jkt: Option<String>,
    max_age: Option<String>,
}

/// Let an app in: it sends the person's browser here.
///
/// The person signs in as always and says yes; the app gets `code`, `state` and `iss` at its address, and turns
/// the code into tokens at `POST /oauth/token` within a minute.
#[utoipa::path(get, path = "/login/app", tag = "sign-in", params(("client_id" = String, Query, description = "the app's name, as the platform gave it"), ("redirect_uri" = String, Query, description = "where to send the person back: one of the app's addresses"), ("response_type" = Option<String>, Query, description = "`code`"), ("state" = Option<String>, Query, description = "comes back as it is"), ("code_challenge" = String, Query, description = "RFC 7636: base64url of the SHA-256 of the verifier"), ("code_challenge_method" = String, Query, description = "`S256`"), ("dpop_jkt" = Option<String>, Query, description = "thumbprint of the app's key (RFC 9449 §10)"), ("max_age" = Option<u32>, Query, description = "seconds: how long ago the person may have shown who it is (RFC 9470)")),
    responses((status = 303, description = "to the question; or back to the app with an error"), (status = 400, description = "no such app, or not an address of its: a page", content_type = "text/html"), (status = 503, description = "not now", body = ProblemBody)))]
pub async fn begin(
    State(app): State<Arc<App>>,
    Query(query): Query<AppQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let known = query
        .client_id
        .as_deref()
        .and_then(|id| app.sign_in.apps.find(id));
    // Whoever asks may be anybody: it is sent nowhere that the settings do not name.
    let (Some(known), Some(redirect)) = (known, query.redirect_uri.as_deref()) else {
        return Ok(app_pages::refused(language, Refused::Unknown));
    };
    if !known.sends_to(redirect) {
        return Ok(app_pages::refused(language, Refused::Unknown));
    }
    let state = query.state.as_deref();
    if let Err((error, what)) = check(&query) {
        // A state that is too long is not carried about.
        let state = state.filter(|it| it.len() <= STATE_BYTES_MAX);
        let answer = [("error", error), ("error_description", what)];
        return Ok(back(&app, redirect, state, &answer));
    }
    let request = AppRequest {
        client: known.id.clone(),
        redirect: redirect.to_owned(),
        state: query.state.clone(),
        challenge: query.code_challenge.unwrap_or_default(),
        jkt: query.dpop_jkt,
        max_age_s: query.max_age.and_then(|it| it.parse().ok()),
        asked_at_ms: app.now_ms(),
    };
    let turn = Arc::clone(&app.sign_in.app_turns).try_acquire_owned();
    let turn = turn.map_err(|_| Problem::of(Reason::TooBusy))?;
    // The store syncs its file.
    let keeping = move || {
        // Held until it is kept: whoever asked may have gone meanwhile.
        let _turn = turn;
        let name = secret();
        app.sign_in.ceremonies.keep(&name, &request)?;
        let to = format!("/login/app/{}", *name);
        Ok((StatusCode::SEE_OTHER, sent(to)).into_response())
    };
    let kept = tokio::task::spawn_blocking(keeping).await;
    kept.map_err(Problem::internal)?
}

/// What of a request an app is told about.
fn check(query: &AppQuery) -> Result<(), (&'static str, &'static str)> {
    let invalid = |what| Err(("invalid_request", what));
    if query
        .state
        .as_ref()
        .is_some_and(|it| it.len() > STATE_BYTES_MAX)
    {
        return invalid("state must be at most 512 bytes");
    }
    if query.response_type.as_ref().is_some_and(|it| it != "code") {
        return Err(("unsupported_response_type", "response_type must be code"));
    }
    if query.code_challenge_method.as_deref() != Some("S256") {
        return invalid("code_challenge_method must be S256");
    }
    if !query.code_challenge.as_deref().is_some_and(is_digest) {
        return invalid("code_challenge must be the base64url of a SHA-256");
    }
    if query.dpop_jkt.as_deref().is_some_and(|it| !is_digest(it)) {
        return invalid("dpop_jkt must be the base64url of a SHA-256");
    }
    if query
        .max_age
        .as_ref()
        .is_some_and(|it| it.parse::<u32>().is_err())
    {
        return invalid("max_age must be a number of seconds");
    }
    Ok(())
}

fn is_digest(text: &str) -> bool {
    let mut bytes = [0; 32];
    URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) == Ok(32)
}

/// Whether to let an app in: who is not signed in does that first, who is gets the question.
#[utoipa::path(get, path = "/login/app/{request}", tag = "pages", params(("request" = String, Path, description = "as /login/app names it")),
    responses((status = 200, description = "how to sign in, or the question", content_type = "text/html"), (status = 400, description = "it took too long: a page", content_type = "text/html"), (status = 403, description = "signed in as an officer: a page", content_type = "text/html"), (status = 503, description = "not now", body = ProblemBody)))]
pub async fn page(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let Some(request) = app.sign_in.ceremonies.peek::<AppRequest>(&name)? else {
        return Ok(app_pages::refused(language, Refused::Over));
    };
    let here = format!("/login/app/{name}");
    Ok(match asker(&app, &request, &headers)? {
        Asker::Nobody => app_pages::to_sign_in(&app, language, false, &here),
        Asker::Stale => app_pages::to_sign_in(&app, language, true, &here),
        Asker::Officer => app_pages::for_learners(&app, language, &here),
        Asker::Learner(id, person) => {
            let Some(known) = app.sign_in.apps.find(&request.client) else {
                return Ok(app_pages::refused(language, Refused::Unknown));
            };
            // Several may use one browser: who presses yes sees whose record it opens.
            let whose = app.masked(person)?;
            let csrf = app.sign_in.sessions.csrf_token(id);
            app_pages::question(language, known, &request, &whose, (&name, &csrf))
        }
    })
}

/// Who looks at the question.
enum Asker {
    Nobody,
    /// Showed too long ago who it is.
    Stale,
    /// Signed in to act for somebody else than itself: there is no app for that (SECURITY §4).
    Officer,
    /// Signed in by this session, as this person.
    Learner(Digest, Uuid),
}

fn asker(app: &App, request: &AppRequest, headers: &HeaderMap) -> Result<Asker, Problem> {
    let Some((id, session)) = session_of(app, headers)? else {
        return Ok(Asker::Nobody);
    };
    match session_caller(app, id, &session) {
        Ok(_) => {}
        Err(problem) if problem.reason.status().is_server_error() => return Err(problem),
        Err(_) => return Ok(Asker::Nobody),
    }
    if session.role != Role::Learner {
        return Ok(Asker::Officer);
    }
    if request.is_stale(&session) {
        return Ok(Asker::Stale);
    }
    Ok(Asker::Learner(id, session.person))
}

/// What the question's page sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerForm {
    request: String,
    csrf_token: String,
    answer: String,
}

/// The buttons of the question: yes lets the app in.
#[utoipa::path(post, path = "/login/app", tag = "pages", request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "request and csrf_token, as the page has them, and answer: yes or no"),
    responses((status = 303, description = "back to the app, with a code or with access_denied"), (status = 400, description = "it took too long: a page", content_type = "text/html"), (status = 403, description = "not from a page of ours, or an officer: a page", content_type = "text/html"), (status = 503, description = "not now", body = ProblemBody)))]
pub async fn answer(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Problem> {
    // The store syncs its file.
    let answering = move || answered(&app, &headers, &form);
    let answered = tokio::task::spawn_blocking(answering).await;
    answered.map_err(Problem::internal)?
}

fn answered(app: &App, headers: &HeaderMap, form: &AnswerForm) -> Result<Response, Problem> {
    let language = Language::of(headers);
    let ceremonies = &app.sign_in.ceremonies;
    let Some(request) = ceremonies.peek::<AppRequest>(&form.request)? else {
        return Ok(app_pages::refused(language, Refused::Over));
    };
    let here = format!("/login/app/{}", form.request);
    let id = match asker(app, &request, headers)? {
        Asker::Nobody => return Ok(app_pages::to_sign_in(app, language, false, &here)),
        Asker::Stale => return Ok(app_pages::to_sign_in(app, language, true, &here)),
        Asker::Officer => return Ok(app_pages::for_learners(app, language, &here)),
        Asker::Learner(id, _) => id,
    };
    if !app.sign_in.sessions.is_csrf_token(id, &form.csrf_token) {
        let problem = Problem::of(Reason::CsrfMissing);
        return Ok(app_pages::problem(language, &problem));
    }
    // Once: a button that was pressed twice makes one code.
    let Some(request) = ceremonies.take::<AppRequest>(&form.request)? else {
        return Ok(app_pages::refused(language, Refused::Over));
    };
    let (redirect, state) = (request.redirect.clone(), request.state.clone());
    if form.answer != "yes" {
        let answer = [("error", "access_denied")];
        return Ok(back(app, &redirect, state.as_deref(), &answer));
    }
    let code = native::code(app, request, id)?;
    Ok(back(app, &redirect, state.as_deref(), &[("code", &code)]))
}

/// Sends the browser back to the app, which learns from `iss` who answers (RFC 9207).
fn back(app: &App, redirect: &str, state: Option<&str>, answer: &[(&str, &str)]) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(answer);
    if let Some(state) = state {
        query.append_pair("state", state);
    }
    query.append_pair("iss", &app.sign_in.base_url);
    let with = if redirect.contains('?') { '&' } else { '?' };
    let to = format!("{redirect}{with}{}", query.finish());
    (StatusCode::SEE_OTHER, sent(to)).into_response()
}

fn sent(to: String) -> [(header::HeaderName, String); 2] {
    [
        (header::LOCATION, to),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}
