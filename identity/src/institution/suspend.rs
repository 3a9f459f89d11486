//! institution.suspend and institution.reinstate: its keys and officers act no more, for now.
//!
//! What was signed before stays; whoever checks offline finds the mark in the trust bundle (E11).

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};

use super::event::{Event, Ground};
use super::state::Institution;
use super::wire;
use crate::did::IssuerNumber;

/// Kind of the assertion that stops.
pub const SUSPEND: &str = "institution.suspend.v1";
/// Kind of the assertion that ends a suspension.
pub const REINSTATE: &str = "institution.reinstate.v1";

/// The data of a suspension; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which institution.
    pub institution: IssuerNumber,
    /// Why.
    pub reason: Ground,
}

/// The data of a reinstatement; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReinstateData {
    /// Which institution.
    pub institution: IssuerNumber,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Stopped.
    Suspend(Ground),
    /// Let on again.
    Reinstate,
}

/// Suspend or reinstate an institution.
#[derive(Debug)]
pub struct SuspendInstitution {
    /// Which institution.
    pub institution: IssuerNumber,
    /// What becomes of it.
    pub change: Change,
}

/// Why it stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SuspendInstitutionError {
    /// Nobody could ever lift it.
    #[error("the registrar is not suspended")]
    Registrar,
    /// No such institution.
    #[error("institution {0} is not admitted")]
    Unknown(IssuerNumber),
    /// It acts no more anyway.
    #[error("institution {number} ended at position {position}")]
    Ended {
        /// Which.
        number: IssuerNumber,
        /// Where.
        position: u64,
    },
    /// There is no suspension to end.
    #[error("institution {0} is not suspended")]
    NotSuspended(IssuerNumber),
}

impl Decision for SuspendInstitution {
    type Error = SuspendInstitutionError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![self.institution.stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, SuspendInstitutionError> {
        let number = self.institution;
        if number == IssuerNumber::REGISTRAR {
            return Err(SuspendInstitutionError::Registrar);
        }
        let institution = world.get::<Institution>(&number.stream());
        if institution.admitted.is_none() {
            return Err(SuspendInstitutionError::Unknown(number));
        }
        let event = match (self.change, institution.life.suspended) {
            (Change::Suspend(_), Some(by)) => return Ok(Verdict::AlreadySo(by)),
            (Change::Suspend(ground), None) => Event::Suspended(ground),
            // Of one that ended since, too: its records are shown as they were before.
            (Change::Reinstate, Some(_)) => Event::Reinstated,
            (Change::Reinstate, None) => {
                return Err(SuspendInstitutionError::NotSuspended(number));
            }
        };
        if let (Event::Suspended(_), Some(ended)) = (&event, institution.life.ended) {
            let position = ended.by.position;
            return Err(SuspendInstitutionError::Ended { number, position });
        }
        Ok(Verdict::Facts(vec![wire::to_fact(number, event)]))
    }
}
