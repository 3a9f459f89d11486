//! authenticator.enrol: a passkey signs its person in from now on.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ENROLLED_V1;
use crate::ask::Ask;
use crate::person::assurance::Level;
use crate::person::link::{self, Side};
use crate::person::{Person, wire};
use crate::wire::own;

/// Kind of the assertion that enrols.
pub const KIND: &str = "authenticator.enrol.v1";
/// Most authenticators of one person at once.
pub const AUTHENTICATORS_MAX: usize = 8;

/// The data of authenticator.enrol.v1; shipped: never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Its name: random, and nothing of the device's.
    pub authenticator: Uuid,
    /// The level of assurance that it gives: that of the session it was enrolled in, or less.
    pub loa: Level,
    /// Who is signed in by it.
    pub person: Uuid,
}

/// Enrol a passkey.
#[derive(Debug)]
pub struct EnrolAuthenticator {
    /// The asking side.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why a passkey is not enrolled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolAuthenticatorError {
    /// Somebody else's.
    #[error("people enrol their own passkeys, nobody another's")]
    NotYours,
    /// Nobody was registered under this number.
    #[error("no person {0} is registered")]
    PersonUnknown(Uuid),
    /// Better than whoever asks can be known, or nothing at all.
    #[error("{loa}: a passkey that is enrolled here gives LoA 1 to {most}")]
    LevelUnfit {
        /// The level asked.
        loa: Level,
        /// The best there is.
        most: Level,
    },
    /// The same name once more.
    #[error("authenticator {0} was enrolled before")]
    Known(Uuid),
    /// Too many.
    #[error("a person has at most 8 passkeys")]
    TooMany,
}

impl Decision for EnrolAuthenticator {
    type Error = EnrolAuthenticatorError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        link::streams(world, &self.ask, self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, EnrolAuthenticatorError> {
        let Data {
            authenticator,
            loa,
            person,
        } = self.data;
        let state = world.get::<Person>(&wire::stream(person));
        let most = match link::side(&self.ask, person) {
            Some(Side::Learner) if state.is_known() => link::BEST,
            Some(Side::Learner) => return Err(EnrolAuthenticatorError::PersonUnknown(person)),
            // More than the first, unlike links: the session that enrols is of the very level it gives.
            Some(Side::Officer) => link::OFFICERS_BEST,
            // Whoever may not act at all was refused before.
            _ => return Err(EnrolAuthenticatorError::NotYours),
        };
        if loa == Level::CLAIMED || loa > most {
            return Err(EnrolAuthenticatorError::LevelUnfit { loa, most });
        }
        if state.authenticators.used.contains(&authenticator) {
            return Err(EnrolAuthenticatorError::Known(authenticator));
        }
        if state.authenticators.standing.len() >= AUTHENTICATORS_MAX {
            return Err(EnrolAuthenticatorError::TooMany);
        }
        let enrolled = own(wire::stream(person), ENROLLED_V1);
        Ok(Verdict::Facts(vec![enrolled]))
    }
}
