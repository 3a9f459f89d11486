//! recovery.complete: the delay is over and nobody said no; the account is open again.
//!
//! The ledger says so, once whoever began it shows the same proof again: the officers at the counter,
//! or the code of the sheet.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Stage, wire};
use crate::person::state::Barred;
use crate::person::{Person, wire::stream};

/// Kind of the ledger's own assertion.
pub const KIND: &str = "recovery.complete.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Whose.
    pub person: Uuid,
    /// Which.
    pub recovery: Uuid,
}

/// Open the account again.
#[derive(Debug)]
pub struct Complete {
    /// What is asked.
    pub data: Data,
}

/// Why the account stays shut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompleteRecoveryError {
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
    #[error("person {0} is forgotten, dead, or merged into another number")]
    Barred(Uuid),
}

impl Decision for Complete {
    type Error = CompleteRecoveryError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![stream(self.data.person)]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, CompleteRecoveryError> {
        let Data { person, recovery } = self.data;
        let state = world.get::<Person>(&stream(person));
        let it = state.recoveries.find(recovery);
        let it = it.ok_or(CompleteRecoveryError::Unknown(recovery))?;
        match it.stage {
            Stage::Vetoed(_) => return Err(CompleteRecoveryError::Vetoed(recovery)),
            Stage::Completed(by, _) => return Ok(Verdict::AlreadySo(by)),
            Stage::Open => {}
        }
        if !matches!(state.barred(), None | Some(Barred::Suspended)) {
            return Err(CompleteRecoveryError::Barred(person));
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
