//! Proofs of possession (RFC 9449): a request is signed by the key that its token is bound to.
//!
//! Invariant: a proof is good for one method, one address, one token, one use, within a minute and with
//! a number of ours that is at most four minutes old. Numbers are derived from time, so nothing of them
//! is stored and every node knows them. A crash loses nothing.

use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::hash::Digest;
use ledger::key::PublicKey;
use serde::Deserialize;

use super::jwt::{self, Jwt, NotProven};
use super::once::Use;
use crate::master::MasterKey;
use crate::seal::MacKey;

/// The header that carries a proof.
pub const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header that tells the number to put into the next proof.
pub const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

const TYP: &str = "dpop+jwt";
/// How long a number is the newest; it counts for two of these.
const STEP_MS: i64 = 120_000;

/// Whether a request speaks of proofs, so that it is told the newest number.
pub(crate) fn is_spoken(headers: &HeaderMap) -> bool {
    let bound = || {
        let sent = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        Some(sent.get(..5)?.eq_ignore_ascii_case("DPoP "))
    };
    headers.contains_key(PROOF) || bound() == Some(true)
}

/// The server's numbers.
pub struct Nonces(MacKey);

impl Nonces {
    pub(super) fn new(master: &MasterKey) -> Self {
        Self(master.mac_key("dpop-nonce"))
    }

    /// The newest number.
    pub fn newest(&self, now_ms: i64) -> String {
        self.at(now_ms.div_euclid(STEP_MS))
    }

    fn at(&self, step: i64) -> String {
        let mac = self.0.mac(&[b"nonce\0", &step.to_be_bytes()]);
        URL_SAFE_NO_PAD.encode(mac.first_chunk::<16>().unwrap_or(&[0; 16]))
    }

    fn is_good(&self, nonce: &str, now_ms: i64) -> bool {
        let step = now_ms.div_euclid(STEP_MS);
        [step, step - 1].iter().any(|step| self.at(*step) == nonce)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[expect(dead_code, reason = "judged before, and allowed to be there")]
    alg: String,
    jwk: Jwk,
    typ: String,
}

/// A public Ed25519 key (RFC 8037): a member more, as `d`, is none of a public key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    crv: String,
    kty: String,
    x: String,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: Option<String>,
    nonce: Option<String>,
}

/// The request that a proof must be for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Its method.
    pub(super) method: &'a str,
    /// Its address without query.
    pub(super) url: &'a str,
    /// The token sent with it.
    pub(super) token: Option<&'a str>,
    /// Unix milliseconds.
    pub(super) now_ms: i64,
}

/// A proof that holds, but for having been used.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    /// The key's thumbprint (RFC 7638).
    pub(super) jkt: String,
    /// To be used up.
    pub(super) once: Use,
}

/// Checks the one proof that a request carries.
pub(super) fn check(
    headers: &HeaderMap,
    nonces: &Nonces,
    asked: Asked<'_>,
) -> Result<Proof, NotProven> {
    let mut sent = headers.get_all(PROOF).iter();
    let (Some(text), None) = (sent.next(), sent.next()) else {
        return Err(NotProven::Form);
    };
    let text = text.to_str().map_err(|_| NotProven::Form)?;
    let proof = Jwt::<Header, Claims>::parse(text)?;
    if proof.header.typ != TYP {
        return Err(NotProven::Typ);
    }
    let key = key_of(&proof.header.jwk)?;
    proof.verify(&key)?;
    let claims = &proof.claims;
    jwt::check_jti(&claims.jti)?;
    jwt::check_age(claims.iat, asked.now_ms)?;
    if claims.htm != asked.method || !is_same_address(&claims.htu, asked.url) {
        return Err(NotProven::Request);
    }
    let hash = asked.token.map(|token| Digest::of(token.as_bytes()));
    if claims.ath != hash.map(|hash| URL_SAFE_NO_PAD.encode(hash.0)) {
        return Err(NotProven::Token);
    }
    let nonce = claims.nonce.as_deref();
    if !nonce.is_some_and(|nonce| nonces.is_good(nonce, asked.now_ms)) {
        return Err(NotProven::Nonce);
    }
    let jkt = thumbprint(&key);
    Ok(Proof {
        once: Use::of(TYP, &jkt, &claims.jti, claims.iat),
        jkt,
    })
}

fn key_of(jwk: &Jwk) -> Result<PublicKey, NotProven> {
    if (jwk.kty.as_str(), jwk.crv.as_str()) != ("OKP", "Ed25519") {
        return Err(NotProven::Key);
    }
    let bytes = URL_SAFE_NO_PAD.decode(&jwk.x).ok();
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let key = bytes.and_then(|bytes| PublicKey::register(&bytes).ok());
    key.ok_or(NotProven::Key)
}

/// The thumbprint of a key (RFC 7638 over the members of RFC 8037 §2).
pub fn thumbprint(key: &PublicKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
    let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Digest::of(text.as_bytes()).0)
}

/// RFC 9449 §4.3: without query and fragment; scheme and host have no case (RFC 3986 §6.2.2.1).
fn is_same_address(htu: &str, url: &str) -> bool {
    let plain = htu.split(['?', '#']).next().unwrap_or_default();
    let parts = |text: &str| {
        let (scheme, rest) = text.split_once("://")?;
        let at = rest.find('/').unwrap_or(rest.len());
        let (host, path) = rest.split_at(at);
        let origin = format!("{scheme}://{host}").to_ascii_lowercase();
        Some((origin, path.to_owned()))
    };
    parts(plain).is_some_and(|it| Some(it) == parts(url))
}
