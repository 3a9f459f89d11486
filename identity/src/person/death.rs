//! person.record-death, person.withdraw-death: nobody acts in the name of the dead.
//!
//! What they learned stays as it is, and every credential goes on verifying. A death that was recorded
//! of the wrong person is withdrawn; both take two officers.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::served::{self, NotServed};
use super::wire;
use crate::did::IssuerNumber;
use crate::erasable::Commitments;

/// Kind of the assertion that records a death.
pub const RECORD: &str = "person.record-death.v1";
/// Kind of the assertion that withdraws one.
pub const WITHDRAW: &str = "person.withdraw-death.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["died_on", "reason_text"];

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitments to the day and to what shows it, in words.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Who.
    pub person: Uuid,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Recorded.
    Record,
    /// Withdrawn: the person lives.
    Withdraw,
}

/// Record or withdraw a death.
#[derive(Debug)]
pub struct RecordDeath {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// Which of the two.
    pub change: Change,
    /// What is asked.
    pub data: Data,
}

/// Why it stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordDeathError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// No death was recorded.
    #[error("no death of person {0} is recorded")]
    NotRecorded(Uuid),
}

impl Decision for RecordDeath {
    type Error = RecordDeathError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        served::streams(self.data.person, self.issuer)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RecordDeathError> {
        let person = self.data.person;
        let state = served::check(world, person, self.issuer)?;
        match (self.change, state.died) {
            (Change::Record, Some(by)) => Ok(Verdict::AlreadySo(by)),
            (Change::Record, None) => Ok(Verdict::Facts(vec![wire::death_recorded(person)])),
            (Change::Withdraw, Some(_)) => Ok(Verdict::Facts(vec![wire::death_withdrawn(person)])),
            (Change::Withdraw, None) => Err(RecordDeathError::NotRecorded(person)),
        }
    }
}
