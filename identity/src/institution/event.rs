//! What happens to an institution, in today's shapes.

use ledger::hash::Digest;
use ledger::key::PublicKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ranges::Ranges;
use crate::did::IssuerNumber;

/// 组织中枢: where an institution stands in the province.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 省
    Province,
    /// 市
    City,
    /// 县（市、区）
    County,
    /// 学校
    School,
}

impl Level {
    /// Whether an institution of this level can stand directly or further below one of `above`.
    pub const fn is_below(self, above: Self) -> bool {
        (above as u8) < (self as u8)
    }
}

/// What a key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    /// Assertions.
    Assertion,
    /// Credentials, their QR codes and status lists.
    Credential,
    /// The trust bundle (registrar only).
    Bundle,
    /// Facts that only time causes (registrar only).
    Ledger,
    /// Checkpoints of the log (registrar only).
    Checkpoint,
    /// Declares a compromise and activates the next assertion key; kept offline.
    Recovery,
    /// Says "all my commits up to P are mine" and settles disputes; kept apart from the assertion key.
    Acknowledgement,
    /// Signs the sign-in of the institution's machines (`private_key_jwt`), and nothing in the ledger.
    Client,
}

/// Who holds the private half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Custody {
    /// The institution itself.
    Own,
    /// The platform, for the institution: always shown.
    Platform,
}

/// An institution was admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Its number, never given to another.
    pub number: IssuerNumber,
    /// Its name: an institution's name is not personal.
    pub name: String,
    /// 学校标识码.
    pub school_code: Option<String>,
    /// 统一社会信用代码.
    pub credit_code: Option<String>,
    /// Where it stands.
    pub level: Level,
    /// The institution above it.
    pub parent: Option<IssuerNumber>,
    /// Outcome kinds it may assert.
    pub scope: Vec<String>,
    /// Its first officers.
    pub officers: Vec<Uuid>,
}

/// A key may sign from the next position on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyActivated {
    /// The part of its name behind `#`.
    pub fragment: String,
    /// The key.
    pub key: PublicKey,
    /// What it may sign.
    pub r#use: KeyUse,
    /// Who holds it.
    pub custody: Custody,
    /// Hash of the key that may follow it, where one was pledged.
    pub next: Option<Digest>,
}

/// A key gave its place to the next of its use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotated {
    /// The part behind `#` of the old key's name.
    pub old: String,
    /// The new key.
    pub new: KeyActivated,
}

/// What a key signed behind a position does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCompromised {
    /// The part of its name behind `#`.
    pub fragment: String,
    /// The last position at which it counts.
    pub not_valid_after: u64,
}

/// The institution stands for its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryReaffirmed {
    /// Everything up to this position is its own …
    pub through: u64,
    /// … but for these positions, which are Disputed from now on.
    pub except: Vec<u64>,
}

/// What became of disputed positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Settlement {
    /// They are the institution's own.
    Reaffirmed,
    /// They are not: revoked.
    Repudiated,
}

/// A key may sign no more; what it signed stays valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRetired {
    /// The part of its name behind `#`.
    pub fragment: String,
}

/// Why an institution is stopped, or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// Somebody else may have its keys.
    KeysAtRisk,
    /// The authorities look into it, or decided so.
    Supervision,
    /// It asked for it.
    OwnWish,
    /// It is no more.
    Dissolved,
    /// None of these.
    Other,
}

/// Everything that happens to an institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// institution.admitted
    Admitted(Admitted),
    /// key.activated
    KeyActivated(KeyActivated),
    /// key.retired
    KeyRetired(KeyRetired),
    /// key.rotated
    KeyRotated(KeyRotated),
    /// key.compromised
    KeyCompromised(KeyCompromised),
    /// history.reaffirmed
    HistoryReaffirmed(HistoryReaffirmed),
    /// entries.reaffirmed, entries.repudiated
    EntriesSettled {
        /// Which way.
        how: Settlement,
        /// Which positions.
        ranges: Ranges,
    },
    /// institution.renamed
    Renamed {
        /// Its name from here on.
        name: String,
    },
    /// institution.suspended
    Suspended(Ground),
    /// institution.reinstated
    Reinstated,
    /// institution.closed
    Closed(Ground),
    /// institution.merged
    Merged {
        /// Who answers for it from here on.
        into: IssuerNumber,
    },
    /// institution.absorbs
    Absorbs {
        /// Whom it answers for from here on: the one that was merged, and those that one answered for.
        numbers: Vec<IssuerNumber>,
        /// How long the longest chain of mergers up to here is.
        generations: u32,
    },
    /// institution.revived
    Revived {
        /// Its officers from here on.
        officers: Vec<Uuid>,
    },
}
