//! link.confirm, link.remove: an account at a provider signs a person in, or does so no more.
//!
//! Invariant: a link is named by the assertion that confirmed it; what it links is (iss, sub), both
//! values in the vault. That no two people hold one (iss, sub) the vault's lookup row keeps, reserved
//! before the assertion is queued. A crash in between leaves a reservation that the reaper releases.

use std::sync::Arc;

use ledger::decision::{Decision, Occurred, Unreadable, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::assurance::Level;
use super::served::{self, NotServed};
use super::state::Person;
use super::{numbers, wire};
use crate::ask::Ask;
use crate::did::{Did, IssuerNumber};
use crate::erasable::Commitments;
use crate::institution::Institution;
use crate::officer::Officer;
use crate::role::Role;
use crate::wire::{own, read, unknown};

/// Kind of the assertion that links.
pub const CONFIRM: &str = "link.confirm.v1";
/// Kind of the assertion of two security administrators that links an officer's account.
pub const CONFIRM_OFFICER: &str = "link.confirm-officer.v1";
/// Whether an assertion of this kind links: both sides were shown at a door of the platform's, or it is none.
pub fn is_confirmation(kind: &str) -> bool {
    kind == CONFIRM || kind == CONFIRM_OFFICER
}

/// Kind of the assertion that takes a link away.
pub const REMOVE: &str = "link.remove.v1";
/// Kind of the assertion of two security administrators that takes an officer's away.
pub const REMOVE_OFFICER: &str = "link.remove-officer.v1";
/// link.confirmed.v1: its data is that of link.confirm.v1 or link.confirm-officer.v1.
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

/// The best level of a link that a learner makes, or a counter.
pub const BEST: Level = Level::GOVERNMENT;
/// The best level of what signs an officer in.
pub const OFFICERS_BEST: Level = Level::HARDWARE;

/// An account that signs a person in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The assertion that confirmed it.
    pub id: Uuid,
    /// The best level of assurance that it gives.
    pub loa: Level,
    /// The institution in whose roles alone it signs in: an officer of that institution vouched for it, who
    /// may say who its clerks are, and no more.
    pub only: Option<IssuerNumber>,
    /// Where it was confirmed.
    pub at: u64,
}

impl Link {
    /// Whether it signs `holder` in: one of a number that was merged does no more once the account was
    /// opened again.
    pub fn counts_for(&self, holder: &Person) -> bool {
        let opened = holder.recoveries.completed_at();
        opened.is_none_or(|opened| self.at > opened)
    }
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
        /// Whose it is.
        person: Uuid,
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
    /// Whether one came or went since the account was registered, or opened again; those of an institution's
    /// roles aside.
    touched: bool,
}

impl Links {
    /// `said`: the assertion that said so, of an approved one the proposal.
    pub(super) fn evolve(&mut self, event: &Event, said: Uuid, at: &Occurred<'_>) {
        self.changes = self.changes.saturating_add(1);
        match event {
            Event::Confirmed {
                ceremony,
                loa,
                person,
                ..
            } => {
                let only = vouched_by(at, *person);
                self.touched |= only.is_none();
                self.ceremonies.push(*ceremony);
                self.standing.push(Link {
                    id: said,
                    loa: *loa,
                    only,
                    at: at.position,
                });
            }
            Event::Removed { link } => {
                let own = |it: &Link| it.id == *link && it.only.is_none();
                self.touched |= self.standing.iter().any(own);
                self.standing.retain(|it| it.id != *link);
            }
        }
    }

    /// The account was opened again: who came in by a link before does so no more.
    pub(super) fn reopen(&mut self) {
        self.standing.clear();
        self.changes = self.changes.saturating_add(1);
        self.touched = false;
    }

    /// What was linked since `position` goes: somebody else did it, whose number was merged into this one by
    /// mistake.
    pub(super) fn undo_since(&mut self, position: u64) {
        self.standing.retain(|it| it.at < position);
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

/// The institution whose officer vouches for a link in its own roles; `None` if it is a learner's, or said by
/// the registrar's officers.
fn vouched_by(at: &Occurred<'_>, person: Uuid) -> Option<IssuerNumber> {
    let issuer = Did::parse(at.assertion.kid().did())?.issuer;
    let act = at.assertion.act()?;
    let learners = Role::parse(&act.role) == Some(Role::Counter) && act.person != person;
    (issuer != IssuerNumber::REGISTRAR && !learners).then_some(issuer)
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
            person: v1.person,
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
    /// The asking side; of an officer's account, that of the proposal.
    pub ask: Ask,
    /// Whether two security administrators say so of an officer.
    pub of_officer: bool,
    /// What is asked.
    pub data: Data,
}

/// Take a link away.
#[derive(Debug)]
pub struct RemoveLink {
    /// The asking side; of an officer's account, that of the proposal.
    pub ask: Ask,
    /// Whether two security administrators say so of an officer.
    pub of_officer: bool,
    /// What is asked.
    pub data: RemoveData,
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

/// Why a link stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoveLinkError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// Somebody else's.
    #[error(
        "people remove their own links, a counter those of learners, an institution those of its clerks, security those of officers"
    )]
    NotYours,
    /// The person has no such link.
    #[error("person {person} has no link {link}")]
    LinkUnknown {
        /// Whose.
        person: Uuid,
        /// Which.
        link: Uuid,
    },
    /// Nobody shuts himself out.
    #[error("this is the only link and no recovery sheet is printed: link another first")]
    LastOne,
}

/// In what capacity somebody speaks of an account.
enum Side {
    /// The learner, for the own.
    Learner,
    /// An officer, for the own.
    Officer,
    /// A counter or a registrar, of a learner's.
    Counter,
    /// An institution's officer, of its own staff's.
    Institution,
    /// A security administrator, of an officer's.
    Security,
}

fn side(ask: &Ask, person: Uuid) -> Option<Side> {
    let act = ask.act.as_ref()?;
    let own = act.person == person;
    match Role::parse(&act.role)? {
        // No school speaks as a learner.
        Role::Learner => (own && ask.issuer == IssuerNumber::REGISTRAR).then_some(Side::Learner),
        _ if own => Some(Side::Officer),
        Role::Counter | Role::Registrar => Some(Side::Counter),
        Role::Institution => Some(Side::Institution),
        Role::Security => Some(Side::Security),
        _ => None,
    }
}

/// Whether the person holds any role: whoever could sign in as an officer would hold it too.
fn is_officer(world: &World<'_>, person: Uuid) -> bool {
    world.get::<Officer>(&Officer::stream(person)).holds_any()
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
    let mut others = others.flat_map(|(_, number)| &number.links.standing);
    holder.links.touched || others.any(|it| it.only.is_none() && it.counts_for(holder))
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

fn streams(world: &World<'_>, ask: &Ask, person: Uuid) -> Vec<Stream> {
    let mut streams = served::streams(person, ask.issuer);
    streams.extend(numbers::streams(world, person));
    streams
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
            First::Now(only) => state.links.standing.iter().any(|it| it.only == only),
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

impl Decision for RemoveLink {
    type Error = RemoveLinkError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let person = self.data.person;
        let mut streams = streams(world, &self.ask, person);
        // One of a number that was merged is the holder's to take away.
        if let Some((into, _)) = world.get::<Person>(&wire::stream(person)).merged_into {
            streams.extend(served::streams(into, self.ask.issuer));
        }
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RemoveLinkError> {
        let RemoveData { link, person } = self.data;
        let state = world.get::<Person>(&wire::stream(person));
        let holder = state.merged_into.map_or(person, |(into, _)| into);
        let not_yours = || RemoveLinkError::NotYours;
        let by = side(&self.ask, holder).ok_or_else(not_yours)?;
        if self.of_officer != matches!(by, Side::Security) {
            return Err(not_yours());
        }
        match by {
            Side::Counter => drop(served::check(world, holder, self.ask.issuer)?),
            Side::Security if !is_officer(world, holder) => return Err(not_yours()),
            Side::Institution | Side::Security | Side::Learner | Side::Officer => {}
        }
        let found = state.links.find(link);
        let found = found.ok_or(RemoveLinkError::LinkUnknown { person, link })?;
        // An institution takes away what it vouched for, a counter what signs a learner in.
        let theirs = match by {
            Side::Institution => found.only == Some(self.ask.issuer),
            Side::Counter => found.only.is_none(),
            Side::Security | Side::Learner | Side::Officer => true,
        };
        if !theirs {
            return Err(not_yours());
        }
        let own = matches!(by, Side::Learner | Side::Officer);
        let last = person == holder && state.links.standing.len() == 1;
        if own && last && state.recoveries.sheet.is_none() {
            return Err(RemoveLinkError::LastOne);
        }
        let removed = own_fact(person);
        Ok(Verdict::Facts(vec![removed]))
    }
}

fn own_fact(person: Uuid) -> ledger::fact::Fact {
    own(wire::stream(person), REMOVED_V1)
}
