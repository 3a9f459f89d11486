//! Links: which accounts at providers sign a person in.
//!
//! Invariant: a link is named by the assertion that confirmed it; what it links is (iss, sub), both
//! values in the vault. That no two people hold one (iss, sub) the vault's lookup row keeps, reserved
//! before the assertion is queued. A crash in between leaves a reservation that the reaper releases.

pub mod confirm;
pub mod remove;

use ledger::decision::{Occurred, Unreadable, World};
use ledger::fact::Stream;
use uuid::Uuid;

use super::assurance::Level;
use super::numbers;
use super::served;
use super::state::Person;
use crate::ask::Ask;
use crate::did::{Did, IssuerNumber};
use crate::erasable::Commitments;
use crate::officer::Officer;
use crate::role::Role;
use crate::wire::{read, unknown};

/// link.confirmed.v1: its data is that of link.confirm.v1 or link.confirm-officer.v1.
pub const CONFIRMED_V1: &str = "link.confirmed.v1";
/// link.removed.v1: its data is that of link.remove.v1.
pub const REMOVED_V1: &str = "link.removed.v1";
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
    /// Whoever else than the person said that an account is the person's, now or before.
    vouched: Vec<Uuid>,
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
                let by = at.assertion.act().map(|act| act.person);
                let by = by.filter(|by| by != person && !self.vouched.contains(by));
                self.vouched.extend(by);
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

    /// Whether this officer ever said that an account is the person's.
    pub fn is_vouched_by(&self, officer: Uuid) -> bool {
        self.vouched.contains(&officer)
    }

    /// How often links came or went: what was shown before the last time proves nothing.
    pub const fn changes(&self) -> u64 {
        self.changes
    }
}

/// The institution whose officer vouches for a link in its own roles; `None` if it is a learner's, or said by
/// the registrar's officers.
pub(super) fn vouched_by(at: &Occurred<'_>, person: Uuid) -> Option<IssuerNumber> {
    let issuer = Did::parse(at.assertion.kid().did())?.issuer;
    let act = at.assertion.act()?;
    let learners = Role::parse(&act.role) == Some(Role::Counter) && act.person != person;
    (issuer != IssuerNumber::REGISTRAR && !learners).then_some(issuer)
}

pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        CONFIRMED_V1 => read::<confirm::Data>("person", kind, data).map(|v1| Event::Confirmed {
            ceremony: v1.ceremony,
            loa: v1.loa,
            person: v1.person,
            values: v1.values,
        }),
        REMOVED_V1 => {
            read::<remove::Data>("person", kind, data).map(|v1| Event::Removed { link: v1.link })
        }
        _ => Err(unknown("person", kind)),
    }
}

/// In what capacity somebody speaks of an account.
pub(super) enum Side {
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

pub(super) fn side(ask: &Ask, person: Uuid) -> Option<Side> {
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

pub(super) fn streams(world: &World<'_>, ask: &Ask, person: Uuid) -> Vec<Stream> {
    let mut streams = served::streams(person, ask.issuer);
    streams.extend(numbers::streams(world, person));
    streams
}
