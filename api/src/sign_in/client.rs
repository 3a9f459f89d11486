//! What an institution's server signs to get a token: `private_key_jwt` (RFC 7523) under a client key
//! that stands in the log.
//!
//! Invariant: the key is valid at the position that the next commit would get, and a client key: one that
//! signs assertions opens no door, and the reverse. Nothing is fetched from anywhere. A crash loses nothing.

use identity::did::{Did, IssuerNumber};
use identity::institution::state::fragment_of;
use identity::institution::{Institution, KeyUse};
use ledger::assertion::Kid;
use ledger::key::PublicKey;
use serde::Deserialize;

use super::TOKEN_PATH;
use super::jwt::{self, Jwt, NotProven};
use super::once::Use;
use crate::app::App;
use crate::problem::Problem;

/// Types that a client's assertion may name; none is named by most libraries of today.
const TYPS: [&str; 2] = ["JWT", "client-authentication+jwt"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[expect(dead_code, reason = "judged before, and allowed to be there")]
    alg: String,
    kid: String,
    typ: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    jti: String,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
}

/// One audience, in either of the two forms of RFC 7519.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Listed([String; 1]),
}

/// An institution's machine that showed who it is, but for having been used.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// Whose.
    pub(super) institution: IssuerNumber,
    /// The part of its key's name behind `#`.
    pub(super) fragment: String,
    /// To be used up.
    pub(super) once: Use,
}

/// Why a client is not let in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// It shows nothing.
    #[error(transparent)]
    NotProven(#[from] NotProven),
    /// The ledger cannot answer.
    #[error("the ledger cannot answer")]
    Problem(Problem),
}

/// Checks a client's assertion.
pub(super) fn check(app: &App, text: &str, now_ms: i64) -> Result<Client, Refused> {
    let jwt = Jwt::<Header, Claims>::parse(text)?;
    let typ = jwt.header.typ.as_deref();
    if typ.is_some_and(|typ| !TYPS.contains(&typ)) {
        return Err(NotProven::Typ.into());
    }
    let kid = Kid::parse(&jwt.header.kid).map_err(|_| NotProven::Key)?;
    let did = Did::parse(kid.did()).ok_or(NotProven::Key)?;
    // The registrar's officers are people: it has no machine that signs in.
    if did != Did::new(&app.host, did.issuer) || did.issuer == IssuerNumber::REGISTRAR {
        return Err(NotProven::Key.into());
    }
    let fragment = fragment_of(&kid).to_owned();
    let key = key_in_force(app, did.issuer, &fragment).map_err(Refused::Problem)?;
    jwt.verify(&key.ok_or(NotProven::Key)?)?;
    let claims = &jwt.claims;
    if claims.iss != kid.did() || claims.sub != kid.did() {
        return Err(NotProven::Subject.into());
    }
    let (Audience::One(aud) | Audience::Listed([aud])) = &claims.aud;
    if *aud != app.sign_in.url(TOKEN_PATH) {
        return Err(NotProven::Audience.into());
    }
    jwt::check_jti(&claims.jti)?;
    jwt::check_age(claims.iat, now_ms)?;
    let seconds = now_ms.div_euclid(1_000);
    let begun = claims
        .nbf
        .is_none_or(|nbf| nbf <= seconds + jwt::AHEAD_S_MAX);
    if claims.exp <= seconds || !begun {
        return Err(NotProven::Expired.into());
    }
    Ok(Client {
        once: Use::of(
            "client-authentication+jwt",
            kid.did(),
            &claims.jti,
            claims.iat,
        ),
        institution: did.issuer,
        fragment,
    })
}

/// The client key of this name, if it would count in the next commit.
pub(super) fn key_in_force(
    app: &App,
    institution: IssuerNumber,
    fragment: &str,
) -> Result<Option<PublicKey>, Problem> {
    let state = app.ledger.state::<Institution>(&institution.stream())?;
    let next = app.ledger.head().size;
    let key = state.key_at(fragment, KeyUse::Client, next);
    Ok(key.map(|key| key.key.clone()))
}
