//! Who calls, by whatever a request carries (SECURITY §4): a session's cookie, a machine's or an app's
//! bound token, a plain token.
//!
//! Invariant: what a request carries is judged once, in one place; a machine is nobody's hand: it reads,
//! and what it writes its own key signs. A crash leaves a token that nobody was told, or a proof used up.

pub mod begin;
pub(crate) mod both;
pub mod ceremony;
pub mod client;
pub mod dpop;
mod jwt;
pub mod link;
pub mod machine;
pub mod native;
mod once;
pub mod over;
pub mod passkey;
pub mod provider;
pub mod session;

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use identity::person::assurance::Level;
use ledger::assertion::By;
use ledger::clock::Clock;
use ledger::hash::Digest;
use ledger::side::Side;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::config::SignInConfig;
use crate::extract::Caller;
use crate::master::MasterKey;
use crate::problem::{Problem, Reason};
use session::family;

/// The only token endpoint: what a client's assertion must be for.
pub const TOKEN_PATH: &str = "/oauth/token";

/// How a caller showed who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// By a plain token.
    Token,
    /// An institution's machine, by a token bound to its key: no person acts.
    Machine,
    /// Earlier, in this way: work goes on that the person began.
    Earlier(By),
    /// In a browser or in an app, by a session.
    Session {
        /// Its name.
        id: Digest,
        /// Level of assurance.
        loa: Level,
        /// When who it is was last shown, Unix milliseconds.
        proven_at_ms: i64,
        /// When the session began, Unix milliseconds.
        begun_at_ms: i64,
        /// Whether a recovery sheet began it.
        by_sheet: bool,
        /// Whether a native app holds it.
        by_app: bool,
        /// Whether a passkey began it.
        by_passkey: bool,
    },
}

/// What signing in needs, beside the tokens.
pub struct SignIn {
    /// Where people and machines find us: scheme and host, no slash at the end.
    pub base_url: String,
    /// Machines' tokens.
    pub machines: machine::Machines,
    /// People's sessions.
    pub sessions: session::Sessions,
    /// What people do between here and a provider.
    pub ceremonies: ceremony::Ceremonies,
    /// People's passkeys.
    pub passkeys: passkey::Passkeys,
    /// Where people may sign in, in the order of the settings.
    pub providers: Vec<Arc<provider::Provider>>,
    /// The native apps that people may let in.
    pub apps: native::Apps,
    /// Bounds what is kept at once of apps' requests: anybody may ask.
    pub(crate) app_turns: Arc<Semaphore>,
    /// The numbers that proofs must carry.
    pub nonces: dpop::Nonces,
}

impl SignIn {
    /// Over `side`; `host` is the ledger's.
    pub fn new(
        config: &SignInConfig,
        apps: native::Apps,
        host: &str,
        side: &Arc<dyn Side>,
        master: &MasterKey,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, provider::BadProvider> {
        let base_url = config.public_url.clone();
        let base_url = base_url.unwrap_or_else(|| format!("https://{host}"));
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Self {
            providers: provider::Provider::all(&config.providers)?,
            apps,
            app_turns: Arc::new(Semaphore::new(native::AT_ONCE)),
            ceremonies: ceremony::Ceremonies::new(Arc::clone(side), Arc::clone(clock), master),
            passkeys: passkey::Passkeys::new(&base_url, Arc::clone(side), master),
            base_url,
            sessions: session::Sessions::new(Arc::clone(side), Arc::clone(clock), master),
            machines: machine::Machines::new(Arc::clone(side), Arc::clone(clock)),
            nonces: dpop::Nonces::new(master),
        })
    }

    /// The provider of this name.
    pub fn provider(&self, name: &str) -> Option<&Arc<provider::Provider>> {
        self.providers.iter().find(|it| it.config.name == name)
    }

    /// The address of a path of ours.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

/// What a request carries to say who calls.
enum Carried<'a> {
    Bearer(&'a str),
    Bound(&'a str),
    Cookie(&'a str),
    /// Of a scheme that is not ours.
    Other,
}

fn carried(headers: &HeaderMap) -> Option<Carried<'_>> {
    if let Some(sent) = headers.get(header::AUTHORIZATION) {
        let sent = sent.to_str().ok().and_then(|sent| sent.split_once(' '));
        // The name of a scheme has no case (RFC 9110 §11.1).
        return Some(match sent {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
                Carried::Bearer(token.trim())
            }
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("DPoP") => {
                Carried::Bound(token.trim())
            }
            _ => Carried::Other,
        });
    }
    // Under any other name a cookie is nothing: another host of the domain may have set it.
    cookie(headers, session::COOKIE).map(Carried::Cookie)
}

/// Whether a request says in a way of ours who sends it, be that true or not.
pub(crate) fn says_who(headers: &HeaderMap) -> bool {
    let carried = carried(headers);
    carried.is_some_and(|carried| !matches!(carried, Carried::Other))
}

/// The value of the first cookie of this name.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Who calls.
pub(crate) async fn caller(app: &Arc<App>, parts: &Parts) -> Result<Caller, Problem> {
    match carried(&parts.headers) {
        None => Err(Problem::of(Reason::NotSignedIn)),
        Some(Carried::Other) => Err(Problem::of(Reason::TokenInvalid)),
        Some(Carried::Bound(token)) if family::is_token(token) => {
            native::caller(app, token, parts).await
        }
        Some(Carried::Bound(token)) => machine::caller(app, token, parts).await,
        Some(Carried::Bearer(token)) if machine::is_token(token) || family::is_token(token) => {
            Err(Problem::of(Reason::TokenNeedsProof))
        }
        Some(Carried::Bearer(_)) if !app.config.sign_in.bearer_tokens => {
            Err(Problem::of(Reason::BearerOff))
        }
        Some(Carried::Cookie(secret)) => of_session(app, secret, parts),
        Some(Carried::Bearer(token)) => {
            let found = app.tokens.find(token)?;
            let grant = found.ok_or(Problem::of(Reason::TokenInvalid))?;
            let caller = Caller::from(&*grant);
            caller.still_may(app)?;
            Ok(caller)
        }
    }
}

/// The person of a session. A write must come from a page of ours: a browser sends the cookie also with
/// a form that somebody else's page has.
fn of_session(app: &App, secret: &str, parts: &Parts) -> Result<Caller, Problem> {
    let sessions = &app.sign_in.sessions;
    let found = sessions.find(secret)?;
    let (id, session) = found.ok_or(Problem::of(Reason::SessionOver))?;
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let sent = parts.headers.get(session::CSRF);
    let sent = sent.and_then(|sent| sent.to_str().ok());
    if !reads && !sent.is_some_and(|sent| sessions.is_csrf_token(id, sent)) {
        return Err(Problem::of(Reason::CsrfMissing));
    }
    session_caller(app, id, &session)
}

/// Who calls with a session, if what began it still stands: the link, and whose number it names.
pub(crate) fn session_caller(
    app: &App,
    id: Digest,
    session: &session::Session,
) -> Result<Caller, Problem> {
    if let Some((linked, link)) = session.link
        && (app.still_linked(linked, link)?.is_none() || app.holder(linked)? != session.person)
    {
        return Err(Problem::of(Reason::SessionOver));
    }
    let caller = session.caller(id);
    caller.still_may(app)?;
    Ok(caller)
}

/// Levels of assurance below which a session opens nothing but itself (SECURITY §1.3).
const OWN_RECORD_LEVEL: Level = Level::ROSTER;
/// What officers need.
pub const OFFICER_LEVEL: Level = Level::HARDWARE;
/// How long a proof of who somebody is counts as fresh.
const FRESH_MS: i64 = 5 * 60_000;
/// How long whoever came back by a sheet may take to link an account: nobody old is to act within minutes.
const BACK_MS: i64 = 24 * 3_600_000;
/// Seeing and changing what signs one in.
pub(crate) const OWN_LINKS: &str = "own-links";
/// Asking that two own numbers become one.
pub(crate) const OWN_MERGE: &str = "merge-own";

impl Caller {
    /// Refuses a session whose person did not show within five minutes who it is. Plain tokens are
    /// exempt: they are the demo's, and cannot show anything anew. So is, for a day, whoever came back by a
    /// recovery sheet and has yet to link what could be shown.
    fn is_fresh(&self, app: &App, action: &str) -> Result<(), Problem> {
        match self.signed {
            Signed::Session {
                by_sheet: true,
                begun_at_ms,
                ..
            } if action == OWN_LINKS && app.now_ms().saturating_sub(begun_at_ms) < BACK_MS => {
                Ok(())
            }
            Signed::Session {
                proven_at_ms,
                by_app,
                ..
            } if app.now_ms().saturating_sub(proven_at_ms) > FRESH_MS => {
                // An app sends the person to the browser once more.
                let to = if by_app {
                    "/login/app?max_age=300"
                } else {
                    "/login?step_up=true"
                };
                let detail = (format!("确认身份：{to}"), format!("where: {to}"));
                Err(Problem::of(Reason::StepUpNeeded).detail(detail))
            }
            Signed::Session { .. } | Signed::Token | Signed::Machine | Signed::Earlier(_) => Ok(()),
        }
    }

    /// Refuses a session that is not assured enough for what a role does.
    fn is_assured(&self, action: &str) -> Result<(), Problem> {
        let Signed::Session { loa, .. } = self.signed else {
            return Ok(());
        };
        let needed = if self.role.is_appointed() {
            OFFICER_LEVEL
        } else if GRAVE.contains(&action) {
            Level::GOVERNMENT
        } else {
            OWN_RECORD_LEVEL
        };
        if loa < needed {
            return Err(Problem::of(Reason::LoaTooLow).detail((
                format!("需要 {needed}，当前登录为 {loa}"),
                format!("{needed} is needed; this sign-in has {loa}"),
            )));
        }
        Ok(())
    }
}

/// Doors that only read although they are asked by POST: what is looked for must not stand in an address.
const READS_BY_POST: [&str; 1] = ["/v1/learners/search"];

/// Acts before which a person shows anew who it is: what they change cannot be changed back.
const FRESH: [&str; 17] = [
    "admit-institution",
    "assure-person",
    "bind-link",
    "change-institution",
    "complete-recovery",
    "decide-proposal",
    "delegate",
    "erase",
    "grant-role",
    "manage-keys",
    "merge",
    OWN_LINKS,
    OWN_MERGE,
    "print-sheet",
    "recover",
    "rotate-key",
    "set-contacts",
];

/// What learners do at level 3 only (SECURITY §1.3), however they are known elsewhere.
const GRAVE: [&str; 2] = ["delegate", OWN_MERGE];
/// Reading before which a person shows anew who it is: everything at once, with what proves it.
const FRESH_READS: [&str; 1] = ["export-own"];

/// Whether one's own sessions may be seen and ended: with any session, also one that opens nothing else.
const OWN_SESSIONS: &str = "own-sessions";

/// Refuses a session that is not assured enough for `action`, and a machine where the platform would
/// sign: an `act` names a person, and none is there.
pub(crate) fn guard(
    app: &App,
    caller: &Caller,
    action: &str,
    method: &Method,
    path: &str,
) -> Result<(), Problem> {
    let reads = *method == Method::GET || *method == Method::HEAD || READS_BY_POST.contains(&path);
    if action != OWN_SESSIONS {
        caller.is_assured(if reads { "" } else { action })?;
    }
    if FRESH_READS.contains(&action) {
        caller.is_fresh(app, action)?;
    }
    if reads {
        return Ok(());
    }
    if caller.signed == Signed::Machine {
        return Err(Problem::of(Reason::PersonNeeded));
    }
    if FRESH.contains(&action) {
        caller.is_fresh(app, action)?;
    }
    Ok(())
}
