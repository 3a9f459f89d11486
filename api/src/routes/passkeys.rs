//! /v1/passkeys, /login/passkey: devices that sign a person in.
//!
//! Invariant: a sign-in begins and ends in one browser, known by a cookie that never becomes a session's;
//! whom it then is, and how well, comes from the log and the device's answer alone. A crash in between costs
//! the person a new start.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use identity::did::IssuerNumber;
use identity::role::Role;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::WriteAnswer;
use super::links::PasskeyBody;
use super::login::{first_page, own_path, place, session_of};
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody};
use crate::sign_in::begin::Shown;
use crate::sign_in::session::{self, Agent, BY_PASSKEY};
use crate::sign_in::{ceremony, cookie};

/// What the pages run to ask a device.
const SCRIPT: &str = include_str!("../../web/scripts/passkey.js");

/// The caller's passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeysBody {
    /// Oldest first.
    items: Vec<PasskeyBody>,
}

/// What a device answered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolBody {
    /// A `PublicKeyCredential` as its `toJSON()` writes it (WebAuthn §5.1).
    #[schema(value_type = Object)]
    answer: Value,
    /// The operator's, by whom the device becomes an officer's.
    #[serde(default)]
    invitation: Option<String>,
}

/// What a device answered, and as whom its person wants to act.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInBody {
    /// A `PublicKeyCredential` as its `toJSON()` writes it (WebAuthn §5.1).
    #[schema(value_type = Object)]
    answer: Value,
    /// The role to act in; the one of the running session, else learner, if none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
    /// For which institution.
    #[serde(default)]
    institution: Option<u32>,
    /// A path of ours to go on to.
    #[serde(default)]
    return_to: Option<String>,
}

/// Where who signed in goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedInBody {
    /// A path of ours.
    to: String,
}

/// Begin to sign in by a passkey: what the browser asks its device with.
#[utoipa::path(post, path = "/login/passkey/options", tag = "sign-in",
    responses((status = 200, description = "options of `navigator.credentials.get`; good for five minutes, once, in this browser", body = Object), (status = 404, description = "no passkeys here", body = ProblemBody)))]
pub async fn ask(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let browser = session::secret();
    let options = app.begin_passkey_sign_in(&browser)?;
    let sent = [
        (header::SET_COOKIE, ceremony::cookie(&browser)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((sent, Json(options)).into_response())
}

/// Sign in by a passkey; by who is signed in, show anew who it is.
#[utoipa::path(post, path = "/login/passkey", tag = "sign-in", request_body = SignInBody,
    responses((status = 200, description = "signed in", body = SignedInBody), (status = 403, description = "the answer is not good, may come from a copy, or the role is not held", body = ProblemBody), (status = 404, description = "no passkeys here", body = ProblemBody)))]
pub async fn sign_in(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(body): Body<SignInBody>,
) -> Result<Response, Problem> {
    let browser = cookie(&headers, ceremony::COOKIE).map(str::to_owned);
    let (asked, answer) = (Arc::clone(&app), body.answer);
    let shown = move || asked.shown_by_passkey(browser.as_deref(), &answer);
    let shown = tokio::task::spawn_blocking(shown).await;
    let linked = shown.map_err(Problem::internal)??;
    let before = session_of(&app, &headers)?;
    // Who shows anew who it is goes on in the role it was in.
    let same = before.as_ref().map(|(_, it)| it);
    let same = same.filter(|it| it.person == linked.person && body.role.is_none());
    let role = body.role.or(same.map(|it| it.role));
    let role = role.unwrap_or(Role::Learner);
    let institution = body.institution.map(IssuerNumber);
    let institution = institution.or(same.and_then(|it| it.institution));
    let institution = place(&linked, role, institution)?;
    let shown = Shown {
        person: linked.person,
        role,
        institution,
        loa: linked.loa,
        by: BY_PASSKEY.into(),
        link: Some((linked.linked, linked.link)),
        proven_at_ms: app.now_ms(),
        agent: Agent::of(&headers),
    };
    let to = body.return_to.as_deref().and_then(own_path);
    let to = to.map_or_else(|| first_page(role, linked.person), str::to_owned);
    let opened = app.begin_session(shown, before.as_ref())?;
    let cookies = AppendHeaders([
        (header::SET_COOKIE, (*opened.cookie()).clone()),
        (header::SET_COOKIE, session::taken_away(ceremony::COOKIE)),
    ]);
    let sent = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::OK, cookies, sent, Json(SignedInBody { to })).into_response())
}

/// The script of the pages that ask a device.
#[utoipa::path(get, path = "/login/passkey.js", tag = "pages", responses((status = 200, description = "the script", content_type = "text/javascript")))]
pub async fn script() -> Response {
    let sent = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (sent, SCRIPT).into_response()
}

/// The caller's passkeys.
#[utoipa::path(get, path = "/v1/passkeys", extensions(("x-action" = json!("own-links"))), tag = "sign-in", security(("token" = [])),
    responses((status = 200, description = "the caller's passkeys", body = PasskeysBody), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<PasskeysBody>, Problem> {
    let items = PasskeyBody::of(&app, caller.person)?;
    Ok(Json(PasskeysBody { items }))
}

/// Begin to enrol a passkey: what the browser asks its device with.
#[utoipa::path(post, path = "/v1/passkeys/registration", extensions(("x-action" = json!("own-links"))), tag = "sign-in", security(("token" = [])),
    responses((status = 200, description = "options of `navigator.credentials.create`; good for five minutes, once, in this session", body = Object), (status = 401, description = "show again who you are", body = ProblemBody), (status = 403, description = "not in a browser's session", body = ProblemBody), (status = 404, description = "no passkeys here", body = ProblemBody)))]
pub async fn begin(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let options = app.begin_enrolment(&caller)?;
    let sent = [(header::CACHE_CONTROL, "no-store")];
    Ok((sent, Json(options)).into_response())
}

/// Enrol the device that answered: it signs the caller in from now on, at the level of this session, at most 3
/// as a learner; an officer's must stay in one device.
///
/// With an invitation of the operator's, in the officer's own session of level 3 or more: it signs the officer in
/// at level 4.
#[utoipa::path(post, path = "/v1/passkeys", extensions(("x-action" = json!("own-links"))), tag = "sign-in", request_body = EnrolBody, security(("token" = [])),
    responses((status = 201, description = "enrolled", body = WriteAnswer), (status = 401, description = "show again who you are", body = ProblemBody), (status = 403, description = "the answer is not good, or the key may be copied", body = ProblemBody), (status = 409, description = "too many", body = ProblemBody)))]
pub async fn enrol(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<EnrolBody>,
) -> Result<Response, Problem> {
    let (id, written) = app
        .enrol(&caller, body.answer, body.invitation.as_deref())
        .await?;
    Ok(WriteAnswer::new(&app, &headers, id, &written)?.respond(&written))
}

/// Take a passkey away: it signs the caller in no more, anywhere.
#[utoipa::path(delete, path = "/v1/passkeys/{passkey}", extensions(("x-action" = json!("own-links"))), tag = "sign-in", params(("passkey" = Uuid, Path, description = "as listed")), security(("token" = [])),
    responses((status = 201, description = "removed", body = WriteAnswer), (status = 401, description = "show again who you are", body = ProblemBody), (status = 404, description = "no such passkey of the caller's", body = ProblemBody), (status = 409, description = "nothing else signs the caller in", body = ProblemBody)))]
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(passkey): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    removed(&app, &caller, caller.person, passkey, &headers).await
}

/// Takes away a passkey of any number of the person's.
pub(super) async fn removed(
    app: &Arc<App>,
    caller: &Caller,
    person: Uuid,
    passkey: Uuid,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let numbers = app.numbers(person)?;
    let mut numbers = numbers.iter();
    let named = numbers.find(|(_, state)| state.authenticators.find(passkey).is_some());
    let named = named.map_or(person, |(number, _)| *number);
    let written = app.remove_passkey(caller, named, passkey).await?;
    Ok(WriteAnswer::new(app, headers, passkey, &written)?.respond(&written))
}
