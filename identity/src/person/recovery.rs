//! Ways back into an account that nobody can sign in to any more (SECURITY §1.4).
//!
//! Invariant: nothing completes with fewer proofs than the person's level asks for, before its delay is
//! over, or after a veto. Whoever still has a device or an upstream sign-in needs none of this: that
//! person signs in and links another (R1, R2). Here are the counter with two officers (R3) and the
//! printed sheet (R4).

pub mod complete;
pub mod sheet;
pub mod start;
pub mod veto;
pub mod wire;

use ledger::decision::{Earlier, Occurred};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::assurance::Level;
use crate::did::IssuerNumber;

/// How long a recovery waits for a veto, in milliseconds; at a counter an elder does not wait.
pub const DELAY_MS: i64 = 72 * HOUR_MS;
/// How long it may be completed once its delay is over.
pub const OPEN_MS: i64 = 30 * 24 * HOUR_MS;
/// How long nothing can be redeemed after it.
pub const REDEEM_LOCK_MS: i64 = 24 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;

/// By what somebody comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// A document at a counter, seen by two officers.
    Counter,
    /// The code of the printed sheet.
    Sheet,
}

impl Way {
    /// The highest level of an account that it opens again, at a counter of `institution`: one behind a key
    /// in hardware, the registrar's alone.
    pub fn opens(self, institution: Option<IssuerNumber>) -> Level {
        match self {
            Self::Counter if institution == Some(IssuerNumber::REGISTRAR) => Level::HARDWARE,
            Self::Counter | Self::Sheet => Level::GOVERNMENT,
        }
    }
}

/// The data of every assertion about one that was begun; shipped: never changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Whose.
    pub person: Uuid,
    /// Which.
    pub recovery: Uuid,
}

/// Everything that happens on the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// recovery.sheet-issued
    SheetIssued {
        /// Random name of the sheet.
        sheet: Uuid,
    },
    /// recovery.started
    Started {
        /// Which.
        recovery: Uuid,
        /// By what.
        way: Way,
        /// From when on it may be completed, Unix milliseconds.
        ready_ms: i64,
    },
    /// recovery.vetoed
    Vetoed {
        /// Which.
        recovery: Uuid,
    },
    /// recovery.completed
    Completed {
        /// Which.
        recovery: Uuid,
    },
}

/// How a recovery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It waits, or may be completed.
    Open,
    /// Somebody said no.
    Vetoed(Earlier),
    /// The account is open again, since this time.
    Completed(Earlier, i64),
}

/// One way back that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// Its name.
    pub id: Uuid,
    /// By what.
    pub way: Way,
    /// From when on it may be completed, Unix milliseconds.
    pub ready_ms: i64,
    /// The commit that began it.
    pub by: Earlier,
    /// How it stands.
    pub stage: Stage,
}

impl Recovery {
    /// Whether it can still be completed or vetoed at `now_ms`.
    pub fn is_open(&self, now_ms: i64) -> bool {
        self.stage == Stage::Open && now_ms < self.ready_ms.saturating_add(OPEN_MS)
    }
}

/// A person's ways back, in order, and the sheet in force.
#[derive(Debug, Clone, Default)]
pub struct Recoveries {
    /// Begun ones.
    pub begun: Vec<Recovery>,
    /// The printed sheet, if one was issued and not used since.
    pub sheet: Option<(Uuid, Earlier)>,
}

impl Recoveries {
    pub(super) fn evolve(&mut self, event: &Event, at: &Occurred<'_>, here: Earlier) {
        let stage = |begun: &mut Vec<Recovery>, id: Uuid, stage: Stage| {
            if let Some(it) = begun.iter_mut().find(|it| it.id == id) {
                it.stage = stage;
            }
        };
        match *event {
            Event::SheetIssued { sheet } => self.sheet = Some((sheet, here)),
            Event::Started {
                recovery,
                way,
                ready_ms,
            } => {
                // A code is used once, whatever comes of it.
                if way == Way::Sheet {
                    self.sheet = None;
                }
                self.begun.push(Recovery {
                    id: recovery,
                    way,
                    ready_ms,
                    by: here,
                    stage: Stage::Open,
                });
            }
            Event::Vetoed { recovery } => stage(&mut self.begun, recovery, Stage::Vetoed(here)),
            Event::Completed { recovery } => {
                // Whoever was in may have printed it.
                self.sheet = None;
                let done = Stage::Completed(here, at.recorded_at_ms);
                stage(&mut self.begun, recovery, done);
            }
        }
    }

    /// A sheet that was printed since `position` opens nothing: somebody else printed it, whose number was
    /// merged into this one by mistake.
    pub(super) fn undo_since(&mut self, position: u64) {
        self.sheet = self.sheet.filter(|(_, by)| by.position < position);
    }

    /// Where the account was last opened again.
    pub fn completed_at(&self) -> Option<u64> {
        let completed = self.begun.iter().filter_map(|it| match it.stage {
            Stage::Completed(by, _) => Some(by.position),
            Stage::Open | Stage::Vetoed(_) => None,
        });
        completed.max()
    }

    /// The one of this name.
    pub fn find(&self, id: Uuid) -> Option<&Recovery> {
        self.begun.iter().find(|it| it.id == id)
    }

    /// The one that can still be completed or vetoed.
    pub fn open(&self, now_ms: i64) -> Option<&Recovery> {
        self.begun.iter().find(|it| it.is_open(now_ms))
    }

    /// When the account was last opened again, Unix milliseconds.
    pub fn completed_ms(&self) -> Option<i64> {
        let completed = self.begun.iter().filter_map(|it| match it.stage {
            Stage::Completed(_, at_ms) => Some(at_ms),
            Stage::Open | Stage::Vetoed(_) => None,
        });
        completed.max()
    }

    /// Whether nothing may be redeemed yet.
    pub fn locks_redemption(&self, now_ms: i64) -> bool {
        self.completed_ms()
            .is_some_and(|at_ms| now_ms < at_ms.saturating_add(REDEEM_LOCK_MS))
    }
}
