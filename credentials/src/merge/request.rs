//! merge.request: a learner who was shown to hold two numbers asks that they become one.
//!
//! Invariant: the other number was shown by a link of its own, at level 3, in the asker's session; the link
//! still stands when the officer agrees. A crash between showing and asking costs the learner a new start.

use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::person::assurance::Level;
use identity::person::{self, Person};
use identity::role::Role;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::apply::{self, Apply, ApplyMergeError, ResidentIds};

/// The assertion's kind.
pub const KIND: &str = "merge.request.v1";
/// What both sign-ins must show (SECURITY §1.3).
pub const LEVEL: Level = Level::GOVERNMENT;

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The number that is used no more.
    pub absorbed: Uuid,
    /// The link that signed in as that number, in the asker's session.
    pub link: Uuid,
    /// The asker's own number, which stays.
    pub person: Uuid,
    /// How the two numbers' 身份证 compare.
    pub resident_ids: ResidentIds,
}

impl Data {
    /// The merge that is asked for.
    pub fn merge(&self) -> apply::Data {
        apply::Data {
            values: Commitments::default(),
            absorbed: self.absorbed,
            person: self.person,
            resident_ids: self.resident_ids,
        }
    }
}

/// A learner asks for a merge.
#[derive(Debug)]
pub struct RequestMerge {
    /// Who asks.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why a learner's two numbers are not merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestMergeError {
    /// Somebody asks for others.
    #[error("person {0} is not who asks: learners merge into their own number alone")]
    NotOwn(Uuid),
    /// Nobody is signed in by it any more, or it says no more than whose clerk somebody is.
    #[error("link {0} does not sign in as the number to be absorbed")]
    LinkUnknown(Uuid),
    /// Too little shows that the other number is the asker's.
    #[error("the link gives level {has}; level {LEVEL} is needed on both sides")]
    LinkTooLow {
        /// What it gives.
        has: Level,
    },
    /// As two officers would be told.
    #[error(transparent)]
    Merge(#[from] ApplyMergeError),
}

impl Decision for RequestMerge {
    type Error = RequestMergeError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        self.merge().streams(world)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RequestMergeError> {
        let own = self.ask.act.as_ref().filter(|act| {
            let learner = Role::parse(&act.role) == Some(Role::Learner);
            learner && act.person == self.data.person && self.ask.issuer == IssuerNumber::REGISTRAR
        });
        if own.is_none() {
            return Err(RequestMergeError::NotOwn(self.data.person));
        }
        // The asker is one of the two by right; the officer who agrees must be neither.
        let officer = world.assertion.act().filter(|act| Some(*act) != own);
        let verdict = self.merge().merge(world, &[officer])?;
        if matches!(verdict, Verdict::Facts(_)) {
            self.check_link(world)?;
        }
        Ok(verdict)
    }
}

impl RequestMerge {
    fn merge(&self) -> Apply {
        Apply {
            ask: self.ask.clone(),
            data: self.data.merge(),
        }
    }

    fn check_link(&self, world: &World<'_>) -> Result<(), RequestMergeError> {
        let other = world.get::<Person>(&person::wire::stream(self.data.absorbed));
        let link = other.links.find(self.data.link);
        let link = link.filter(|link| link.only.is_none());
        let link = link.ok_or(RequestMergeError::LinkUnknown(self.data.link))?;
        if link.loa < LEVEL {
            return Err(RequestMergeError::LinkTooLow { has: link.loa });
        }
        Ok(())
    }
}
