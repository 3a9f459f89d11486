//! Being forgotten: what was asked, what the law keeps back, what was destroyed (SECURITY §7).
//!
//! Invariant: a purpose is destroyed at most once in an erasure, never while a lock holds it, and
//! certified only after every copy of the keys that could be older than the destruction has expired.

pub mod certify;
pub mod destroy;
pub mod request;

use jiff::civil::Date;
use ledger::decision::Earlier;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::purpose::Purpose;

/// How long a copy of the key store may live (backups, replicas), in milliseconds: 30 days. The
/// same bound holds for uploaded files and kept answers.
pub const COPIES_LIFE_MS: i64 = 30 * 86_400_000;

/// On what ground values are erased (PIPL art. 47 (1), in its order).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// What they were kept for is achieved, or cannot be, or they are no longer needed.
    PurposeAchieved,
    /// The service ended, or the time for keeping them ran out.
    ServiceEnded,
    /// The person withdrew consent.
    ConsentWithdrawn,
    /// They were handled against the law or an agreement.
    Unlawful,
    /// Another law says so.
    OtherLaw,
}

/// Values that a law keeps: stored, closed to every use until a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Which values.
    pub purpose: Purpose,
    /// First day on which they may be destroyed.
    #[serde(with = "crate::date")]
    pub until: Date,
}

/// A round of destruction: every value of these purposes that stood then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// What is destroyed.
    pub purposes: Vec<Purpose>,
    /// Random names of the data keys that are gone.
    pub keys: Vec<Uuid>,
    /// How many commitments its commits name so far.
    pub commitments: u64,
    /// How many commits it has.
    pub parts: u32,
    /// Their positions so far.
    pub positions: Vec<u64>,
    /// Recording time of the newest, Unix milliseconds.
    pub at_ms: i64,
}

impl Round {
    /// Whether every part is there.
    pub fn is_whole(&self) -> bool {
        u32::try_from(self.positions.len()).is_ok_and(|n| n >= self.parts)
    }
}

/// An erasure and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Id of the assertion that asked for it.
    pub id: Uuid,
    /// The commit that put it in force.
    pub requested: Earlier,
    /// What is to go.
    pub purposes: Vec<Purpose>,
    /// On what ground.
    pub ground: Ground,
    /// What a law keeps back.
    pub locks: Vec<Lock>,
    /// What was destroyed, in order; the last one may be under way.
    pub rounds: Vec<Round>,
    /// How many rounds are certified, and by which commit at last.
    pub certified: Option<(usize, Earlier)>,
}

impl Erasure {
    /// Whether this purpose is gone.
    pub fn is_destroyed(&self, purpose: Purpose) -> bool {
        self.rounds
            .iter()
            .any(|round| round.is_whole() && round.purposes.contains(&purpose))
    }

    /// Whether this purpose is to go and is not gone yet.
    pub fn is_closing(&self, purpose: Purpose) -> bool {
        self.purposes.contains(&purpose) && !self.is_destroyed(purpose)
    }

    /// Until when a law keeps this purpose.
    pub fn lock(&self, purpose: Purpose) -> Option<Date> {
        let lock = self.locks.iter().find(|lock| lock.purpose == purpose);
        lock.map(|lock| lock.until)
    }

    /// What may be destroyed on this day and is not yet.
    pub fn due(&self, today: Date) -> Vec<Purpose> {
        let open = self.purposes.iter().copied();
        open.filter(|&purpose| {
            !self.is_destroyed(purpose) && self.lock(purpose).is_none_or(|until| until <= today)
        })
        .collect()
    }

    /// The round under way.
    pub fn under_way(&self) -> Option<&Round> {
        self.rounds.last().filter(|round| !round.is_whole())
    }

    /// Whole rounds that no certificate covers yet.
    pub fn uncertified(&self) -> &[Round] {
        let done = self.certified.map_or(0, |(rounds, _)| rounds);
        let whole = self.rounds.len() - usize::from(self.under_way().is_some());
        self.rounds.get(done..whole).unwrap_or_default()
    }

    /// From when on what is destroyed may be certified, Unix milliseconds.
    pub fn certifiable_from_ms(&self) -> Option<i64> {
        let newest = self.uncertified().iter().map(|round| round.at_ms).max()?;
        Some(newest.saturating_add(COPIES_LIFE_MS))
    }

    /// How many commitments the whole rounds name.
    pub fn commitments(&self) -> u64 {
        let whole = self.rounds.iter().filter(|round| round.is_whole());
        whole.fold(0, |sum, round| sum.saturating_add(round.commitments))
    }

    /// Whether nothing is left to destroy.
    pub fn is_complete(&self) -> bool {
        self.purposes.iter().all(|it| self.is_destroyed(*it))
    }
}
