//! Machines' access tokens: opaque, ten minutes, bound to the key that asked for them.
//!
//! Invariant: a token's text is answered once and never stored, only its SHA-256; it opens nothing
//! without a proof by its key, nor once the client key it was given for has ended. A crash between
//! storing and answering leaves a token that nobody knows.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::did::{Did, IssuerNumber};
use identity::role::Role;
use ledger::clock::{self, Clock};
use ledger::hash::Digest;
use ledger::side::{Side, SideError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::client::{self, Client, key_in_force};
use super::dpop::{self, Asked, Proof};
use super::jwt::NotProven;
use super::{Signed, TOKEN_PATH};
use crate::app::App;
use crate::extract::Caller;
use crate::officers::uses::Uses;
use crate::problem::{Problem, Reason};
use crate::side::write;

/// Seconds for which a token opens anything.
pub const LIFE_S: i64 = 600;
/// What a machine's token begins with: another text than a plain one's.
const PREFIX: &str = "xfm_";
const SPACE: &str = "machine-token";

/// What a machine's token allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    institution: IssuerNumber,
    role: Role,
    /// The client key that asked.
    fragment: String,
    /// Thumbprint of the key that must prove each request.
    jkt: String,
    expires_at_ms: i64,
}

/// Why no token is given (RFC 6749 §5.2, RFC 9449 §5 and §8).
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// The assertion does not show who asks.
    #[error("client_assertion: {0}")]
    Client(NotProven),
    /// The proof does not hold.
    #[error("DPoP: {0}")]
    Proof(NotProven),
    /// A number of ours is missing.
    #[error("DPoP: nonce must be the one of the DPoP-Nonce header")]
    NonceNeeded,
    /// A role that no machine has.
    #[error("scope must be institution or clerk")]
    Scope,
    /// The ledger or the store cannot answer.
    #[error("the server cannot answer now")]
    Problem(Problem),
}

/// The role of a machine that asks for `scope`.
pub fn role_of(scope: Option<&str>) -> Result<Role, NotGiven> {
    match scope
        .and_then(Role::parse)
        .filter(|role| matches!(role, Role::Institution | Role::Clerk))
    {
        Some(role) => Ok(role),
        None if scope.is_none() => Ok(Role::Institution),
        None => Err(NotGiven::Scope),
    }
}

/// Whether a text is in the form of a machine's token.
pub(super) fn is_token(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Machines' tokens in a side store.
pub struct Machines {
    side: Arc<dyn Side>,
    clock: Arc<dyn Clock>,
}

impl Machines {
    pub(super) fn new(side: Arc<dyn Side>, clock: Arc<dyn Clock>) -> Self {
        Self { side, clock }
    }

    /// Uses up both proofs and makes a token, in one write: neither proof serves twice.
    fn make(
        &self,
        client: &Client,
        proof: &Proof,
        role: Role,
    ) -> Result<Zeroizing<String>, NotGiven> {
        let random = Zeroizing::new(clock::random::<32>());
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_slice()));
        let secret = Zeroizing::new(format!("{PREFIX}{}", *encoded));
        let bound = Bound {
            institution: client.institution,
            role,
            fragment: client.fragment.clone(),
            jkt: proof.jkt.clone(),
            expires_at_ms: self.clock.now_ms().saturating_add(LIFE_S * 1_000),
        };
        let row = serde_json::to_vec(&bound)
            .map_err(|error| NotGiven::Problem(Problem::internal(error)))?;
        let id = Digest::of(secret.as_bytes()).0;
        write(&*self.side, |tx| {
            if !client.once.spend(tx)? {
                return Err(NotGiven::Client(NotProven::Replayed));
            }
            if !proof.once.spend(tx)? {
                return Err(NotGiven::Proof(NotProven::Replayed));
            }
            let now_ms = self.clock.now_ms();
            Uses::note_client(tx, client.institution, &client.fragment, now_ms)?;
            Ok(tx.put(SPACE, &id, &row, Some(bound.expires_at_ms))?)
        })?;
        Ok(secret)
    }

    fn find(&self, secret: &str) -> Result<Option<Bound>, Problem> {
        if !is_token(secret) {
            return Ok(None);
        }
        let id = Digest::of(secret.as_bytes()).0;
        let Some(row) = self.side.get(SPACE, &id)? else {
            return Ok(None);
        };
        let bound: Bound = serde_json::from_slice(&row).map_err(Problem::internal)?;
        let live = self.clock.now_ms() < bound.expires_at_ms;
        Ok(Some(bound).filter(|_| live))
    }

    fn spend(&self, proof: &Proof) -> Result<bool, SideError> {
        write(&*self.side, |tx| proof.once.spend(tx))
    }
}

impl From<SideError> for NotGiven {
    fn from(error: SideError) -> Self {
        Self::Problem(error.into())
    }
}

/// Gives a token to the client that `assertion` and the request's proof show.
pub fn give(
    app: &App,
    headers: &HeaderMap,
    assertion: &str,
    role: Role,
) -> Result<Zeroizing<String>, NotGiven> {
    let now_ms = app.now_ms();
    let asked = Asked {
        method: "POST",
        url: &app.sign_in.url(TOKEN_PATH),
        token: None,
        now_ms,
    };
    // The proof first: who lacks a number of ours has not used up an assertion for nothing.
    let proof = dpop::check(headers, &app.sign_in.nonces, asked).map_err(|why| match why {
        NotProven::Nonce => NotGiven::NonceNeeded,
        why => NotGiven::Proof(why),
    })?;
    let client = client::check(app, assertion, now_ms).map_err(|refused| match refused {
        client::Refused::NotProven(why) => NotGiven::Client(why),
        client::Refused::Problem(problem) => NotGiven::Problem(problem),
    })?;
    app.sign_in.machines.make(&client, &proof, role)
}

/// The machine that sends `token` with a proof.
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
    let bound = app.sign_in.machines.find(token)?;
    let bound = bound.ok_or(Problem::of(Reason::TokenInvalid))?;
    let asked = Asked {
        method,
        url: &app.sign_in.url(path),
        token: Some(token),
        now_ms: app.now_ms(),
    };
    let proof = dpop::check(headers, &app.sign_in.nonces, asked).map_err(refused)?;
    if proof.jkt != bound.jkt {
        return Err(refused(NotProven::Key));
    }
    if key_in_force(app, bound.institution, &bound.fragment)?.is_none() {
        return Err(Problem::of(Reason::TokenInvalid));
    }
    // Last, so that what was refused for another reason has used nothing up.
    if !app.sign_in.machines.spend(&proof)? {
        return Err(refused(NotProven::Replayed));
    }
    let did = Did::new(&app.host, bound.institution).to_string();
    Ok(Caller {
        // Nobody: a number that no person has, derived so that a repeated request is known again.
        person: clock::uuid_v8("xuefen-machine-v1", &[did.as_bytes()]),
        role: bound.role,
        institution: Some(bound.institution),
        signed: Signed::Machine,
    })
}

/// What a request is told whose proof does not hold.
pub(super) fn refused(why: NotProven) -> Problem {
    if why == NotProven::Nonce {
        return Problem::of(Reason::DpopNonceNeeded);
    }
    Problem::of(Reason::DpopProofInvalid).detail(crate::problem::Words::quoting(
        "DPoP 证明不成立",
        why.to_string(),
    ))
}
