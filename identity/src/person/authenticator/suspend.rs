//! authenticator.suspend: the ledger saw that somebody else has the same key; it signs nobody in any more.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::SUSPENDED_V1;
use crate::person::{Person, wire};
use crate::wire::own;

/// Kind of the assertion that stops a passkey.
pub const KIND: &str = "authenticator.suspend.v1";

/// The data of authenticator.suspend.v1; shipped: never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which.
    pub authenticator: Uuid,
    /// Whose.
    pub person: Uuid,
}

/// Stop a passkey whose counter went back. Also the last one: whoever has the copy must not come in, and its
/// owner comes back as after any loss.
#[derive(Debug)]
pub struct SuspendAuthenticator {
    /// What is asked.
    pub data: Data,
}

/// Why nothing is stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SuspendAuthenticatorError {
    /// The person has no such passkey.
    #[error("person {person} has no passkey {authenticator}")]
    Unknown {
        /// Whose.
        person: Uuid,
        /// Which.
        authenticator: Uuid,
    },
}

impl Decision for SuspendAuthenticator {
    type Error = SuspendAuthenticatorError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![wire::stream(self.data.person)]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, SuspendAuthenticatorError> {
        let Data {
            authenticator,
            person,
        } = self.data;
        let state = world.get::<Person>(&wire::stream(person));
        if state.authenticators.find(authenticator).is_none() {
            return Err(SuspendAuthenticatorError::Unknown {
                person,
                authenticator,
            });
        }
        let suspended = own(wire::stream(person), SUSPENDED_V1);
        Ok(Verdict::Facts(vec![suspended]))
    }
}
