//! XF-QR/1: a credential small enough for paper (STANDARDS §9): COSE_Sign1 over a map of claims, as
//! digits behind an address that any camera opens.
//!
//! Invariant: one text for one signed claim set; every other text is refused. What is signed is bound to
//! this profile by `external_aad`, so the signature fits nowhere else.

mod claims;

use ledger::hash::Digest;
use ledger::key::{PublicKey, SigningKey};

use super::cbor::{self, Item};
use super::digits;
pub use claims::{Claims, Kind, NAME_BYTES_MAX, NotClaims, Scheme, TITLE_BYTES_MAX, clip};

/// What binds the signature to this profile.
const EXTERNAL_AAD: &[u8] = b"xuefen/qr/1";
/// The profile digit.
const PROFILE: char = '1';
/// Most bytes of a COSE message.
pub const BYTES_MAX: usize = 4_096;
/// Most characters of a text.
pub const TEXT_CHARS_MAX: usize = 8_192;
/// Bytes of the short form, version 10 at correction M, and of the prefix that was measured with (STANDARDS §9).
const SHORT_BYTES_MAX: usize = 183;
const SHORT_PREFIX_BYTES: usize = 25;
/// Header of the receipt.
const RECEIPT: i64 = -65_537;
/// EdDSA.
const ALG_EDDSA: i64 = -8;
/// Longest inclusion path.
const PATH_MAX: usize = 64;

/// The first 8 bytes of SHA-256 of a key: a hint, never an identity.
pub fn kid(key: &PublicKey) -> [u8; 8] {
    let digest = Digest::of(key.as_bytes());
    let mut kid = [0; 8];
    kid.copy_from_slice(&digest.0[..8]);
    kid
}

/// A proof that the commit is in the log; it lies outside the signature so that it can be renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Size of the tree.
    pub size: u64,
    /// Sibling hashes from the leaf up.
    pub path: Vec<Digest>,
    /// The signed checkpoint with its cosignatures.
    pub checkpoint: Vec<u8>,
}

/// A message, read but not yet checked against a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The key's hint.
    pub kid: [u8; 8],
    /// The receipt, if one is carried.
    pub receipt: Option<Receipt>,
    /// The claims as they stand, whatever they say.
    pub payload: Vec<(Item, Item)>,
    signed: Vec<u8>,
    signature: [u8; 64],
}

/// Why a text is no message of this profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAMessage {
    /// Nothing at all.
    #[error("there is no code")]
    Empty,
    /// Another address, digits, CBOR or shape.
    #[error("not an XF-QR/1 code, or damaged: {0}")]
    Form(&'static str),
    /// Another profile digit.
    #[error("a newer form of code")]
    Profile,
    /// Another algorithm.
    #[error("an unknown algorithm")]
    Algorithm,
}

impl Message {
    /// Reads the text of a code of the platform `host`.
    pub fn parse(text: &str, host: &str) -> Result<Self, NotAMessage> {
        let text = text.trim_matches([' ', '\r', '\n']);
        if text.is_empty() {
            return Err(NotAMessage::Empty);
        }
        if text.len() > TEXT_CHARS_MAX {
            return Err(NotAMessage::Form("longer than any code"));
        }
        let rest = text
            .strip_prefix("https://")
            .and_then(|rest| rest.strip_prefix(host))
            .and_then(|rest| rest.strip_prefix("/q#"))
            .ok_or(NotAMessage::Form("another address"))?;
        let behind = match rest.chars().next() {
            Some(PROFILE) => rest.get(1..).unwrap_or_default(),
            Some(other) if other.is_ascii_digit() => return Err(NotAMessage::Profile),
            _ => return Err(NotAMessage::Form("no profile digit")),
        };
        let bytes = digits::decode(behind).ok_or(NotAMessage::Form("the digits"))?;
        Self::decode(&bytes)
    }

    /// Reads COSE bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let form = NotAMessage::Form;
        if bytes.len() > BYTES_MAX {
            return Err(form("more than 4096 bytes"));
        }
        let item = cbor::decode(bytes).map_err(|error| form(error.what))?;
        let Item::Sign1(inner) = item else {
            return Err(form("no tag 18"));
        };
        let Item::Array(parts) = *inner else {
            return Err(form("no array"));
        };
        let Ok(
            [
                Item::Bytes(protected),
                Item::Map(unprotected),
                Item::Bytes(payload),
                Item::Bytes(signature),
            ],
        ) = <[Item; 4]>::try_from(parts)
        else {
            return Err(form("not the four parts of COSE_Sign1"));
        };
        let kid = read_protected(&protected)?;
        let receipt = read_unprotected(&unprotected)?;
        let signature = signature
            .try_into()
            .map_err(|_| form("a signature that is not 64 bytes"))?;
        let claims = cbor::decode(&payload).map_err(|error| form(error.what))?;
        let Item::Map(claims) = claims else {
            return Err(form("the payload is no map"));
        };
        claims::check_keys(&claims)?;
        Ok(Self {
            kid,
            receipt,
            payload: claims,
            signed: to_be_signed(&protected, &payload),
            signature,
        })
    }

    /// The issuer that it claims, before its signature is checked.
    pub fn claimed_issuer(&self) -> Option<u64> {
        claims::claimed_issuer(&self.payload)
    }

    /// The position that it claims, before its signature is checked.
    pub fn claimed_position(&self) -> Option<u64> {
        claims::claimed_position(&self.payload)
    }

    /// The credential that it claims to be, before its signature is checked.
    pub fn claimed_id(&self) -> Option<uuid::Uuid> {
        claims::claimed_id(&self.payload)
    }

    /// Whether `key` made the signature.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify(&self.signed, &self.signature).is_ok()
    }
}

fn read_protected(bytes: &[u8]) -> Result<[u8; 8], NotAMessage> {
    let form = NotAMessage::Form("the protected header");
    let Ok(Item::Map(pairs)) = cbor::decode(bytes) else {
        return Err(form);
    };
    let [(Item::Uint(1), alg), (Item::Uint(4), Item::Bytes(kid))] = pairs.as_slice() else {
        return Err(form);
    };
    let kid = kid.as_slice().try_into().map_err(|_| form)?;
    match alg {
        Item::Nint(_) | Item::Uint(_) if alg.as_int() == Some(ALG_EDDSA) => Ok(kid),
        Item::Nint(_) | Item::Uint(_) => Err(NotAMessage::Algorithm),
        _ => Err(form),
    }
}

fn read_unprotected(pairs: &[(Item, Item)]) -> Result<Option<Receipt>, NotAMessage> {
    let form = NotAMessage::Form("the unprotected header");
    let (key, parts) = match pairs {
        [] => return Ok(None),
        [(key, Item::Array(parts))] => (key, parts),
        _ => return Err(form),
    };
    let [Item::Uint(size), Item::Array(path), Item::Bytes(checkpoint)] = parts.as_slice() else {
        return Err(form);
    };
    if key.as_int() != Some(RECEIPT) || path.len() > PATH_MAX {
        return Err(form);
    }
    let path = path
        .iter()
        .map(|hash| hash.as_bytes()?.try_into().ok().map(Digest))
        .collect::<Option<Vec<_>>>()
        .ok_or(form)?;
    Ok(Some(Receipt {
        size: *size,
        path,
        checkpoint: checkpoint.clone(),
    }))
}

fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    Item::Array(vec![
        Item::Text("Signature1".into()),
        Item::Bytes(protected.into()),
        Item::Bytes(EXTERNAL_AAD.into()),
        Item::Bytes(payload.into()),
    ])
    .encode()
}

/// Bytes of a message that a code of version 10 at correction M holds for this host.
pub fn short_bytes_max(host: &str) -> usize {
    // A character more in front takes the room of a byte behind it.
    (SHORT_BYTES_MAX + SHORT_PREFIX_BYTES).saturating_sub(prefix(host).len())
}

/// Bytes of the message of `claims` without a receipt, whoever signs it.
pub fn short_len(claims: &Claims) -> usize {
    message(claims, [0; 8], None, |_| [0; 64]).len()
}

/// The COSE bytes of `claims` signed by `key`, with a receipt or without.
pub fn sign(claims: &Claims, key: &SigningKey, receipt: Option<&Receipt>) -> Vec<u8> {
    message(claims, kid(&key.public()), receipt, |bytes| key.sign(bytes))
}

fn message(
    claims: &Claims,
    kid: [u8; 8],
    receipt: Option<&Receipt>,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Vec<u8> {
    let protected = Item::Map(vec![
        (Item::int(1), Item::int(ALG_EDDSA)),
        (Item::int(4), Item::Bytes(kid.to_vec())),
    ])
    .encode();
    let payload = claims.to_item().encode();
    let signature = sign(&to_be_signed(&protected, &payload));
    let unprotected = receipt.map(|receipt| {
        let path = receipt.path.iter().map(|hash| Item::Bytes(hash.0.to_vec()));
        let parts = vec![
            Item::Uint(receipt.size),
            Item::Array(path.collect()),
            Item::Bytes(receipt.checkpoint.clone()),
        ];
        (Item::int(RECEIPT), Item::Array(parts))
    });
    Item::Sign1(Box::new(Item::Array(vec![
        Item::Bytes(protected),
        Item::Map(unprotected.into_iter().collect()),
        Item::Bytes(payload),
        Item::Bytes(signature.to_vec()),
    ])))
    .encode()
}

/// The text of a code: address, profile digit, digits. The fragment never reaches a server's log.
pub fn text(host: &str, cose: &[u8]) -> String {
    format!("{}{}", prefix(host), payload_digits(cose))
}

/// The part of the text that goes in byte mode.
pub fn prefix(host: &str) -> String {
    format!("https://{host}/q#")
}

/// The part of the text that goes in numeric mode.
pub fn payload_digits(cose: &[u8]) -> String {
    format!("{PROFILE}{}", digits::encode(cose))
}
