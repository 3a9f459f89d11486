//! Authenticators: the passkeys that sign a person in.
//!
//! Invariant: an authenticator is a random name, whose it is and how well it shows that; of the device, its
//! credential and its key nothing is in the log. Here stands whether it signs in; the credential is beside
//! the log, and a crash between the two leaves one that opens nothing.

pub mod enrol;
pub mod remove;
pub mod suspend;

use ledger::decision::{Occurred, Unreadable};
use uuid::Uuid;

use super::assurance::Level;
use super::link::{Link, vouched_by};
use crate::wire::{read, unknown};

/// authenticator.enrolled.v1: its data is that of authenticator.enrol.v1.
pub const ENROLLED_V1: &str = "authenticator.enrolled.v1";
/// authenticator.removed.v1: its data is that of authenticator.remove.v1.
pub const REMOVED_V1: &str = "authenticator.removed.v1";
/// authenticator.suspended.v1: its data is that of authenticator.suspend.v1.
pub const SUSPENDED_V1: &str = "authenticator.suspended.v1";

/// What happens to authenticators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// authenticator.enrolled
    Enrolled {
        /// Its name.
        authenticator: Uuid,
        /// The level of assurance that it gives.
        loa: Level,
        /// Whose it is.
        person: Uuid,
    },
    /// authenticator.removed
    Removed {
        /// Its name.
        authenticator: Uuid,
    },
    /// authenticator.suspended
    Suspended {
        /// Its name.
        authenticator: Uuid,
    },
}

/// The authenticators of one person. Each signs in as a link does.
#[derive(Debug, Clone, Default)]
pub struct Authenticators {
    /// Those that stand, in order.
    standing: Vec<Link>,
    /// Names that were used, now or before.
    used: Vec<Uuid>,
    /// How often they came or went.
    changes: u64,
    /// Whether one came or went since the account was registered, or opened again; those of an institution's
    /// roles aside.
    touched: bool,
}

impl Authenticators {
    pub(super) fn evolve(&mut self, event: Event, at: &Occurred<'_>) {
        self.changes = self.changes.saturating_add(1);
        match event {
            Event::Enrolled {
                authenticator,
                loa,
                person,
            } => {
                let only = vouched_by(at, person);
                self.touched |= only.is_none();
                self.used.push(authenticator);
                self.standing.push(Link {
                    id: authenticator,
                    loa,
                    only,
                    at: at.position,
                });
            }
            Event::Removed { authenticator } | Event::Suspended { authenticator } => {
                let own = |it: &Link| it.id == authenticator && it.only.is_none();
                self.touched |= self.standing.iter().any(own);
                self.standing.retain(|it| it.id != authenticator);
            }
        }
    }

    /// The account was opened again: who came in by a passkey before does so no more.
    pub(super) fn reopen(&mut self) {
        self.changes = self.changes.saturating_add(1);
        self.standing.clear();
        self.touched = false;
    }

    /// What was enrolled since `position` goes: somebody else did it, whose number was merged into this one by
    /// mistake.
    pub(super) fn undo_since(&mut self, position: u64) {
        self.changes = self.changes.saturating_add(1);
        self.standing.retain(|it| it.at < position);
    }

    /// Those that stand, in order.
    pub fn standing(&self) -> &[Link] {
        &self.standing
    }

    /// The one of this name, if it stands.
    pub fn find(&self, id: Uuid) -> Option<Link> {
        self.standing.iter().copied().find(|it| it.id == id)
    }

    /// How often they came or went.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether one came or went since the account was registered, or opened again.
    pub(super) const fn is_touched(&self) -> bool {
        self.touched
    }
}

pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        ENROLLED_V1 => read::<enrol::Data>("person", kind, data).map(|v1| Event::Enrolled {
            authenticator: v1.authenticator,
            loa: v1.loa,
            person: v1.person,
        }),
        REMOVED_V1 => read::<remove::Data>("person", kind, data).map(|v1| Event::Removed {
            authenticator: v1.authenticator,
        }),
        SUSPENDED_V1 => read::<suspend::Data>("person", kind, data).map(|v1| Event::Suspended {
            authenticator: v1.authenticator,
        }),
        _ => Err(unknown("person", kind)),
    }
}
