//! The claims of a code: what a person at a gate may read.
//!
//! Invariant: no national number and no hash of one has a place here; a key below 20 that is not in the
//! table is refused, one from 20 on is counted and passed over.

use ledger::hash::Digest;
use unicode_normalization::is_nfc;
use uuid::Uuid;

use super::NotAMessage;
use crate::policy;
use crate::vc::cbor::Item;

/// Claim that holds our own map.
const XUEFEN: i64 = -65_537;
/// Most bytes of a title.
pub const TITLE_BYTES_MAX: usize = 60;
/// Most bytes of a name.
pub const NAME_BYTES_MAX: usize = 40;
/// Keys from here on may come later.
const LATER: u64 = 20;
/// Numbers are below this: JSON and browsers have doubles.
const NUMBER_END: u64 = 1 << 53;
/// Unix seconds are below this, the year 6325: every calendar has them.
const TIME_END: u64 = 1 << 37;

/// What a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Credit for something learned.
    CreditRecord,
    /// A certificate.
    Certificate,
    /// A summary of a transcript.
    TranscriptSummary,
}

impl Kind {
    const ALL: [(u64, Self, &'static str); 3] = [
        (1, Self::CreditRecord, "credit-record"),
        (2, Self::Certificate, "certificate"),
        (3, Self::TranscriptSummary, "transcript-summary"),
    ];

    fn number(self) -> u64 {
        Self::ALL
            .iter()
            .find(|(_, kind, _)| *kind == self)
            .map_or(1, |(number, ..)| *number)
    }

    /// Its name in an answer.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind, _)| *kind == self)
            .map_or("", |(.., name)| *name)
    }
}

/// The number of a credit scheme; a number we do not know stays one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheme(pub u64);

impl Scheme {
    const ALL: [(u64, policy::Scheme); 5] = [
        (1, policy::Scheme::CnHe),
        (2, policy::Scheme::Ects),
        (3, policy::Scheme::Scqf),
        (4, policy::Scheme::Ncrf),
        (5, policy::Scheme::KrAcbs),
    ];

    /// The number of a scheme; one without credit has none.
    pub fn of(scheme: policy::Scheme) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == scheme)
            .map(|(number, _)| Self(*number))
    }

    /// Its name in an answer.
    pub fn name(self) -> String {
        let known = Self::ALL.iter().find(|(number, _)| *number == self.0);
        known.map_or_else(|| self.0.to_string(), |(_, scheme)| scheme.as_str().into())
    }
}

/// What a code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Unix seconds of its end; `None` = none.
    pub expires_at: Option<u64>,
    /// Unix seconds of its begin; `None` = when issued.
    pub begins_at: Option<u64>,
    /// Unix seconds of issuing.
    pub issued_at: u64,
    /// The credential.
    pub id: Uuid,
    /// Issuer number.
    pub issuer: u64,
    /// What it stands for.
    pub kind: Kind,
    /// At most 60 bytes, NFC.
    pub title: String,
    /// Thousandths of a credit.
    pub amount: Option<u64>,
    /// Of which scheme; `None` = 1.
    pub scheme: Option<Scheme>,
    /// As the learner chose: full, masked or absent; at most 40 bytes, NFC.
    pub name: Option<String>,
    /// Revocation list and index.
    pub status: Option<(u64, u64)>,
    /// Position of the commit.
    pub position: u64,
    /// Tenths of a level.
    pub level: Option<u64>,
    /// Thousandths of an hour.
    pub hours: Option<u64>,
    /// A pairwise id of the learner.
    pub learner: Option<[u8; 16]>,
    /// Leaf hash of the commit.
    pub leaf: Option<Digest>,
    /// Salted commitment of the full document.
    pub full: Option<Digest>,
    /// How many claims of a newer form it has.
    pub newer: usize,
}

/// Claims that break the data model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("claim {0} is missing or breaks its rule")]
pub struct NotClaims(pub &'static str);

/// `text` cut to `bytes_max` at a character, with … where something is missing.
pub fn clip(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.into();
    }
    let end = bytes_max.saturating_sub('…'.len_utf8());
    let cut = (0..=end)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    format!("{}…", text.get(..cut).unwrap_or_default().trim_end())
}

/// Refuses keys that this profile does not know and is not to pass over.
pub(super) fn check_keys(pairs: &[(Item, Item)]) -> Result<(), NotAMessage> {
    let form = NotAMessage::Form;
    for (key, value) in pairs {
        match (key, value) {
            (Item::Uint(4..=7 | LATER..), _) => {}
            (key, Item::Map(own)) if key.as_int() == Some(XUEFEN) => {
                let unknown = |key: &Item| !matches!(key, Item::Uint(1..=13 | LATER..));
                if own.iter().any(|(key, _)| unknown(key)) {
                    return Err(form("an unknown claim in -65537"));
                }
            }
            _ => return Err(form("an unknown claim, or -65537 is no map")),
        }
    }
    Ok(())
}

fn find(pairs: &[(Item, Item)], key: i64) -> Option<&Item> {
    pairs
        .iter()
        .find(|(known, _)| known.as_int() == Some(key))
        .map(|(_, value)| value)
}

fn own(pairs: &[(Item, Item)]) -> &[(Item, Item)] {
    match find(pairs, XUEFEN) {
        Some(Item::Map(own)) => own,
        _ => &[],
    }
}

/// The issuer that a payload claims, before its signature is checked.
pub(super) fn claimed_issuer(payload: &[(Item, Item)]) -> Option<u64> {
    find(own(payload), 1)?.as_uint()
}

/// The position that a payload claims, before its signature is checked.
pub(super) fn claimed_position(payload: &[(Item, Item)]) -> Option<u64> {
    find(own(payload), 8)?.as_uint()
}

/// The credential that a payload claims, before its signature is checked.
pub(super) fn claimed_id(payload: &[(Item, Item)]) -> Option<Uuid> {
    Uuid::from_slice(find(payload, 7)?.as_bytes()?).ok()
}

/// A claim that may be missing but not be of another shape.
fn optional<T>(
    pairs: &[(Item, Item)],
    key: i64,
    name: &'static str,
    read: impl Fn(&Item) -> Option<T>,
) -> Result<Option<T>, NotClaims> {
    find(pairs, key)
        .map(|item| read(item).ok_or(NotClaims(name)))
        .transpose()
}

fn text(item: &Item, bytes_max: usize) -> Option<String> {
    match item {
        Item::Text(text) if (1..=bytes_max).contains(&text.len()) && is_nfc(text) => {
            Some(text.clone())
        }
        _ => None,
    }
}

fn digest(item: &Item) -> Option<Digest> {
    item.as_bytes()?.try_into().ok().map(Digest)
}

impl Claims {
    /// Reads a payload whose signature holds.
    pub fn read(pairs: &[(Item, Item)]) -> Result<Self, NotClaims> {
        let uint = Item::as_uint;
        let ours = own(pairs);
        let kind = optional(ours, 2, "kind", uint)?
            .and_then(|n| Kind::ALL.iter().find(|(number, ..)| *number == n))
            .map(|(_, kind, _)| *kind)
            .ok_or(NotClaims("kind"))?;
        let status = |item: &Item| match item {
            Item::Array(pair) => match pair.as_slice() {
                [list, index] => Some((list.as_uint()?, index.as_uint()?)),
                _ => None,
            },
            _ => None,
        };
        let later = |pairs: &[(Item, Item)]| {
            let later = |key: &Item| matches!(key, Item::Uint(LATER..));
            pairs.iter().filter(|(key, _)| later(key)).count()
        };
        let claims = Self {
            expires_at: optional(pairs, 4, "exp", uint)?,
            begins_at: optional(pairs, 5, "nbf", uint)?,
            issued_at: optional(pairs, 6, "iat", uint)?.ok_or(NotClaims("iat"))?,
            id: claimed_id(pairs).ok_or(NotClaims("cti"))?,
            issuer: optional(ours, 1, "issuer", uint)?.ok_or(NotClaims("issuer"))?,
            kind,
            title: optional(ours, 3, "title", |item| text(item, TITLE_BYTES_MAX))?
                .ok_or(NotClaims("title"))?,
            amount: optional(ours, 4, "amount", uint)?,
            scheme: optional(ours, 5, "scheme", uint)?.map(Scheme),
            name: optional(ours, 6, "name", |item| text(item, NAME_BYTES_MAX))?,
            status: optional(ours, 7, "status", status)?,
            position: optional(ours, 8, "position", uint)?.ok_or(NotClaims("position"))?,
            level: optional(ours, 9, "level", uint)?,
            hours: optional(ours, 10, "hours", uint)?,
            learner: optional(ours, 11, "learner", |item| item.as_bytes()?.try_into().ok())?,
            leaf: optional(ours, 12, "leaf", digest)?,
            full: optional(ours, 13, "full", digest)?,
            newer: later(pairs).saturating_add(later(ours)),
        };
        claims.check()?;
        Ok(claims)
    }

    fn check(&self) -> Result<(), NotClaims> {
        let times = [Some(self.issued_at), self.begins_at, self.expires_at];
        if times.into_iter().flatten().any(|time| time >= TIME_END) {
            return Err(NotClaims("exp, nbf or iat"));
        }
        let (list, index) = self.status.unzip();
        let scheme = self.scheme.map(|scheme| scheme.0);
        let numbers = [
            Some(self.issuer),
            self.amount,
            scheme,
            list,
            index,
            Some(self.position),
            self.level,
            self.hours,
        ];
        if numbers.into_iter().flatten().any(|n| n >= NUMBER_END) {
            return Err(NotClaims("a number"));
        }
        if self.kind == Kind::CreditRecord && self.amount.is_none() {
            return Err(NotClaims("amount"));
        }
        let begin = self.begins_at.unwrap_or(self.issued_at);
        if self.expires_at.is_some_and(|end| end <= begin) {
            return Err(NotClaims("exp"));
        }
        Ok(())
    }

    /// The payload's map; newer claims are not in it.
    pub fn to_item(&self) -> Item {
        let uint = |key: i64, value: Option<u64>| value.map(|n| (Item::int(key), Item::Uint(n)));
        let bytes = |key: i64, value: Option<&[u8]>| {
            value.map(|bytes| (Item::int(key), Item::Bytes(bytes.into())))
        };
        let words = |key: i64, value: Option<&String>| {
            value.map(|text| (Item::int(key), Item::Text(text.clone())))
        };
        let status = self.status.map(|(list, index)| {
            let pair = vec![Item::Uint(list), Item::Uint(index)];
            (Item::int(7), Item::Array(pair))
        });
        let ours = [
            uint(1, Some(self.issuer)),
            uint(2, Some(self.kind.number())),
            words(3, Some(&self.title)),
            uint(4, self.amount),
            uint(5, self.scheme.map(|scheme| scheme.0)),
            words(6, self.name.as_ref()),
            status,
            uint(8, Some(self.position)),
            uint(9, self.level),
            uint(10, self.hours),
            bytes(11, self.learner.as_ref().map(<[u8; 16]>::as_slice)),
            bytes(12, self.leaf.as_ref().map(|leaf| leaf.0.as_slice())),
            bytes(13, self.full.as_ref().map(|full| full.0.as_slice())),
        ];
        let claims = [
            uint(4, self.expires_at),
            uint(5, self.begins_at),
            uint(6, Some(self.issued_at)),
            bytes(7, Some(self.id.as_bytes())),
            Some((
                Item::int(XUEFEN),
                Item::Map(ours.into_iter().flatten().collect()),
            )),
        ];
        Item::Map(claims.into_iter().flatten().collect())
    }
}
