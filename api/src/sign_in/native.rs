//! Native apps (RFC 8252): a browser's session lets one in by a code, which the app turns into tokens bound to a
//! key of its own (RFC 6749 §4.1, RFC 7636, RFC 9449).
//!
//! Invariant: an app gets no more than the session that let it in: the same person, link, level, proof and
//! end; what ends them there and what bars the person ends it here. Only a learner's session lets an app in.
//! A crash costs the app a new start in the browser.

mod registered;

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::role::Role;
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ceremony::{Ceremonies, Kept};
use super::dpop::{self, Proof};
use super::jwt::NotProven;
use super::machine::refused;
use super::session::family::{Asked, Pair};
use super::session::{Session, secret};
use super::{TOKEN_PATH, session_caller};
use crate::app::App;
use crate::extract::Caller;
use crate::notices::Told;
use crate::problem::{Problem, Reason};

pub use registered::{AppConfig, Apps, BadApp};

/// Requests of apps that are kept at once; a further one is told to come again.
pub const AT_ONCE: usize = 8;
/// How long a code is good.
const CODE_MS: i64 = 60_000;
/// Lengths of a verifier (RFC 7636 §4.1).
const VERIFIER_BYTES: std::ops::RangeInclusive<usize> = 43..=128;

/// What an app asks for in the browser, as long as the person has not answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AppRequest {
    /// Which app.
    pub(crate) client: String,
    /// Where it is sent back to.
    pub(crate) redirect: String,
    /// What it wants to see again.
    pub(crate) state: Option<String>,
    /// Hash of its verifier.
    pub(crate) challenge: String,
    /// Thumbprint of its key, if it named one (RFC 9449 §10).
    pub(crate) jkt: Option<String>,
    /// How many seconds ago the person must have shown who it is, at most (RFC 9470).
    pub(crate) max_age_s: Option<u32>,
    /// When it asked, Unix milliseconds.
    pub(crate) asked_at_ms: i64,
}

impl Kept for AppRequest {
    const SPACE: &'static str = "app-request";
}

impl AppRequest {
    /// Whether the person had shown who it is too long before the app asked. Who shows it after that is asked no
    /// more, also where the app says 0: reading the question takes its time too.
    pub(crate) fn is_stale(&self, session: &Session) -> bool {
        let shown_at_ms = session.proven_at_ms;
        self.max_age_s.is_some_and(|max| {
            shown_at_ms.saturating_add(i64::from(max).saturating_mul(1_000)) < self.asked_at_ms
        })
    }
}

/// What stands behind a code.
#[derive(Serialize, Deserialize)]
struct Code {
    request: AppRequest,
    /// The browser's session that let the app in.
    session: Digest,
}

impl Kept for Code {
    const SPACE: &'static str = "app-code";
    const LASTS_MS: i64 = CODE_MS;
}

/// Why an app gets no tokens (RFC 6749 §5.2, RFC 9449 §5 and §8).
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// A member is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// No app of the settings.
    #[error("client_id names no app")]
    Client,
    /// Code or refresh token open nothing, or nothing to this app with this key.
    #[error("{0}")]
    Grant(&'static str),
    /// The proof does not hold.
    #[error("DPoP: {0}")]
    Proof(NotProven),
    /// A number of ours is missing.
    #[error("DPoP: nonce must be the one of the DPoP-Nonce header")]
    NonceNeeded,
    /// The ledger or the store cannot answer.
    #[error("the server cannot answer now")]
    Problem(Problem),
}

impl From<Problem> for NotGiven {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

const NO_CODE: NotGiven =
    NotGiven::Grant("code is not valid: used, older than a minute, or another app's");
const NO_REFRESH: NotGiven =
    NotGiven::Grant("refresh_token is not valid: sign in again in the browser");

/// What an app shows to get its first tokens.
pub(crate) struct CodeShown<'a> {
    pub(crate) client: &'a str,
    pub(crate) code: &'a str,
    pub(crate) redirect: &'a str,
    pub(crate) verifier: &'a str,
}

/// A code for the app of `request`, let in by the browser's session of this name.
pub(crate) fn code(
    app: &App,
    request: AppRequest,
    session: Digest,
) -> Result<Zeroizing<String>, Problem> {
    let code = secret();
    app.sign_in
        .ceremonies
        .keep(&code, &Code { request, session })?;
    Ok(code)
}

/// Turns a code into tokens. Whoever shows it has used it up, whatever comes of it.
pub(crate) fn exchange(
    app: &App,
    headers: &HeaderMap,
    shown: &CodeShown<'_>,
) -> Result<Pair, NotGiven> {
    // First, so that who lacks a number of ours has not used up a code for nothing.
    let proof = proof_of(app, headers)?;
    if app.sign_in.apps.find(shown.client).is_none() {
        return Err(NotGiven::Client);
    }
    let sessions = &app.sign_in.sessions;
    let Some(code) = app.sign_in.ceremonies.peek::<Code>(shown.code)? else {
        sessions.end_begun_by(shown.code)?;
        return Err(NO_CODE);
    };
    let Some(session) = let_in(app, &code, shown, &proof)? else {
        let taken: Option<Code> = app.sign_in.ceremonies.take(shown.code)?;
        if taken.is_none() {
            sessions.end_begun_by(shown.code)?;
        }
        return Err(NO_CODE);
    };
    let forget =
        |tx: &mut dyn ledger::side::Transaction| Ceremonies::forget::<Code>(tx, shown.code);
    let let_in = (code.session, session);
    match sessions.begin_family(shown.code, let_in, shown.client, &proof, forget)? {
        Asked::Done(pair) => Ok(pair),
        Asked::Replayed => Err(NotGiven::Proof(NotProven::Replayed)),
        Asked::Spent | Asked::Over => Err(NO_CODE),
    }
}

/// The session that the app gets for its code, if what it shows fits and what let it in still stands.
fn let_in(
    app: &App,
    code: &Code,
    shown: &CodeShown<'_>,
    proof: &Proof,
) -> Result<Option<Session>, Problem> {
    let request = &code.request;
    let fits = request.client == shown.client
        && request.redirect == shown.redirect
        && is_verifier(shown.verifier, &request.challenge)
        && request.jkt.as_ref().is_none_or(|jkt| *jkt == proof.jkt);
    if !fits {
        return Ok(None);
    }
    // Who signed out in the browser meanwhile let nobody in.
    let Some(session) = app.sign_in.sessions.peek(code.session)? else {
        return Ok(None);
    };
    if session.role != Role::Learner || session_caller(app, code.session, &session).is_err() {
        return Ok(None);
    }
    Ok(Some(session))
}

/// RFC 7636 §4.6, by the one method there is.
fn is_verifier(verifier: &str, challenge: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    VERIFIER_BYTES.contains(&verifier.len())
        && verifier.bytes().all(plain)
        && URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).0) == challenge
}

/// Turns a refresh token into the next tokens. One that was used before ends the family, and the person
/// is told.
pub(crate) fn refresh(
    app: &App,
    headers: &HeaderMap,
    client: &str,
    token: &str,
) -> Result<Pair, NotGiven> {
    let proof = proof_of(app, headers)?;
    if app.sign_in.apps.find(client).is_none() {
        return Err(NotGiven::Client);
    }
    let sessions = &app.sign_in.sessions;
    let Some((family, session)) = sessions.family_of(token)? else {
        return Err(NO_REFRESH);
    };
    // What began it may be over although the row is there still.
    if let Err(problem) = session_caller(app, family, &session) {
        return Err(if problem.reason.status().is_server_error() {
            problem.into()
        } else {
            NO_REFRESH
        });
    }
    let told: Told = app.tell_of_app(session.person, family)?;
    match sessions.rotate(token, client, &proof, |tx| told.write(tx))? {
        Asked::Done(pair) => Ok(pair),
        Asked::Replayed => Err(NotGiven::Proof(NotProven::Replayed)),
        Asked::Spent | Asked::Over => Err(NO_REFRESH),
    }
}

fn proof_of(app: &App, headers: &HeaderMap) -> Result<Proof, NotGiven> {
    let asked = dpop::Asked {
        method: "POST",
        url: &app.sign_in.url(TOKEN_PATH),
        token: None,
        now_ms: app.now_ms(),
    };
    dpop::check(headers, &app.sign_in.nonces, asked).map_err(|why| match why {
        NotProven::Nonce => NotGiven::NonceNeeded,
        why => NotGiven::Proof(why),
    })
}

/// The person whose app sends `token` with a proof.
pub(super) async fn caller(app: &Arc<App>, token: &str, parts: &Parts) -> Result<Caller, Problem> {
    let app = Arc::clone(app);
    let (token, headers) = (token.to_owned(), parts.headers.clone());
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    // The store syncs its file.
    let looking = move || look(&app, &token, &headers, method.as_str(), &path);
    tokio::task::spawn_blocking(looking)
        .await
        .map_err(Problem::internal)?
}

fn look(
    app: &App,
    token: &str,
    headers: &HeaderMap,
    method: &str,
    path: &str,
) -> Result<Caller, Problem> {
    let sessions = &app.sign_in.sessions;
    let found = sessions.family_by(token)?;
    let (family, session) = found.ok_or(Problem::of(Reason::TokenInvalid))?;
    let asked = dpop::Asked {
        method,
        url: &app.sign_in.url(path),
        token: Some(token),
        now_ms: app.now_ms(),
    };
    let proof = dpop::check(headers, &app.sign_in.nonces, asked).map_err(refused)?;
    let given = session.app.as_ref().filter(|it| it.jkt == proof.jkt);
    let given = given.ok_or_else(|| refused(NotProven::Key))?;
    // An app that the settings name no more opens nothing.
    if app.sign_in.apps.find(&given.client).is_none() {
        return Err(Problem::of(Reason::TokenInvalid));
    }
    let caller = session_caller(app, family, &session)?;
    // Last, so that what was refused for another reason has used nothing up.
    match sessions.use_family(family, &proof)? {
        Asked::Done(()) => Ok(caller),
        Asked::Replayed => Err(refused(NotProven::Replayed)),
        Asked::Spent | Asked::Over => Err(Problem::of(Reason::TokenInvalid)),
    }
}
