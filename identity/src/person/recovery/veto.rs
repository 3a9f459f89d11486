//! recovery.veto: whoever is signed in, or serves the person, says no to a way back that was begun.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use uuid::Uuid;

pub use super::Data;
use super::{Stage, wire};
use crate::person::delegation::Asker;
use crate::person::served::{self, NotServed};
use crate::person::{Person, wire::stream};

/// Kind of the assertion.
pub const KIND: &str = "recovery.veto.v1";
/// Kind of the ledger's own assertion: the no came from a notice on one of the person's channels.
pub const HALT: &str = "recovery.halt.v1";

/// Say no.
#[derive(Debug)]
pub struct Veto {
    /// Who asks; `None` = whoever holds a notice of it, as the ledger says.
    pub asker: Option<Asker>,
    /// What is asked.
    pub data: Data,
}

/// Why the no does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VetoRecoveryError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// A learner says no for somebody else.
    #[error("a learner says no for the own account only")]
    NotYours,
    /// There is none of this name.
    #[error("there is no recovery {0} of this person")]
    Unknown(Uuid),
    /// It is done, or over.
    #[error("recovery {0} is completed or over")]
    Over(Uuid),
}

impl Decision for Veto {
    type Error = VetoRecoveryError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        let person = self.data.person;
        self.asker
            .map_or_else(|| vec![stream(person)], |asker| asker.streams(person))
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, VetoRecoveryError> {
        let Data { person, recovery } = self.data;
        let state = match self.asker {
            Some(Asker::Officer(issuer, _)) => served::check(world, person, issuer)?,
            Some(Asker::Learner(learner)) if learner != person => {
                return Err(VetoRecoveryError::NotYours);
            }
            Some(Asker::Learner(_)) | None => world.get::<Person>(&stream(person)),
        };
        let it = state.recoveries.find(recovery);
        let it = it.ok_or(VetoRecoveryError::Unknown(recovery))?;
        match it.stage {
            Stage::Vetoed(by) => Ok(Verdict::AlreadySo(by)),
            Stage::Open if it.is_open(world.recorded_at_ms) => {
                Ok(Verdict::Facts(vec![wire::vetoed(person)]))
            }
            Stage::Open | Stage::Completed(..) => Err(VetoRecoveryError::Over(recovery)),
        }
    }
}
