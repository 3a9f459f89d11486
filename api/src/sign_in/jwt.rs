//! The compact JWS of whoever signs in: EdDSA alone, header members of one closed set, verified over the
//! bytes received.
//!
//! Invariant: nothing of it is believed before [`Jwt::verify`]; `alg` chooses nothing, for there is but
//! one. Nothing is stored: a crash loses nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::key::PublicKey;
use serde::de::DeserializeOwned;

/// Longest text that is looked at.
const BYTES_MAX: usize = 4_096;
/// How long ago it may have been made, in seconds.
pub(super) const AGE_S_MAX: i64 = 60;
/// How far its maker's clock may be ahead, in seconds.
pub(super) const AHEAD_S_MAX: i64 = 5;
/// Longest `jti` in bytes.
const JTI_BYTES_MAX: usize = 128;

/// Why a text proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// Not three base64url parts of JSON with the members of its form.
    #[error("not a compact JWS of the expected form")]
    Form,
    /// Another algorithm than the one there is.
    #[error("alg must be EdDSA")]
    Algorithm,
    /// Another kind of statement.
    #[error("typ is another statement's")]
    Typ,
    /// The key is none that may sign here.
    #[error("no key that may sign this")]
    Key,
    /// The signature is not the key's.
    #[error("the signature is not the key's over these bytes")]
    Signature,
    /// Too old, or from the future.
    #[error("iat must be of the last 60 seconds")]
    Age,
    /// It has run out, or does not say when it will.
    #[error("exp must be in the future")]
    Expired,
    /// Made for somebody else.
    #[error("aud must be the token endpoint and nothing else")]
    Audience,
    /// It speaks for another than the one who signs.
    #[error("iss and sub must be the DID whose key signs")]
    Subject,
    /// For another method or address.
    #[error("htm and htu must be the request's own")]
    Request,
    /// Bound to another token.
    #[error("ath must be the hash of the access token sent")]
    Token,
    /// Without the server's number, or with an old one.
    #[error("nonce must be the one of the DPoP-Nonce header")]
    Nonce,
    /// Used before.
    #[error("this jti was used before")]
    Replayed,
}

/// A parsed, unbelieved statement.
pub(super) struct Jwt<H, C> {
    /// What its header says.
    pub(super) header: H,
    /// What it states.
    pub(super) claims: C,
    signed: String,
    signature: [u8; 64],
}

impl<H: DeserializeOwned, C: DeserializeOwned> Jwt<H, C> {
    /// Reads header and claims; the types say which members there may be.
    pub(super) fn parse(text: &str) -> Result<Self, NotProven> {
        if text.len() > BYTES_MAX {
            return Err(NotProven::Form);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(NotProven::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(NotProven::Form)?;
        // An algorithm that is not ours has other members too: it is named before they are judged.
        let header = decode(header)?;
        if read::<Alg>(&header)?.alg != "EdDSA" {
            return Err(NotProven::Algorithm);
        }
        Ok(Self {
            header: read(&header)?,
            claims: read(&decode(claims)?)?,
            signature: decode(signature)?.try_into().map_err(|_| NotProven::Form)?,
            signed: signed.to_owned(),
        })
    }
}

impl<H, C> Jwt<H, C> {
    /// Checks the signature by the one Ed25519 rule.
    pub(super) fn verify(&self, key: &PublicKey) -> Result<(), NotProven> {
        key.verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| NotProven::Signature)
    }
}

#[derive(serde::Deserialize)]
struct Alg {
    alg: String,
}

/// Refuses what was not made within the last minute.
pub(super) fn check_age(iat: i64, now_ms: i64) -> Result<(), NotProven> {
    let age = now_ms.div_euclid(1_000).saturating_sub(iat);
    if (-AHEAD_S_MAX..=AGE_S_MAX).contains(&age) {
        Ok(())
    } else {
        Err(NotProven::Age)
    }
}

/// Refuses a `jti` that no reader should have to keep.
pub(super) fn check_jti(jti: &str) -> Result<(), NotProven> {
    if (1..=JTI_BYTES_MAX).contains(&jti.len()) {
        Ok(())
    } else {
        Err(NotProven::Form)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, NotProven> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| NotProven::Form)
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, NotProven> {
    serde_json::from_slice(json).map_err(|_| NotProven::Form)
}
