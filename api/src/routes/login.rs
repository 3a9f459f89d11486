//! /login: where people sign in, here in the demo and at providers elsewhere.
//!
//! Invariant: a browser comes back with a `state` that was made for it, once, within ten minutes; whom
//! it then is comes from (iss, sub) alone; it is sent on to a path of ours and nowhere else. A crash in
//! between costs the person a new start.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use identity::did::IssuerNumber;
use identity::person::assurance::Level;
use identity::role::Role;
use ledger::hash::Digest;
use serde::Deserialize;
use uuid::Uuid;

use super::login_pages;
use crate::app::App;
use crate::extract::Caller;
use crate::pages;
use crate::problem::{Language, Problem, ProblemBody, Reason};
use crate::sign_in;
use crate::sign_in::begin::Shown;
use crate::sign_in::ceremony::{self, Flow, Unlinked};
use crate::sign_in::cookie;
use crate::sign_in::link::Linked;
use crate::sign_in::provider::{Account, Expected, Provider};
use crate::sign_in::session::{self, Agent, COOKIE, Session};

/// How well a token of the demo shows who somebody is: no better than the demo needs.
const DEMO_LEVEL: Level = Level::HARDWARE;
/// Longest path to go on to.
const PATH_BYTES_MAX: usize = 512;

/// What /login takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoginQuery {
    token: Option<String>,
    step_up: bool,
    role: Option<Role>,
    institution: Option<u32>,
    return_to: Option<String>,
}

/// Sign in: the ways there are. In the demo also with a token from `demo.json`.
#[utoipa::path(get, path = "/login", tag = "sign-in", params(("token" = Option<String>, Query, description = "demo only: a token of demo.json"), ("step_up" = Option<bool>, Query, description = "show anew who you are"), ("role" = Option<String>, Query, description = "the role to act in"), ("institution" = Option<u32>, Query, description = "for which institution"), ("return_to" = Option<String>, Query, description = "a path of ours to go on to")),
    responses((status = 303, description = "signed in to the demo"), (status = 200, description = "how to sign in", content_type = "text/html")))]
pub async fn page(
    State(app): State<Arc<App>>,
    Query(query): Query<LoginQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let return_to = query.return_to.as_deref().and_then(own_path);
    let Some(token) = query.token.filter(|_| app.demo) else {
        let asked = login_pages::Asked {
            step_up: query.step_up,
            role: query.role,
            institution: query.institution,
            return_to,
            signed_in: session_of(&app, &headers)?.is_some(),
        };
        let body = login_pages::ways(&app, language, &asked);
        let title = language.say("登录", "Sign in");
        let page = pages::page(language, title, &body);
        let sent = [
            (header::CONTENT_SECURITY_POLICY, login_pages::CSP),
            (header::CACHE_CONTROL, "no-store"),
        ];
        return Ok((sent, page).into_response());
    };
    let grant = app.tokens.find(&token)?;
    let grant = grant.ok_or(Problem::of(Reason::TokenInvalid))?;
    let to = return_to.map_or_else(|| first_page(grant.role, grant.person), str::to_owned);
    let shown = Shown {
        person: grant.person,
        role: grant.role,
        institution: grant.institution,
        loa: DEMO_LEVEL,
        by: "demo".into(),
        link: None,
        proven_at_ms: app.now_ms(),
        agent: Agent::of(&headers),
    };
    let opened = app.begin_session(shown, session_of(&app, &headers)?.as_ref())?;
    let sent = [
        (header::SET_COOKIE, (*opened.cookie()).clone()),
        (header::LOCATION, to),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((StatusCode::SEE_OTHER, sent).into_response())
}

/// The session of the browser that asks, if it has one.
pub(super) fn session_of(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<(Digest, Session)>, Problem> {
    let sent = cookie(headers, COOKIE);
    let found = sent.map(|sent| app.sign_in.sessions.find(sent));
    Ok(found.transpose()?.flatten())
}

/// A path of ours, and nothing that a browser would read as another place.
pub(super) fn own_path(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('/')?;
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    (plain && !rest.starts_with('/') && text.len() <= PATH_BYTES_MAX).then_some(text)
}

/// What a sign-in begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BeginQuery {
    role: Option<Role>,
    institution: Option<u32>,
    step_up: bool,
    link: bool,
    return_to: Option<String>,
}

/// Sign in at a provider: sends the browser there.
///
/// `link=true`, by who is signed in: what the provider answers shall be linked to the account.
#[utoipa::path(get, path = "/login/{provider}", tag = "sign-in", params(("provider" = String, Path, description = "its name"), ("role" = Option<String>, Query, description = "the role to act in; learner if none"), ("institution" = Option<u32>, Query, description = "for which institution"), ("step_up" = Option<bool>, Query, description = "show anew who you are"), ("link" = Option<bool>, Query, description = "link the account that the provider names"), ("return_to" = Option<String>, Query, description = "a path of ours to go on to")),
    responses((status = 303, description = "to the provider"), (status = 404, description = "no such provider", body = ProblemBody), (status = 503, description = "it does not answer", body = ProblemBody)))]
pub async fn begin(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(query): Query<BeginQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let provider = provider(&app, &name)?;
    let before = session_of(&app, &headers)?;
    if query.link && before.is_none() {
        return Err(Problem::of(Reason::NotSignedIn));
    }
    // Who shows anew who it is goes on in the role it was in.
    let same = before.as_ref().filter(|_| query.step_up);
    let role = query.role.or(same.map(|(_, it)| it.role));
    let institution = query.institution.map(IssuerNumber);
    let (state, browser) = (session::secret(), session::secret());
    let (redirect, at_ms) = (redirect(&app, &name), app.now_ms());
    let begun = {
        let (state, step_up) = (state.clone(), query.step_up);
        let at = Arc::clone(&provider);
        wait(&at, move || {
            provider.begin(&redirect, &state, step_up, at_ms)
        })
        .await?
    };
    let flow = Flow {
        browser: Digest::of(browser.as_bytes()),
        provider: name,
        nonce: begun.nonce,
        verifier: begun.verifier,
        return_to: query
            .return_to
            .as_deref()
            .and_then(own_path)
            .map(str::to_owned),
        role: role.unwrap_or(Role::Learner),
        institution: institution.or(same.and_then(|(_, it)| it.institution)),
        step_up: query.step_up,
        linking: before.filter(|_| query.link).map(|(id, _)| id),
        begun_at_ms: at_ms,
    };
    app.sign_in.ceremonies.keep(&state, &flow)?;
    let sent = [
        (header::SET_COOKIE, ceremony::cookie(&browser)),
        (header::LOCATION, begun.url),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((StatusCode::SEE_OTHER, sent).into_response())
}

/// What a provider answers with; more members than these may come.
#[derive(Deserialize)]
pub struct Answer {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
}

/// Come back from a provider: a session begins, or the page says how to link the account.
#[utoipa::path(get, path = "/login/{provider}/callback", tag = "sign-in", params(("provider" = String, Path, description = "its name"), ("state" = Option<String>, Query, description = "as it was sent"), ("code" = Option<String>, Query, description = "of the provider"), ("iss" = Option<String>, Query, description = "RFC 9207")),
    responses((status = 303, description = "signed in"), (status = 200, description = "the account can be linked to who is signed in", content_type = "text/html"), (status = 400, description = "not a sign-in under way in this browser", body = ProblemBody), (status = 403, description = "not accepted, or the account signs nobody in", body = ProblemBody), (status = 503, description = "the provider does not answer", body = ProblemBody)))]
pub async fn callback(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(answer): Query<Answer>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let flow = flow_of(&app, &name, &answer, &headers)?;
    let provider = provider(&app, &name)?;
    let account = redeem(&app, &provider, &flow, answer).await?;
    let signed_in_at_ms = account.signed_in_at_ms;
    let linked = app.linked(&account.iss, &account.sub)?;
    let before = session_of(&app, &headers)?;
    if let Some(id) = flow.linking {
        // The session that began it, and no other that sat down in its place.
        let own = before.filter(|(now, _)| *now == id);
        let (_, own) = own.ok_or(Problem::of(Reason::LinkProofInvalid))?;
        let own = sign_in::session_caller(&app, id, &own)?;
        if let Some(other) = linked {
            let loa = other.loa.min(provider.config.loa);
            let other = Linked { loa, ..other };
            return to_merge(&app, &own, other, signed_in_at_ms, &headers);
        }
        let account = App::unlinked(account, provider.config.loa);
        return to_link(&app, &own, account, &headers);
    }
    let Some(linked) = linked else {
        return unlinked(&app, account, provider.config.loa, &headers);
    };
    let shown = shown(&app, &provider, &flow, linked, signed_in_at_ms, &headers)?;
    let to = flow.return_to;
    let to = to.unwrap_or_else(|| first_page(shown.role, shown.person));
    let opened = app.begin_session(shown, before.as_ref())?;
    let cookies = [
        (header::SET_COOKIE, (*opened.cookie()).clone()),
        (header::SET_COOKIE, session::taken_away(ceremony::COOKIE)),
    ];
    let sent = [
        (header::LOCATION, to),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let cookies = axum::response::AppendHeaders(cookies);
    Ok((StatusCode::SEE_OTHER, cookies, sent).into_response())
}

/// The sign-in that a browser comes back from. Whoever shows its state has used it up.
fn flow_of(app: &App, name: &str, answer: &Answer, headers: &HeaderMap) -> Result<Flow, Problem> {
    let invalid = || Problem::of(Reason::SignInStateInvalid);
    let state = answer.state.as_deref().ok_or_else(invalid)?;
    let flow: Option<Flow> = app.sign_in.ceremonies.take(state)?;
    let flow = flow.filter(|it| it.provider == name).ok_or_else(invalid)?;
    let browser = cookie(headers, ceremony::COOKIE);
    let browser = browser.map(|it| Digest::of(it.as_bytes()));
    if browser == Some(flow.browser) {
        Ok(flow)
    } else {
        Err(invalid())
    }
}

/// Who the provider says it is.
async fn redeem(
    app: &Arc<App>,
    provider: &Arc<Provider>,
    flow: &Flow,
    answer: Answer,
) -> Result<Account, Problem> {
    let (at_ms, redirect) = (app.now_ms(), redirect(app, &flow.provider));
    let at = Arc::clone(provider);
    let provider = Arc::clone(provider);
    let (verifier, nonce) = (flow.verifier.clone(), flow.nonce.clone());
    let (begun_at_ms, step_up) = (flow.begun_at_ms, flow.step_up);
    wait(&at, move || {
        provider.check_answered(answer.iss.as_deref(), at_ms)?;
        let code = answer.code.ok_or(NO_CODE)?;
        let expected = Expected {
            verifier: &verifier,
            nonce: &nonce,
            begun_at_ms,
            step_up,
        };
        provider.redeem(&redirect, &code, &expected, at_ms)
    })
    .await
}

const NO_CODE: crate::sign_in::provider::NotSignedIn =
    crate::sign_in::provider::NotSignedIn::Refused((
        "登录服务没有让任何人登录",
        "the provider signed nobody in",
    ));

fn shown(
    app: &App,
    provider: &Provider,
    flow: &Flow,
    linked: Linked,
    signed_in_at_ms: Option<i64>,
    headers: &HeaderMap,
) -> Result<Shown, Problem> {
    let institution = place(&linked, flow.role, flow.institution)?;
    Ok(Shown {
        person: linked.person,
        role: flow.role,
        institution,
        loa: provider.config.loa.min(linked.loa),
        by: provider.config.name.clone(),
        link: Some((linked.linked, linked.link)),
        // Where the provider does not say when that was, it was not just now.
        proven_at_ms: signed_in_at_ms.unwrap_or_default().min(app.now_ms()),
        agent: Agent::of(headers),
    })
}

/// For which institution somebody may act who was shown by a link or a passkey and asks for a role.
pub(super) fn place(
    linked: &Linked,
    role: Role,
    institution: Option<IssuerNumber>,
) -> Result<Option<IssuerNumber>, Problem> {
    let institution = match role {
        Role::Learner | Role::Proxy => None,
        _ => institution,
    };
    // Anybody may act in another's name; in whose, each door asks.
    if !role.is_appointed() && !matches!(role, Role::Learner | Role::Proxy) {
        return Err(Problem::of(Reason::NotAllowed));
    }
    // Its officer vouched for the account in the roles it gives, not for whose record else.
    if let Some(only) = linked.only
        && institution != Some(only)
    {
        return Err(Problem::of(Reason::NotAllowed).detail((
            format!("这个账号由机构 {only} 关联，只能以该机构的角色登录"),
            format!("institution {only} linked this account: it signs in in roles there alone"),
        )));
    }
    Ok(institution)
}

/// Where who signed in goes, if nothing else was asked.
pub(super) fn first_page(role: Role, person: Uuid) -> String {
    match role {
        Role::Learner => format!("/v1/learners/{person}/transcript.html"),
        _ => "/".to_owned(),
    }
}

fn provider(app: &App, name: &str) -> Result<Arc<Provider>, Problem> {
    let found = app.sign_in.provider(name).map(Arc::clone);
    found.ok_or(Problem::of(Reason::NotFound))
}

fn redirect(app: &App, name: &str) -> String {
    app.sign_in.url(&format!("/login/{name}/callback"))
}

/// Waits for a provider on a thread that may; few do at once, so that one that hangs holds up nobody else.
async fn wait<T: Send + 'static, E: Into<Problem> + Send + 'static>(
    at: &Provider,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Problem> {
    let turn = Arc::clone(&at.turns).try_acquire_owned();
    let turn = turn.map_err(|_| Problem::of(Reason::ProviderUnreachable))?;
    let work = move || {
        // Held until the work is done: whoever asked may have gone meanwhile.
        let _turn = turn;
        work()
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(Problem::internal)?.map_err(Into::into)
}

/// The page of who is signed in and may link the account.
fn to_link(
    app: &App,
    caller: &Caller,
    account: Unlinked,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(headers);
    let (ceremony, proof) = app.link_proof(caller, account)?;
    let whose = app.masked(caller.person)?;
    let body = login_pages::to_link(language, &whose, ceremony, &proof);
    let title = language.say("关联登录账号", "Link this account");
    Ok(answered(StatusCode::OK, language, title, &body))
}

/// The page of a learner who signs in as another number too.
fn to_merge(
    app: &App,
    caller: &Caller,
    other: Linked,
    signed_in_at_ms: Option<i64>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(headers);
    let (ceremony, proof) = app.both_proof(caller, other, signed_in_at_ms)?;
    let names = [app.masked(caller.person)?, app.masked(other.person)?];
    let body = login_pages::to_merge(language, &names, ceremony, &proof);
    let title = language.say("合并两个编号", "Merge two numbers");
    Ok(answered(StatusCode::OK, language, title, &body))
}

/// The page of an account that signs nobody in.
fn unlinked(
    app: &App,
    account: Account,
    loa: Level,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(headers);
    let code = app.link_code(&App::unlinked(account, loa))?;
    let body = login_pages::unlinked(language, &code);
    let title = language.say("登录", "Sign in");
    Ok(answered(StatusCode::FORBIDDEN, language, title, &body))
}

/// A page that ends what the browser was sent away for.
pub(super) fn answered(
    status: StatusCode,
    language: Language,
    title: &str,
    body: &maud::Markup,
) -> Response {
    let sent = [
        (header::SET_COOKIE, session::taken_away(ceremony::COOKIE)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (status, sent, pages::page(language, title, body)).into_response()
}
