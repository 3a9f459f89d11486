//! recovery.complete, recovery.complete-at-counter: the delay is over and nobody said no; the account is
//! open again.
//!
//! What the sheet began its code completes, and the ledger says so: whoever types it is nobody yet. What
//! two officers began one of them completes, who is named.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use uuid::Uuid;

pub use super::Data;
use super::{Stage, Way, wire};
use crate::ask::Ask;
use crate::person::assurance::{Level, level_in};
use crate::person::served::{self, NotServed};
use crate::person::state::Barred;
use crate::person::{Person, numbers, wire::stream};

/// Kind of the ledger's own assertion.
pub const KIND: &str = "recovery.complete.v1";
/// Kind of the assertion of an officer.
pub const AT_COUNTER: &str = "recovery.complete-at-counter.v1";

/// Open the account again.
#[derive(Debug)]
pub struct Complete {
    /// The asking side, if an officer asks.
    pub officer: Option<Ask>,
    /// What is asked.
    pub data: Data,
}

/// Why the account stays shut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompleteRecoveryError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// An officer opens the own account.
    #[error("no officer opens the own account again")]
    OwnAccount,
    /// There is none of this name.
    #[error("there is no recovery {0} of this person")]
    Unknown(Uuid),
    /// Somebody said no.
    #[error("somebody said no to recovery {0}")]
    Vetoed(Uuid),
    /// Its delay is not over.
    #[error("recovery {recovery} can be completed from {ready_ms} on (Unix time in milliseconds)")]
    TooSoon {
        /// Which.
        recovery: Uuid,
        /// From when on.
        ready_ms: i64,
    },
    /// It waited too long.
    #[error("recovery {0} was not completed in time: begin another")]
    TooLate(Uuid),
    /// The person died or was forgotten meanwhile, or the number was merged.
    #[error("person {0} is forgotten, dead, or was merged with another number meanwhile")]
    Barred(Uuid),
    /// The account asks for more proof than when it was begun.
    #[error("an account known at {0} is not opened in this way")]
    LevelTooHigh(Level),
}

impl Decision for Complete {
    type Error = CompleteRecoveryError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let person = self.data.person;
        let mut streams = numbers::streams(world, person);
        let officer = self.officer.iter();
        streams.extend(officer.flat_map(|ask| served::streams(person, ask.issuer)));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, CompleteRecoveryError> {
        let Data { person, recovery } = self.data;
        let (state, way) = match &self.officer {
            None => (world.get::<Person>(&stream(person)), Way::Sheet),
            Some(ask) if ask.person() == Some(person) => {
                return Err(CompleteRecoveryError::OwnAccount);
            }
            Some(ask) => (served::check(world, person, ask.issuer)?, Way::Counter),
        };
        let it = state.recoveries.find(recovery);
        let it = it.filter(|it| it.way == way);
        let it = it.ok_or(CompleteRecoveryError::Unknown(recovery))?;
        match it.stage {
            Stage::Vetoed(_) => return Err(CompleteRecoveryError::Vetoed(recovery)),
            Stage::Completed(by, _) => return Ok(Verdict::AlreadySo(by)),
            Stage::Open => {}
        }
        let merged = state.merged_at().is_some_and(|at| at > it.by.position);
        if merged || !matches!(state.barred(), None | Some(Barred::Suspended)) {
            return Err(CompleteRecoveryError::Barred(person));
        }
        let level = level_in(world, person);
        if level > way.opens(self.officer.as_ref().map(|ask| ask.issuer)) {
            return Err(CompleteRecoveryError::LevelTooHigh(level));
        }
        if world.recorded_at_ms < it.ready_ms {
            return Err(CompleteRecoveryError::TooSoon {
                recovery,
                ready_ms: it.ready_ms,
            });
        }
        if !it.is_open(world.recorded_at_ms) {
            return Err(CompleteRecoveryError::TooLate(recovery));
        }
        Ok(Verdict::Facts(vec![wire::completed(person)]))
    }
}
