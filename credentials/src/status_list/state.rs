//! What is known of the three lists of one number.

use ledger::decision::{Aggregate, Occurred, Unreadable};

use super::event::Event;
use super::wire;
use crate::vc::status::{Bits, Purpose};

/// The lists of revocation, suspension and refresh that share their indexes.
#[derive(Debug, Clone, Default)]
pub struct StatusList {
    used: Bits,
    revocation: Bits,
    suspension: Bits,
    refresh: Bits,
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

    /// The bits of one of the lists.
    pub fn bits(&self, purpose: Purpose) -> &Bits {
        match purpose {
            Purpose::Revocation => &self.revocation,
            Purpose::Suspension => &self.suspension,
            Purpose::Refresh => &self.refresh,
        }
    }
}

impl Aggregate for StatusList {
    const NOUN: &'static str = "status";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, _at: &Occurred<'_>) -> Self {
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
            } => match purpose {
                Purpose::Revocation => self.revocation.put(index, set),
                Purpose::Suspension => self.suspension.put(index, set),
                Purpose::Refresh => self.refresh.put(index, set),
            },
        }
        self
    }
}
