//! Who calls, by whatever a request carries (SECURITY §4): a machine's bound token, a plain token.
//!
//! Invariant: what a request carries is judged once, in one place; a machine is nobody's hand: it reads,
//! and what it writes its own key signs. A crash leaves a token that nobody was told, or a proof used up.

pub mod client;
pub mod dpop;
mod jwt;
pub mod machine;
mod once;

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use ledger::clock::Clock;
use ledger::side::Side;

use crate::app::App;
use crate::config::SignInConfig;
use crate::extract::{Caller, DEMO_COOKIE};
use crate::master::MasterKey;
use crate::problem::{Problem, Reason};

/// The only token endpoint: what a client's assertion must be for.
pub const TOKEN_PATH: &str = "/oauth/token";

/// How a caller showed who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// By a plain token.
    Token,
    /// An institution's machine, by a token bound to its key: no person acts.
    Machine,
}

/// What signing in needs, beside the tokens.
pub struct SignIn {
    /// Where people and machines find us: scheme and host, no slash at the end.
    pub base_url: String,
    /// Machines' tokens.
    pub machines: machine::Machines,
    /// The numbers that proofs must carry.
    pub nonces: dpop::Nonces,
}

impl SignIn {
    /// Over `side`; `host` is the ledger's.
    pub fn new(
        config: &SignInConfig,
        host: &str,
        side: &Arc<dyn Side>,
        master: &MasterKey,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let base_url = config.public_url.clone();
        let base_url = base_url.unwrap_or_else(|| format!("https://{host}"));
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            machines: machine::Machines::new(Arc::clone(side), Arc::clone(clock)),
            nonces: dpop::Nonces::new(master),
        }
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
    DemoCookie(&'a str),
    /// Of a scheme that is not ours.
    Other,
}

fn carried<'a>(app: &App, headers: &'a HeaderMap) -> Option<Carried<'a>> {
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
    let demo = app.demo.then(|| cookie(headers, DEMO_COOKIE)).flatten();
    demo.map(Carried::DemoCookie)
}

/// Whether a request says in a way of ours who sends it, be that true or not.
pub(crate) fn says_who(app: &App, headers: &HeaderMap) -> bool {
    let carried = carried(app, headers);
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
    match carried(app, &parts.headers) {
        None => Err(Problem::of(Reason::NotSignedIn)),
        Some(Carried::Other) => Err(Problem::of(Reason::TokenInvalid)),
        Some(Carried::Bound(token)) => machine::caller(app, token, parts).await,
        Some(Carried::Bearer(token)) if machine::is_token(token) => {
            Err(Problem::of(Reason::TokenNeedsProof))
        }
        Some(Carried::Bearer(_)) if !app.config.sign_in.bearer_tokens => {
            Err(Problem::of(Reason::BearerOff))
        }
        Some(Carried::Bearer(token) | Carried::DemoCookie(token)) => {
            let found = app.tokens.find(token)?;
            let grant = found.ok_or(Problem::of(Reason::TokenInvalid))?;
            let caller = Caller::from(&*grant);
            caller.still_may(app)?;
            Ok(caller)
        }
    }
}

/// Doors that only read although they are asked by POST: what is looked for must not stand in an address.
const READS_BY_POST: [&str; 1] = ["/v1/learners/search"];

/// Refuses a machine where the platform would sign: an `act` names a person, and none is there.
pub(crate) fn require_person(caller: &Caller, method: &Method, path: &str) -> Result<(), Problem> {
    let reads = *method == Method::GET || *method == Method::HEAD || READS_BY_POST.contains(&path);
    if caller.signed == Signed::Machine && !reads {
        return Err(Problem::of(Reason::PersonNeeded));
    }
    Ok(())
}
