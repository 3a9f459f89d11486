//! link.confirm, link.confirm-officer: an account at a provider signs a person in from now on.

use std::sync::Arc;

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BEST, CONFIRMED_V1, OFFICERS_BEST, Side, is_officer, side, streams};
use crate::ask::Ask;
use crate::did::IssuerNumber;
use crate::erasable::Commitments;
use crate::institution::Institution;
use crate::officer::Officer;
use crate::person::assurance::Level;
use crate::person::served::{self, NotServed};
use crate::person::{Person, numbers, wire};
use crate::wire::own;

/// Kind of the assertion that links.
pub const KIND: &str = "link.confirm.v1";
/// Kind of the assertion of two security administrators that links an officer's account.
pub const OF_OFFICER: &str = "link.confirm-officer.v1";
/// Whether an assertion of this kind links: both sides were shown at a door of the platform's, or it is none.
pub fn is_confirmation(kind: &str) -> bool {
    kind == KIND || kind == OF_OFFICER
}

/// The provider, as it names itself.
pub const ISS: &str = "iss";
/// The account, as the provider names it.
pub const SUB: &str = "sub";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &[ISS, SUB];
/// Most links of one person at once.
pub const LINKS_MAX: usize = 16;

/// The data of link.confirm.v1; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitments to `iss` and `sub`.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// The ceremony in which both sides were shown: random, and used once.
    pub ceremony: Uuid,
    /// The best level of assurance that it gives.
    pub loa: Level,
    /// Who is signed in by it.
    pub person: Uuid,
}

/// Link an account to a person.
#[derive(Debug)]
pub struct ConfirmLink {
    /// The asking side; of an officer's account, that of the proposal.
    pub ask: Ask,
    /// Whether two security administrators say so of an officer.
    pub of_officer: bool,
    /// What is asked.
    pub data: Data,
}

/// Why an account is not linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmLinkError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// Somebody else's account, or an officer's own once more.
    #[error(
        "people link their own account, officers only the first; a counter those of learners, an institution those of its clerks, security those of officers"
    )]
    NotYours,
    /// An officer would make a way into an account that has one.
    #[error(
        "person {0} was linked before: the person signs in and links, or comes back by a recovery first"
    )]
    LinkedBefore(Uuid),
    /// Suspended, dead, or known under another number.
    #[error("nobody signs in as person {0}: suspended, merged into another number or dead")]
    Barred(Uuid),
    /// Not one `iss` and one `sub`.
    #[error("a link has two values: iss and sub")]
    ValuesDoNotFit,
    /// Better than who says so can know, or nothing at all.
    #[error("{loa}: a link that is made here gives LoA 1 to {most}")]
    LevelUnfit {
        /// The level asked.
        loa: Level,
        /// The best there is.
        most: Level,
    },
    /// The same ceremony once more.
    #[error("ceremony {0} has linked an account before")]
    CeremonyUsed(Uuid),
    /// Too many.
    #[error("a person has at most 16 links")]
    TooMany,
}

/// Somebody whose roles `issuer` gave, if nobody else knows the person: else a school would make a
/// stranger its clerk and come in.
fn staff(world: &World<'_>, person: Uuid, issuer: IssuerNumber) -> Option<Arc<Person>> {
    let state = world.get::<Person>(&wire::stream(person));
    let officer = world.get::<Officer>(&Officer::stream(person));
    let institution = world.get::<Institution>(&issuer.stream());
    let own = !state.is_known() || state.is_served_by(issuer, &institution);
    (own && officer.is_staff_of(issuer)).then_some(state)
}

/// What whoever asks may say of an account.
struct Say {
    /// Whose it is.
    state: Arc<Person>,
    /// The best level that can be vouched for.
    most: Level,
    /// Where alone.
    first: First,
}

/// Where alone somebody may link.
enum First {
    /// Anywhere.
    No,
    /// Where nothing was ever linked, or not since the account was opened again.
    Ever,
    /// Where no account signs in: for the province, or in the roles of this institution.
    Now(Option<IssuerNumber>),
}

/// Whether an account signs in, or did, under any number of the person's.
fn was_linked(world: &World<'_>, person: Uuid) -> bool {
    let numbers = numbers::in_world(world, person);
    let Some((_, holder)) = numbers.first() else {
        return false;
    };
    let others = numbers.iter().skip(1);
    let mut others = others.flat_map(|(_, number)| number.ways_in());
    let touched = holder.links.touched || holder.authenticators.is_touched();
    touched || others.any(|it| it.only.is_none() && it.counts_for(holder))
}

impl ConfirmLink {
    fn say(&self, world: &World<'_>) -> Result<Say, ConfirmLinkError> {
        let (person, issuer) = (self.data.person, self.ask.issuer);
        let not_yours = || ConfirmLinkError::NotYours;
        let side = side(&self.ask, person).ok_or_else(not_yours)?;
        if self.of_officer != matches!(side, Side::Security) {
            return Err(not_yours());
        }
        let state = world.get::<Person>(&wire::stream(person));
        let say = |state, most, first| Say { state, most, first };
        Ok(match side {
            Side::Learner if state.is_known() => say(state, BEST, First::No),
            Side::Learner => return Err(NotServed::PersonUnknown(person).into()),
            // By an invitation that the platform's operator gave. Whoever could add more would keep what
            // the thief of a session got.
            Side::Officer => {
                let own = (issuer != IssuerNumber::REGISTRAR).then_some(issuer);
                say(state, OFFICERS_BEST, First::Now(own))
            }
            Side::Counter => say(served::check(world, person, issuer)?, BEST, First::Ever),
            Side::Institution => {
                let state = staff(world, person, issuer).ok_or_else(not_yours)?;
                say(state, OFFICERS_BEST, First::Now(Some(issuer)))
            }
            Side::Security => {
                // Nobody agrees to be who another officer is.
                let approver = world.assertion.act();
                if approver.is_some_and(|act| act.person == person) || !is_officer(world, person) {
                    return Err(not_yours());
                }
                say(state, OFFICERS_BEST, First::No)
            }
        })
    }
}

impl Decision for ConfirmLink {
    type Error = ConfirmLinkError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        streams(world, &self.ask, self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ConfirmLinkError> {
        let Data {
            values,
            ceremony,
            loa,
            person,
        } = &self.data;
        let Say { state, most, first } = self.say(world)?;
        if state.barred().is_some() {
            return Err(ConfirmLinkError::Barred(*person));
        }
        let before = match first {
            First::No => false,
            First::Ever => was_linked(world, *person),
            First::Now(only) => state.ways_in().any(|it| it.only == only),
        };
        if before {
            return Err(ConfirmLinkError::LinkedBefore(*person));
        }
        if values.as_slice().len() != ERASABLE.len() {
            return Err(ConfirmLinkError::ValuesDoNotFit);
        }
        if *loa == Level::CLAIMED || *loa > most {
            return Err(ConfirmLinkError::LevelUnfit { loa: *loa, most });
        }
        if state.links.ceremonies.contains(ceremony) {
            return Err(ConfirmLinkError::CeremonyUsed(*ceremony));
        }
        if state.links.standing.len() >= LINKS_MAX {
            return Err(ConfirmLinkError::TooMany);
        }
        let linked = own(wire::stream(*person), CONFIRMED_V1);
        Ok(Verdict::Facts(vec![linked]))
    }
}
