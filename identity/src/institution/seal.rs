//! Signatures inside an assertion's data: that somebody holds a new key, and that a second key agrees.
//!
//! Invariant: every text that is signed begins with a tag of its own and names log and institution, so
//! a signature fits nothing else, here or in another ledger. Form: docs/FORMAT.md "Signatures in data".

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::hash::Digest;
use ledger::key::{PublicKey, SigningKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::event::Settlement;
use super::ranges::Ranges;
use crate::did::IssuerNumber;

/// 64 bytes of an Ed25519 signature; in JSON base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seal(pub [u8; 64]);

impl Seal {
    /// Whether `key` made it over `text`, by the one rule.
    pub fn is_by(&self, key: &PublicKey, text: &str) -> bool {
        key.verify(text.as_bytes(), &self.0).is_ok()
    }

    /// `key`'s over `text`.
    pub fn of(key: &SigningKey, text: &str) -> Self {
        Self(key.sign(text.as_bytes()))
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl Serialize for Seal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Seal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let mut bytes = [0; 64];
        match URL_SAFE_NO_PAD.decode_slice(&*text, &mut bytes) {
            Ok(64) => Ok(Self(bytes)),
            _ => Err(serde::de::Error::custom(
                "not a signature: expected 86 characters of base64url without padding",
            )),
        }
    }
}

/// What pledges the next key: SHA-256 of its Multikey text.
pub fn pledge(next: &PublicKey) -> Digest {
    Digest::of(next.multikey().as_bytes())
}

/// What the holder of a new key signs with it.
pub fn possession(log: &str, number: IssuerNumber, fragment: &str, key: &PublicKey) -> String {
    format!("xuefen/key-possession/v1\n{log}\n{number}\n{fragment}\n{key}\n")
}

/// What the assertion key signs beside the acknowledgement key: positions and the Merkle root over
/// the leaves that stand there.
pub fn settlement(
    how: Settlement,
    log: &str,
    number: IssuerNumber,
    ranges: &Ranges,
    root: &Digest,
) -> String {
    let tag = match how {
        Settlement::Reaffirmed => "xuefen/reaffirmation/v1",
        Settlement::Repudiated => "xuefen/repudiation/v1",
    };
    format!("{tag}\n{log}\n{number}\n{ranges}\n{root}\n")
}
