//! link.confirm, link.remove: an account at a provider signs a person in, or does so no more.
//!
//! Invariant: a link is named by the assertion that confirmed it; what it links is (iss, sub), both
//! values in the vault. That no two people hold one (iss, sub) the vault's lookup row keeps, reserved
//! before the assertion is queued. A crash in between leaves a reservation that the reaper releases.

use std::sync::Arc;

use ledger::decision::{Decision, Earlier, Unreadable, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::assurance::Level;
use super::delegation::Asker;
use super::served::{self, NotServed};
use super::state::Person;
use super::wire;
use crate::did::IssuerNumber;
use crate::erasable::Commitments;
use crate::officer::Officer;
use crate::wire::{own, read, unknown};

/// Kind of the assertion that links.
pub const CONFIRM: &str = "link.confirm.v1";
/// Kind of the assertion that takes a link away.
pub const REMOVE: &str = "link.remove.v1";
/// link.confirmed.v1: its data is that of link.confirm.v1.
pub const CONFIRMED_V1: &str = "link.confirmed.v1";
/// link.removed.v1: its data is that of link.remove.v1.
pub const REMOVED_V1: &str = "link.removed.v1";
/// The provider, as it names itself.
pub const ISS: &str = "iss";
/// The account, as the provider names it.
pub const SUB: &str = "sub";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &[ISS, SUB];
/// Most links of one person at once.
pub const LINKS_MAX: usize = 16;

/// The best level of a link, by whose officers made it: an officer's sign-in the registrar alone makes.
pub fn best_of(issuer: IssuerNumber) -> Level {
    if issuer == IssuerNumber::REGISTRAR {
        Level::HARDWARE
    } else {
        OWN_BEST
    }
}

/// The best level of a link that a learner makes.
pub const OWN_BEST: Level = Level::GOVERNMENT;

/// An account that signs a person in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The assertion that confirmed it.
    pub id: Uuid,
    /// The best level of assurance that it gives.
    pub loa: Level,
}

/// What happens to links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// link.confirmed
    Confirmed {
        /// The ceremony in which both sides were shown.
        ceremony: Uuid,
        /// The best level of assurance that it gives.
        loa: Level,
        /// The provider's name and the account's.
        values: Commitments,
    },
    /// link.removed
    Removed {
        /// Which.
        link: Uuid,
    },
}

/// The accounts that sign one person in.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// Those that stand, in order.
    standing: Vec<Link>,
    /// Ceremonies that linked one, now or before.
    ceremonies: Vec<Uuid>,
    /// How often links came or went.
    changes: u64,
}

impl Links {
    pub(super) fn evolve(&mut self, event: &Event, here: Earlier) {
        match event {
            Event::Confirmed { ceremony, loa, .. } => {
                self.standing.push(Link {
                    id: here.id,
                    loa: *loa,
                });
                self.ceremonies.push(*ceremony);
            }
            Event::Removed { link } => self.standing.retain(|it| it.id != *link),
        }
        self.changes = self.changes.saturating_add(1);
    }

    /// Those that stand, in order.
    pub fn standing(&self) -> &[Link] {
        &self.standing
    }

    /// The one of this name, if it stands.
    pub fn find(&self, id: Uuid) -> Option<Link> {
        self.standing.iter().copied().find(|it| it.id == id)
    }

    /// How often links came or went: what was shown before the last time proves nothing.
    pub const fn changes(&self) -> u64 {
        self.changes
    }
}

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

/// The data of link.remove.v1; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveData {
    /// Which link.
    pub link: Uuid,
    /// Whose.
    pub person: Uuid,
}

pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        CONFIRMED_V1 => read::<Data>("person", kind, data).map(|v1| Event::Confirmed {
            ceremony: v1.ceremony,
            loa: v1.loa,
            values: v1.values,
        }),
        REMOVED_V1 => {
            read::<RemoveData>("person", kind, data).map(|v1| Event::Removed { link: v1.link })
        }
        _ => Err(unknown("person", kind)),
    }
}

/// Link an account to a person.
#[derive(Debug)]
pub struct ConfirmLink {
    /// Who asks.
    pub asker: Asker,
    /// What is asked.
    pub data: Data,
}

/// Take a link away.
#[derive(Debug)]
pub struct RemoveLink {
    /// Who asks.
    pub asker: Asker,
    /// What is asked.
    pub data: RemoveData,
}

/// Why an account is not linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmLinkError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// A learner links somebody else, or an officer the own account once more.
    #[error("a learner links the own account alone, an officer the own one only first of all")]
    NotYours,
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

/// Why a link stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoveLinkError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// A learner removes somebody else's.
    #[error("a learner removes the own links alone")]
    NotYours,
    /// The person has no such link.
    #[error("person {person} has no link {link}")]
    LinkUnknown {
        /// Whose.
        person: Uuid,
        /// Which.
        link: Uuid,
    },
}

/// The person, if officers of `issuer` may say what signs that person in. Who holds a role in the province
/// need not be a learner: the first officers of a ledger were never registered.
fn served(world: &World<'_>, person: Uuid, issuer: IssuerNumber) -> Result<Arc<Person>, NotServed> {
    let officer = world.get::<Officer>(&Officer::stream(person));
    match served::check(world, person, issuer) {
        Err(NotServed::PersonUnknown(_))
            if issuer == IssuerNumber::REGISTRAR && officer.holds_any() =>
        {
            Ok(world.get::<Person>(&wire::stream(person)))
        }
        checked => checked,
    }
}

impl Decision for ConfirmLink {
    type Error = ConfirmLinkError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        self.asker.streams(self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ConfirmLinkError> {
        let Data {
            values,
            ceremony,
            loa,
            person,
        } = &self.data;
        let (state, most) = match self.asker {
            Asker::Learner(learner) if learner != *person => {
                return Err(ConfirmLinkError::NotYours);
            }
            Asker::Learner(_) => {
                let state = world.get::<Person>(&wire::stream(*person));
                if !state.is_known() {
                    return Err(NotServed::PersonUnknown(*person).into());
                }
                (state, OWN_BEST)
            }
            Asker::Officer(issuer, acting) => {
                let state = served(world, *person, issuer)?;
                // The first of all comes by an invitation; whoever could add more would keep what a
                // thief of one session got.
                if acting == Some(*person) && state.links.changes != 0 {
                    return Err(ConfirmLinkError::NotYours);
                }
                (state, best_of(issuer))
            }
        };
        if state.barred().is_some() {
            return Err(ConfirmLinkError::Barred(*person));
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

impl Decision for RemoveLink {
    type Error = RemoveLinkError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        self.asker.streams(self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RemoveLinkError> {
        let RemoveData { link, person } = self.data;
        let state = match self.asker {
            Asker::Learner(learner) if learner != person => return Err(RemoveLinkError::NotYours),
            Asker::Learner(_) => world.get::<Person>(&wire::stream(person)),
            Asker::Officer(issuer, _) => served(world, person, issuer)?,
        };
        if state.links.find(link).is_none() {
            return Err(RemoveLinkError::LinkUnknown { person, link });
        }
        let removed = own(wire::stream(person), REMOVED_V1);
        Ok(Verdict::Facts(vec![removed]))
    }
}
