//! consent.give, consent.withdraw: a yes that can be a no (PIPL 13, 15, 16).
//!
//! Invariant: what needs consent is off until somebody says yes, and off again from the commit of the no;
//! neither changes anything else. For a child with a guardian, the guardian says yes (PIPL 31).

use std::collections::BTreeMap;

use ledger::decision::{Decision, Earlier, Unreadable, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::delegation::{Asker, Basis};
use super::served::{self, NotServed};
use super::state::Person;
use super::{numbers, wire};
use crate::date::day_of;
use crate::wire::{own, read, unknown};

/// Kind of the assertion that gives.
pub const GIVE: &str = "consent.give.v1";
/// Kind of the assertion that withdraws.
pub const WITHDRAW: &str = "consent.withdraw.v1";
/// consent.given.v1: its data is that of consent.give.v1.
pub const GIVEN_V1: &str = "consent.given.v1";
/// consent.withdrawn.v1: its data is that of consent.withdraw.v1.
pub const WITHDRAWN_V1: &str = "consent.withdrawn.v1";

/// A use of personal data that rests on consent; what the law or a contract asks for needs none and
/// stands in no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// Notices by message or mail, outside the inbox of the account.
    Contact,
}

impl Use {
    /// Every use.
    pub const ALL: [Self; 1] = [Self::Contact];
}

/// The data of both; shipped: never changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The edition of the text that was shown.
    pub edition: u32,
    /// Whose data.
    pub person: Uuid,
    /// For what.
    pub r#use: Use,
}

/// What was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// consent.given
    Given {
        /// For what.
        r#use: Use,
        /// To which text.
        edition: u32,
    },
    /// consent.withdrawn
    Withdrawn {
        /// For what.
        r#use: Use,
    },
}

/// The consents in force, with the edition of the text and the commit.
#[derive(Debug, Clone, Default)]
pub struct Consents(BTreeMap<Use, (u32, Earlier)>);

impl Consents {
    pub(super) fn evolve(&mut self, event: Event, here: Earlier) {
        match event {
            Event::Given { r#use, edition } => {
                self.0.insert(r#use, (edition, here));
            }
            Event::Withdrawn { r#use } => {
                self.0.remove(&r#use);
            }
        }
    }

    /// Whether the person said yes, to which edition, by which commit.
    pub fn given(&self, r#use: Use) -> Option<(u32, Earlier)> {
        self.0.get(&r#use).copied()
    }
}

pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    let data = |kind: &str| read::<Data>("person", kind, data);
    match kind {
        GIVEN_V1 => data(kind).map(|v1| Event::Given {
            r#use: v1.r#use,
            edition: v1.edition,
        }),
        WITHDRAWN_V1 => data(kind).map(|v1| Event::Withdrawn { r#use: v1.r#use }),
        _ => Err(unknown("person", kind)),
    }
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Yes.
    Give,
    /// No more.
    Withdraw,
}

/// Say yes or no to a use.
#[derive(Debug)]
pub struct SayConsent {
    /// Who asks; a guardian asks as the child.
    pub asker: Asker,
    /// Whether the child's guardian says it.
    pub by_guardian: bool,
    /// Which of the two.
    pub change: Change,
    /// What is asked.
    pub data: Data,
}

/// Why it is not said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// A learner says it for somebody else.
    #[error("a learner says yes or no for the own data only")]
    NotYours,
    /// Nobody has this number.
    #[error("person {0} is not registered")]
    PersonUnknown(Uuid),
    /// A child's yes is the guardian's to say.
    #[error("the child has a guardian, who says yes")]
    GuardianNeeded,
    /// There is no yes to take back.
    #[error("there was no consent to this use")]
    NotGiven,
}

impl Decision for SayConsent {
    type Error = ConsentError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = self.asker.streams(self.data.person);
        streams.extend(numbers::streams(world, self.data.person));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ConsentError> {
        let Data {
            edition,
            person,
            r#use,
        } = self.data;
        let state = match self.asker {
            Asker::Officer(issuer, _) => served::check(world, person, issuer)?,
            Asker::Learner(learner) if learner != person => return Err(ConsentError::NotYours),
            Asker::Learner(_) => world.get::<Person>(&wire::stream(person)),
        };
        if !state.is_known() {
            return Err(ConsentError::PersonUnknown(person));
        }
        let given = state.consents.given(r#use);
        match self.change {
            Change::Give => {
                let today = day_of(world.recorded_at_ms);
                // Under whatever number the guardian was entered.
                let numbers = numbers::in_world(world, person);
                let mut delegations = numbers.iter().flat_map(|(_, it)| &it.delegations.0);
                let has_guardian =
                    delegations.any(|it| it.granted.basis == Basis::Guardian && it.lasts(today));
                if has_guardian && !self.by_guardian {
                    return Err(ConsentError::GuardianNeeded);
                }
                match given {
                    Some((seen, by)) if seen == edition => Ok(Verdict::AlreadySo(by)),
                    _ => Ok(Verdict::Facts(vec![own(wire::stream(person), GIVEN_V1)])),
                }
            }
            Change::Withdraw if given.is_none() => Err(ConsentError::NotGiven),
            Change::Withdraw => Ok(Verdict::Facts(vec![own(
                wire::stream(person),
                WITHDRAWN_V1,
            )])),
        }
    }
}
