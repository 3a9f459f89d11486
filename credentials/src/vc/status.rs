//! Bitstring Status List (STANDARDS §6): a bit for each credential, packed, compressed, signed.
//!
//! Invariant: bit 0 is the left-most of byte 0; a list has at least 131,072 bits, so that the list
//! that is fetched says little of whose credential is looked up; inflating stops at 16 MiB.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Bits of our lists, and the fewest that any list may have.
pub const BITS: u32 = 131_072;
/// Lists of an institution go in threes, one for each purpose: 1, 4, 7, … are the first ones.
pub const STEP: u32 = 3;
/// Bytes of a list, at least.
pub const BYTES_MIN: usize = 16_384;
/// Bytes that a list may inflate to.
pub const BYTES_MAX: usize = 16 << 20;
/// The context of a list's document.
pub const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
/// How long a signed list is valid.
pub const VALID_S: i64 = 7 * 86_400;

/// What a set bit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Ended for good.
    Revocation,
    /// Stopped for now.
    Suspension,
    /// A correction put another in its place.
    Refresh,
}

impl Purpose {
    /// All of them, in the order of their lists: n, n + 1, n + 2.
    pub const ALL: [Self; 3] = [Self::Revocation, Self::Suspension, Self::Refresh];

    /// Its name in a document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
            Self::Refresh => "refresh",
        }
    }
}

/// Why an `encodedList` is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAList {
    /// Not `u` and base64url without padding.
    #[error("it is not u and base64url")]
    Text,
    /// Not gzip, or something behind it.
    #[error("it is not one gzip member")]
    Gzip,
    /// More than [`BYTES_MAX`].
    #[error("it inflates to more than 16 MiB")]
    TooLarge,
    /// Fewer than [`BITS`] bits.
    #[error("STATUS_LIST_LENGTH_ERROR: fewer than 131072 entries")]
    TooShort,
}

/// The bits of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits(Vec<u8>);

impl Default for Bits {
    fn default() -> Self {
        Self(vec![0; BYTES_MIN])
    }
}

impl Bits {
    /// Sets or clears bit `index`; beyond the list nothing happens.
    pub fn put(&mut self, index: u32, set: bool) {
        if let Some(byte) = self.0.get_mut(index as usize / 8) {
            let bit = 0x80 >> (index % 8);
            *byte = if set { *byte | bit } else { *byte & !bit };
        }
    }

    /// Bit `index`; `None` beyond the list.
    pub fn get(&self, index: u64) -> Option<bool> {
        let byte = usize::try_from(index / 8)
            .ok()
            .and_then(|at| self.0.get(at))?;
        Some(byte & (0x80 >> (index % 8)) != 0)
    }

    /// `encodedList`; the same bits give the same text.
    pub fn encode(&self) -> String {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory cannot fail.
        let packed = packed
            .write_all(&self.0)
            .and_then(|()| packed.finish())
            .unwrap_or_default();
        format!("u{}", URL_SAFE_NO_PAD.encode(packed))
    }

    /// Reads an `encodedList`.
    pub fn decode(text: &str) -> Result<Self, NotAList> {
        let packed = text
            .strip_prefix('u')
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .ok_or(NotAList::Text)?;
        let mut inflating = GzDecoder::new(packed.as_slice());
        let mut bits = Vec::with_capacity(BYTES_MIN);
        inflating
            .by_ref()
            .take(BYTES_MAX as u64 + 1)
            .read_to_end(&mut bits)
            .map_err(|_| NotAList::Gzip)?;
        if bits.len() > BYTES_MAX {
            return Err(NotAList::TooLarge);
        }
        if !inflating.into_inner().is_empty() {
            return Err(NotAList::Gzip);
        }
        if bits.len() < BYTES_MIN {
            return Err(NotAList::TooShort);
        }
        Ok(Self(bits))
    }
}

/// The address of a list.
pub fn url(host: &str, issuer: impl std::fmt::Display, list: u64) -> String {
    format!("https://{host}/status/{issuer}/{list}")
}

/// An entry of `credentialStatus`.
pub fn entry(list_url: &str, purpose: Purpose, index: u32) -> Value {
    json!({
        "id": format!("{list_url}#{index}"), "type": "BitstringStatusListEntry",
        "statusPurpose": purpose.as_str(), "statusListIndex": index.to_string(),
        "statusListCredential": list_url,
    })
}

/// A list's document, still without proof.
pub fn document(
    list_url: &str,
    issuer_did: &str,
    purpose: Purpose,
    bits: &Bits,
    valid_from: &str,
    valid_until: &str,
) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("@context".into(), json!([CONTEXT]));
    document.insert("id".into(), list_url.into());
    document.insert(
        "type".into(),
        json!(["VerifiableCredential", "BitstringStatusListCredential"]),
    );
    document.insert("issuer".into(), issuer_did.into());
    document.insert("validFrom".into(), valid_from.into());
    document.insert("validUntil".into(), valid_until.into());
    document.insert(
        "credentialSubject".into(),
        json!({
            "id": format!("{list_url}#list"), "type": "BitstringStatusList",
            "statusPurpose": purpose.as_str(), "encodedList": bits.encode(),
        }),
    );
    document
}
