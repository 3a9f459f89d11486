//! /v1/sessions, /logout: where somebody is signed in, seen and ended.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use ledger::assertion::format_s;
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, ProblemBody, Reason};
use crate::sign_in::session::{self, Agent, COOKIE, CSRF};
use crate::sign_in::{Signed, cookie};

/// One place where somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionBody {
    /// Its name.
    id: String,
    /// In which role.
    role: &'static str,
    /// For which institution.
    #[serde(skip_serializing_if = "Option::is_none")]
    institution: Option<u32>,
    /// By which provider.
    by: String,
    /// From what.
    agent: Agent,
    /// The app that holds it; a browser does where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<AppBody>,
    /// Since when.
    signed_in_at: String,
    /// Used last, to the minute.
    used_at: String,
    /// It ends by itself.
    ends_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// A native app. One that the platform knows no more is shown by its name alone, and opens nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppBody {
    /// Its `client_id`.
    id: String,
    /// What it is called.
    name_zh: String,
    /// What it is called.
    name_en: String,
}

impl AppBody {
    fn of(app: &App, id: String) -> Self {
        let known = app.sign_in.apps.find(&id);
        let (name_zh, name_en) = known.map_or_else(
            || (id.clone(), id.clone()),
            |it| (it.name_zh.clone(), it.name_en.clone()),
        );
        Self {
            id,
            name_zh,
            name_en,
        }
    }
}

/// Where the caller is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsBody {
    /// Used last first.
    items: Vec<SessionBody>,
    /// What every write with the cookie carries as `X-CSRF-Token`; only who asks with a cookie gets one.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
}

fn current(caller: &Caller) -> Option<Digest> {
    match caller.signed {
        Signed::Session { id, .. } => Some(id),
        Signed::Token | Signed::Machine | Signed::Earlier(_) => None,
    }
}

/// Where the caller is signed in.
#[utoipa::path(get, path = "/v1/sessions", extensions(("x-action" = json!("own-sessions"))), tag = "sign-in", security(("token" = [])),
    responses((status = 200, description = "the caller's sessions", body = SessionsBody), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<SessionsBody>, Problem> {
    let own = current(&caller);
    let items = app.sign_in.sessions.of(caller.person)?;
    let items = items.into_iter().map(|(id, it)| SessionBody {
        id: id.to_string(),
        role: it.role.as_str(),
        institution: it.institution.map(|it| it.0),
        ends_at: format_s(it.ends_at_ms()),
        by: it.by,
        agent: it.agent,
        app: it.app.map(|it| AppBody::of(&app, it.client)),
        signed_in_at: format_s(it.made_at_ms),
        used_at: format_s(it.used_at_ms),
        current: Some(id) == own,
    });
    // An app has no cookie, and its writes need no more than a proof.
    let with_cookie =
        own.filter(|_| !matches!(caller.signed, Signed::Session { by_app: true, .. }));
    Ok(Json(SessionsBody {
        items: items.collect(),
        csrf_token: with_cookie.map(|id| app.sign_in.sessions.csrf_token(id)),
    }))
}

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedBody {
    /// How many.
    ended: usize,
}

/// Sign out in one place.
#[utoipa::path(delete, path = "/v1/sessions/{session}", extensions(("x-action" = json!("own-sessions"))), tag = "sign-in", params(("session" = String, Path, description = "its name, as listed")), security(("token" = [])),
    responses((status = 200, description = "ended", body = EndedBody), (status = 404, description = "no such session of the caller's", body = ProblemBody)))]
pub async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<EndedBody>, Problem> {
    let id = Digest::parse(&name).map_err(|_| Problem::of(Reason::NotFound))?;
    if !app.sign_in.sessions.end(caller.person, id)? {
        return Err(Problem::of(Reason::NotFound));
    }
    Ok(Json(EndedBody { ended: 1 }))
}

/// Which sessions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    #[serde(default)]
    others: bool,
}

/// Sign out everywhere, or everywhere else.
#[utoipa::path(delete, path = "/v1/sessions", extensions(("x-action" = json!("own-sessions"))), tag = "sign-in", params(("others" = Option<bool>, Query, description = "true: not the one that asks")), security(("token" = [])),
    responses((status = 200, description = "ended", body = EndedBody), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn end_all(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<EndedBody>, Problem> {
    let but = current(&caller).filter(|_| which.others);
    let ended = app.sign_in.sessions.end_all(caller.person, but)?;
    Ok(Json(EndedBody { ended }))
}

/// Sign out here: the session ends and the cookie goes.
///
/// The CSRF token comes as `X-CSRF-Token`, or as the form's `csrf_token`.
#[utoipa::path(post, path = "/logout", tag = "sign-in",
    responses((status = 303, description = "signed out"), (status = 403, description = "not from a page of ours", body = ProblemBody)))]
pub async fn logout(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Problem> {
    let sessions = &app.sign_in.sessions;
    let sent = cookie(&headers, COOKIE);
    if let Some((id, session)) = sent.map(|sent| sessions.find(sent)).transpose()?.flatten() {
        let given = headers.get(CSRF).and_then(|it| it.to_str().ok());
        let given = given.or_else(|| body.strip_prefix("csrf_token="));
        if !given.is_some_and(|given| sessions.is_csrf_token(id, given)) {
            return Err(Problem::of(Reason::CsrfMissing));
        }
        sessions.end(session.person, id)?;
    }
    let gone = [
        (header::SET_COOKIE, session::taken_away(COOKIE)),
        (header::LOCATION, "/".to_owned()),
    ];
    Ok((StatusCode::SEE_OTHER, gone).into_response())
}
