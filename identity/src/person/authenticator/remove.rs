//! authenticator.remove, authenticator.remove-officer: a passkey signs its person in no more.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::REMOVED_V1;
use crate::ask::Ask;
use crate::person::link::remove::{self, NotTaken};
use crate::person::served::NotServed;
use crate::person::wire;
use crate::wire::own;

/// Kind of the assertion that takes a passkey away.
pub const KIND: &str = "authenticator.remove.v1";
/// Kind of the assertion of two security administrators that takes an officer's away.
pub const OF_OFFICER: &str = "authenticator.remove-officer.v1";

/// The data of authenticator.remove.v1; shipped: never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which.
    pub authenticator: Uuid,
    /// Whose.
    pub person: Uuid,
}

/// Take a passkey away.
#[derive(Debug)]
pub struct RemoveAuthenticator {
    /// The asking side; of an officer's passkey, that of the proposal.
    pub ask: Ask,
    /// Whether two security administrators say so of an officer.
    pub of_officer: bool,
    /// What is asked.
    pub data: Data,
}

/// Why a passkey stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoveAuthenticatorError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// Somebody else's.
    #[error(
        "people remove their own passkeys, a counter those of learners, an institution those of its clerks, security those of officers"
    )]
    NotYours,
    /// The person has no such passkey.
    #[error("person {person} has no passkey {authenticator}")]
    Unknown {
        /// Whose.
        person: Uuid,
        /// Which.
        authenticator: Uuid,
    },
    /// Nobody shuts himself out.
    #[error(
        "nothing else signs this person in and no recovery sheet is printed: add another way first"
    )]
    LastOne,
}

impl Decision for RemoveAuthenticator {
    type Error = RemoveAuthenticatorError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        remove::streams_of(world, &self.ask, self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RemoveAuthenticatorError> {
        let Data {
            authenticator,
            person,
        } = self.data;
        let way = |state: &crate::person::Person| state.authenticators.find(authenticator);
        remove::may(world, &self.ask, self.of_officer, person, way).map_err(|why| match why {
            NotTaken::NotServed(why) => RemoveAuthenticatorError::NotServed(why),
            NotTaken::NotYours => RemoveAuthenticatorError::NotYours,
            NotTaken::Unknown => RemoveAuthenticatorError::Unknown {
                person,
                authenticator,
            },
            NotTaken::LastOne => RemoveAuthenticatorError::LastOne,
        })?;
        let removed = own(wire::stream(person), REMOVED_V1);
        Ok(Verdict::Facts(vec![removed]))
    }
}
