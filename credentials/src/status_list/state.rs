//! What is known of the three lists of one number.

use std::borrow::Cow;

use identity::institution::{Institution, Signed, Standing};
use ledger::decision::{Aggregate, Occurred, Unreadable};

use super::event::Event;
use super::wire;
use crate::vc::status::{Bits, Purpose};

/// A bit that was set or cleared.
#[derive(Debug, Clone)]
pub struct Change {
    /// Which bit.
    pub index: u32,
    /// Of which list.
    pub purpose: Purpose,
    /// Set or clear.
    pub set: bool,
    /// Position of the commit.
    pub position: u64,
    /// Who signed it.
    pub signed: Signed,
}

/// The lists of revocation, suspension and refresh that share their indexes.
#[derive(Debug, Clone, Default)]
pub struct StatusList {
    used: Bits,
    revocation: Bits,
    suspension: Bits,
    refresh: Bits,
    /// Every change, in order.
    pub changes: Vec<Change>,
    /// How many bits are given out.
    pub given: u32,
    /// How many facts are folded: another number is another list.
    pub facts: u64,
}

impl StatusList {
    /// Whether the bit belongs to a credential.
    pub fn is_used(&self, index: u32) -> bool {
        self.used.get(u64::from(index)) == Some(true)
    }

    /// The bits of one of the lists, as far as `issuer` stands for them: a bit that only a stolen key
    /// set is clear (STANDARDS §4; offline the bundle's `disputed` says that nobody knows yet).
    pub fn bits(&self, purpose: Purpose, issuer: &Institution) -> Cow<'_, Bits> {
        let said = match purpose {
            Purpose::Revocation => &self.revocation,
            Purpose::Suspension => &self.suspension,
            Purpose::Refresh => &self.refresh,
        };
        if self.doubted(issuer).next().is_none() {
            return Cow::Borrowed(said);
        }
        let mut bits = Bits::default();
        let of_list = self.changes.iter().filter(|it| it.purpose == purpose);
        for change in of_list.filter(|it| it.signed.standing(issuer) == Standing::Good) {
            bits.put(change.index, change.set);
        }
        Cow::Owned(bits)
    }

    /// The changes that `issuer` does not stand for, or not yet.
    pub fn doubted(&self, issuer: &Institution) -> impl Iterator<Item = &Change> {
        let undisputed = issuer.is_undisputed();
        let changes = if undisputed {
            &[]
        } else {
            self.changes.as_slice()
        };
        changes
            .iter()
            .filter(|it| it.signed.standing(issuer) != Standing::Good)
    }
}

impl Aggregate for StatusList {
    const NOUN: &'static str = "status";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        self.facts = self.facts.saturating_add(1);
        match *event {
            Event::Allocated { index, .. } => {
                self.used.put(index, true);
                self.given = self.given.saturating_add(1);
            }
            Event::Changed {
                index,
                purpose,
                set,
            } => {
                match purpose {
                    Purpose::Revocation => self.revocation.put(index, set),
                    Purpose::Suspension => self.suspension.put(index, set),
                    Purpose::Refresh => self.refresh.put(index, set),
                }
                self.changes.push(Change {
                    index,
                    purpose,
                    set,
                    position: at.position,
                    signed: Signed::of(at),
                });
            }
        }
        self
    }
}
