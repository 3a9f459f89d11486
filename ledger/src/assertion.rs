//! The assertion: a signed request to change the ledger, a compact JWS in one exact form, or a
//! member of a signed batch.
//!
//! Invariant: everything here is read from the bytes received; nothing is re-serialised before a
//! signature is checked. Two texts never parse to the same assertion: header and payload are JCS.
//! Form: docs/FORMAT.md "Assertion".

mod draft;
mod form;
mod kid;
mod member;

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::canonical::{self, NotCanonical};
use crate::hash::Digest;
use crate::key::{BadSignature, PublicKey};
use crate::merkle;

pub use draft::Draft;
pub use form::{format_ms, format_s};
use form::{is_kind, parse_ms};
pub use kid::{Kid, NotAKid};
pub use member::Place;
use member::{MEMBER_TAG, MemberLine};

/// The `typ` of an assertion's header: keeps its signature out of every other protocol.
pub const TYP: &str = "xf-assertion+jws";
/// Largest compact JWS in bytes: what is left of a leaf when its facts are small.
pub const ASSERTION_BYTES_MAX: usize = 65_000;

/// The checkpoint its signer had seen: bounds signing time and makes the signer a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// RFC 6962 root at that size.
    pub root: Digest,
    /// Number of commits.
    pub size: u64,
}

/// The commit that a correction or an approval is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Id of its assertion.
    pub id: Uuid,
    /// Its leaf hash: exactly what the signer saw.
    pub leaf: Digest,
}

/// The commit, of this or another log, that made the signer ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Id of its assertion.
    pub id: Uuid,
    /// Its leaf hash.
    pub leaf: Digest,
    /// Origin of the log it stands in.
    pub log: String,
}

/// How the acting person was known to whoever signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// A session that a passkey began.
    Passkey,
    /// A signed-in session.
    Session,
    /// An access token.
    Token,
}

/// Who acted and how, where a key is used for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// How the person was known.
    pub by: By,
    /// For whom the person acted, if for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Uuid>,
    /// The person.
    pub person: Uuid,
    /// In which role (SECURITY §5: one enum, held by the identity crate).
    pub role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    alg: &'a str,
    kid: String,
    typ: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<Act>,
    at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    data: Box<RawValue>,
    id: Uuid,
    kind: String,
    log: String,
    seen: Seen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
}

/// Why bytes are no assertion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Too large.
    #[error("an assertion of {0} bytes; at most 65000 fit")]
    TooLarge(usize),
    /// Not three base64url parts.
    #[error("not a compact JWS: {0}")]
    Compact(&'static str),
    /// The header is not exactly alg, kid, typ.
    #[error(
        "the JWS header must be exactly {{\"alg\":\"EdDSA\",\"kid\":…,\"typ\":\"xf-assertion+jws\"}}: {0}"
    )]
    Header(String),
    /// `alg` names an algorithm that is listed but not enabled, or unknown.
    #[error("algorithm {0:?} is not enabled")]
    Algorithm(String),
    /// The payload is not JCS.
    #[error("the payload is not JCS (RFC 8785): {0}")]
    NotCanonical(#[from] NotCanonical),
    /// The payload's members are not those of an assertion.
    #[error("the payload's members: {0}")]
    Payload(String),
    /// `id` is not a UUIDv7 or v8.
    #[error("id must be a UUIDv7, or a UUIDv8 when derived")]
    Id,
    /// `at` is not RFC 3339 in UTC with milliseconds.
    #[error("at must be RFC 3339 in UTC with three decimals, as 2026-11-22T06:00:00.000Z")]
    At,
    /// The line of a batch's member is not in its form.
    #[error("the line of a batch's member: {0}")]
    Member(&'static str),
    /// `kind` is not `noun.verb.vN`.
    #[error("kind must be lower-case words with a version, as outcome.record.v1")]
    Kind,
}

/// What vouches for an assertion.
#[derive(Clone)]
enum Voucher {
    /// A signature of its own.
    Signature {
        payload_at: usize,
        signature_at: usize,
        signature: Box<[u8; 64]>,
        /// The key that made the signature in this process and checked it before it left.
        made_by: Option<PublicKey>,
    },
    /// The envelope of a signed batch.
    Batch {
        /// Where it stands; the sequencer says so.
        place: Option<Place>,
        /// What the envelope's root is made of.
        leaf_hash: Digest,
    },
}

/// A signed asking, parsed but not yet checked against a key.
#[derive(Clone)]
pub struct Assertion {
    /// The compact JWS, or a member's payload in base64url.
    text: Box<str>,
    voucher: Voucher,
    kid: Kid,
    id: Uuid,
    log: Box<str>,
    kind: Box<str>,
    at_ms: i64,
    seen: Seen,
    target: Option<Target>,
    cause: Option<Cause>,
    act: Option<Act>,
    data: Box<RawValue>,
}

impl Assertion {
    /// Reads a compact JWS in the exact form.
    pub fn parse(compact: &str) -> Result<Self, Malformed> {
        if compact.len() > ASSERTION_BYTES_MAX {
            return Err(Malformed::TooLarge(compact.len()));
        }
        let (header_b64, rest) = compact
            .split_once('.')
            .ok_or(Malformed::Compact("no dot"))?;
        let (payload_b64, signature_b64) = rest
            .split_once('.')
            .ok_or(Malformed::Compact("one dot only"))?;
        let kid = header(&decode(header_b64, "the header is not base64url")?)?;
        let signature = decode(signature_b64, "the signature is not base64url")?
            .try_into()
            .map_err(|_| Malformed::Compact("the signature is not 64 bytes"))?;
        let payload_at = header_b64.len() + 1;
        let voucher = Voucher::Signature {
            payload_at,
            signature_at: payload_at + payload_b64.len(),
            signature,
            made_by: None,
        };
        let payload = payload(&decode(payload_b64, "the payload is not base64url")?)?;
        Self::of(compact, voucher, kid, payload)
    }

    /// Reads a member of a batch that `kid` signs: its payload in base64url. It is vouched for by
    /// nothing until its batch is (see [`crate::batch::Batch`]).
    pub fn member(kid: &Kid, payload_base64url: &str) -> Result<Self, Malformed> {
        if payload_base64url.len() > ASSERTION_BYTES_MAX {
            return Err(Malformed::TooLarge(payload_base64url.len()));
        }
        let bytes = decode(payload_base64url, "the payload is not base64url")?;
        let voucher = Voucher::Batch {
            place: None,
            leaf_hash: merkle::leaf_hash(&bytes),
        };
        Self::of(payload_base64url, voucher, kid.clone(), payload(&bytes)?)
    }

    /// Reads a leaf's assertion line: a compact JWS, or a member of a batch with its place.
    pub fn from_line(line: &str) -> Result<Self, Malformed> {
        let Some(member) = MemberLine::split(line)? else {
            return Self::parse(line);
        };
        let kid = Kid::parse(member.kid).map_err(|e| Malformed::Header(e.to_string()))?;
        Ok(Self::member(&kid, member.payload)?.placed(member.place))
    }

    fn of(text: &str, voucher: Voucher, kid: Kid, payload: Payload) -> Result<Self, Malformed> {
        if !matches!(payload.id.get_version_num(), 7 | 8) {
            return Err(Malformed::Id);
        }
        if !is_kind(&payload.kind) {
            return Err(Malformed::Kind);
        }
        Ok(Self {
            text: text.into(),
            voucher,
            kid,
            id: payload.id,
            log: payload.log.into(),
            kind: payload.kind.into(),
            at_ms: parse_ms(&payload.at).ok_or(Malformed::At)?,
            seen: payload.seen,
            target: payload.target,
            cause: payload.cause,
            act: payload.act,
            data: payload.data,
        })
    }

    /// The id alone of a leaf's assertion line, for indexes; the rest is not looked at.
    pub fn id_of(line: &str) -> Result<Uuid, Malformed> {
        #[derive(Deserialize)]
        struct OnlyId {
            id: Uuid,
        }
        let payload = match MemberLine::split(line)? {
            Some(member) => member.payload,
            None => line
                .split('.')
                .nth(1)
                .ok_or(Malformed::Compact("no payload"))?,
        };
        let bytes = decode(payload, "the payload is not base64url")?;
        serde_json::from_slice::<OnlyId>(&bytes)
            .map(|only| only.id)
            .map_err(|e| Malformed::Payload(e.to_string()))
    }

    /// Checks the signature over the bytes received, by the one Ed25519 rule.
    ///
    /// One that [`Draft::sign`] has just made under the same key was checked there. A batch's member
    /// has none: it never verifies by itself.
    pub fn verify(&self, key: &PublicKey) -> Result<(), BadSignature> {
        let Voucher::Signature {
            signature_at,
            signature,
            made_by,
            ..
        } = &self.voucher
        else {
            return Err(BadSignature);
        };
        if made_by.as_ref() == Some(key) {
            return Ok(());
        }
        let signed = self.text.as_bytes().get(..*signature_at);
        key.verify(signed.unwrap_or_default(), signature)
    }

    /// The text as received: the compact JWS, or a member's payload in base64url.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether both are the same asking, byte for byte.
    pub fn is_same(&self, other: &Self) -> bool {
        self.text == other.text && self.kid == other.kid
    }

    /// The payload's text in base64url.
    pub fn payload_base64url(&self) -> &str {
        match &self.voucher {
            Voucher::Signature {
                payload_at,
                signature_at,
                ..
            } => self
                .text
                .get(*payload_at..*signature_at)
                .unwrap_or_default(),
            Voucher::Batch { .. } => &self.text,
        }
    }

    /// Of a batch's member: what the envelope's root is made of, SHA-256(0x00 ‖ payload).
    pub fn member_hash(&self) -> Option<Digest> {
        match &self.voucher {
            Voucher::Signature { .. } => None,
            Voucher::Batch { leaf_hash, .. } => Some(*leaf_hash),
        }
    }

    /// Of a batch's member: where it stands, once that is known.
    pub fn place(&self) -> Option<Place> {
        match &self.voucher {
            Voucher::Signature { .. } => None,
            Voucher::Batch { place, .. } => *place,
        }
    }

    /// A batch's member at its place.
    #[must_use]
    pub(crate) fn placed(mut self, at: Place) -> Self {
        if let Voucher::Batch { place, .. } = &mut self.voucher {
            *place = Some(at);
        }
        self
    }

    /// The leaf's line; `None` of a member that has no place yet.
    pub(crate) fn line(&self) -> Option<Cow<'_, str>> {
        match &self.voucher {
            Voucher::Signature { .. } => Some(Cow::Borrowed(&self.text)),
            Voucher::Batch { place, .. } => place.map(|Place { envelope, index }| {
                format!("{MEMBER_TAG}{envelope}:{index}:{}:{}", self.kid, self.text).into()
            }),
        }
    }

    /// The key that signs.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Origin of the log it is for.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// Its kind with version.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The signer's own time, Unix milliseconds: a claim.
    pub fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// The checkpoint its signer had seen.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// What it corrects or approves.
    pub fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// What made the signer ask.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Who acted and how.
    pub fn act(&self) -> Option<&Act> {
        self.act.as_ref()
    }

    /// The content as JCS text.
    pub fn data(&self) -> &RawValue {
        &self.data
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assertion({} {} by {})", self.kind, self.id, self.kid)
    }
}

fn decode(text: &str, what: &'static str) -> Result<Vec<u8>, Malformed> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Malformed::Compact(what))
}

fn header(bytes: &[u8]) -> Result<Kid, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed::Header("not UTF-8".into()))?;
    canonical::check(text).map_err(|e| Malformed::Header(e.to_string()))?;
    let header: Header<'_> =
        serde_json::from_str(text).map_err(|e| Malformed::Header(e.to_string()))?;
    if !crate::algorithm::signature_is_enabled(header.alg) {
        return Err(Malformed::Algorithm(header.alg.into()));
    }
    if header.typ != TYP {
        return Err(Malformed::Header(format!("typ is {:?}", header.typ)));
    }
    Kid::parse(&header.kid).map_err(|e| Malformed::Header(e.to_string()))
}

fn payload(bytes: &[u8]) -> Result<Payload, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed::Payload("not UTF-8".into()))?;
    canonical::check(text)?;
    serde_json::from_str(text).map_err(|e| Malformed::Payload(e.to_string()))
}
