//! Sealing (XChaCha20-Poly1305) and keyed hashing (HMAC-SHA-256).
//!
//! Invariant: sealed bytes open only under their key and in their place (the parts given when they
//! were sealed), or not at all; nonces are 24 random bytes, so none repeats under a key. Keys are
//! wiped when dropped. Nothing is stored here; a crash loses nothing.
//!
//! Form of sealed bytes: version 1, nonce (24), ciphertext and tag (16).

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Version of the sealed form.
const FORM: u8 = 1;
const NONCE_BYTES: usize = 24;
/// Keeps what is sealed here out of every other use of a key.
const DOMAIN: &[u8] = b"xuefen-seal-v1";

/// The bytes do not open under this key in this place: another key, another row, or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes do not open here: altered, moved, or of another key")]
pub struct Unsealable;

/// A key that seals.
pub(crate) struct SealKey(Zeroizing<[u8; 32]>);

impl SealKey {
    /// A new random key.
    pub(crate) fn random() -> Self {
        Self(Zeroizing::new(ledger::clock::random()))
    }

    /// The key of these 32 bytes.
    pub(crate) fn of(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Its bytes, for the one file that holds a key in the open.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals `secret` for `place`.
    pub(crate) fn seal(&self, place: &[&[u8]], secret: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let nonce: [u8; NONCE_BYTES] = ledger::clock::random();
        let aad = associated(place);
        let payload = Payload {
            msg: secret,
            aad: &aad,
        };
        let body = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Unsealable)?;
        Ok([&[FORM], nonce.as_slice(), &body].concat())
    }

    /// Opens what was sealed for `place`.
    pub(crate) fn open(
        &self,
        place: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (&FORM, rest) = sealed.split_first().ok_or(Unsealable)? else {
            return Err(Unsealable);
        };
        let (nonce, msg) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Unsealable)?;
        let aad = associated(place);
        self.cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| Unsealable)
    }

    /// Seals a key for `place`.
    pub(crate) fn wrap(&self, place: &[&[u8]], key: &Self) -> Result<Vec<u8>, Unsealable> {
        self.seal(place, key.expose())
    }

    /// Opens a key that was wrapped for `place`.
    pub(crate) fn unwrap(&self, place: &[&[u8]], wrapped: &[u8]) -> Result<Self, Unsealable> {
        let opened = self.open(place, wrapped)?;
        let mut bytes = Zeroizing::new([0; 32]);
        if opened.len() != bytes.len() {
            return Err(Unsealable);
        }
        bytes.copy_from_slice(&opened);
        Ok(Self(bytes))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

/// Each part behind its length, so that no two places read the same.
fn associated(place: &[&[u8]]) -> Vec<u8> {
    let mut bytes = DOMAIN.to_vec();
    for part in place {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// A key that hashes: without it nobody can try guesses against the result.
pub(crate) struct MacKey(SealKey);

impl MacKey {
    /// The key of these 32 bytes.
    pub(crate) fn of(key: SealKey) -> Self {
        Self(key)
    }

    /// HMAC-SHA-256 over the concatenation of `parts`.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC itself fills a key with zeros up to a block (RFC 2104 §2), so this is the same key.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(self.0.expose());
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}
