//! person.suspend, person.reinstate: somebody may not act for a while, whoever holds a token or key.
//!
//! One officer suffices to stop: a stolen phone waits for nobody. To let in again takes two.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::served::{self, NotServed};
use super::wire;
use crate::did::IssuerNumber;
use crate::erasable::Commitments;

/// Kind of the assertion that suspends.
pub const SUSPEND: &str = "person.suspend.v1";
/// Kind of the assertion that ends a suspension.
pub const REINSTATE: &str = "person.reinstate.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["reason_text"];

/// Why somebody is suspended or let in again; the open code, free text is erasable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A device or card was lost or stolen.
    DeviceLost,
    /// Somebody else used the account.
    Misused,
    /// Who it is, is in doubt.
    IdentityDoubtful,
    /// The person asked for it.
    OwnWish,
    /// A court or an authority ordered it.
    Ordered,
    /// What was wrong is put right.
    Settled,
    /// None of these.
    Other,
}

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitment to the reason in words.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Who.
    pub person: Uuid,
    /// Why.
    pub reason: Reason,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Stopped.
    Suspend,
    /// Let in again.
    Reinstate,
}

/// Suspend or reinstate a person.
#[derive(Debug)]
pub struct SuspendPerson {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// Which of the two.
    pub change: Change,
    /// What is asked.
    pub data: Data,
}

/// Why it stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SuspendPersonError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// There is no suspension to end.
    #[error("person {0} is not suspended")]
    NotSuspended(Uuid),
}

impl Decision for SuspendPerson {
    type Error = SuspendPersonError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        served::streams(self.data.person, self.issuer)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, SuspendPersonError> {
        let person = self.data.person;
        let state = served::check(world, person, self.issuer)?;
        match (self.change, state.suspended) {
            (Change::Suspend, Some(by)) => Ok(Verdict::AlreadySo(by)),
            (Change::Suspend, None) => Ok(Verdict::Facts(vec![wire::suspended(person)])),
            (Change::Reinstate, Some(_)) => Ok(Verdict::Facts(vec![wire::reinstated(person)])),
            (Change::Reinstate, None) => Err(SuspendPersonError::NotSuspended(person)),
        }
    }
}
