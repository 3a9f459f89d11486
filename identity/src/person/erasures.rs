//! The province's list of erasures: stream `erasure/province`.
//!
//! Invariant: an erasure stands here from the commit that puts it in force until nothing is left to
//! do; each destruction stands here for ever, so that a restored copy of the keys can be told what
//! to forget again.

use std::collections::BTreeMap;

use ledger::decision::{Aggregate, Occurred, Unreadable};
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::wire::{fact, read, unknown};

/// erasure.opened.v1
pub const OPENED_V1: &str = "erasure.opened.v1";
/// erasure.carried-out.v1
pub const CARRIED_OUT_V1: &str = "erasure.carried-out.v1";
/// erasure.closed.v1
pub const CLOSED_V1: &str = "erasure.closed.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedV1 {
    erasure: Uuid,
    person: Uuid,
}

/// Which erasure of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub erasure: Uuid,
    /// Of whom.
    pub person: Uuid,
}

/// Everything that happens to the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// erasure.opened: there is something to do.
    Opened(Listed),
    /// erasure.carried-out: a round of destruction is whole.
    CarriedOut(Listed),
    /// erasure.closed: nothing is left to do.
    Closed(Listed),
}

/// Erasures of the province.
#[derive(Debug, Clone, Default)]
pub struct Erasures {
    /// Erasure → person, while there is something to do.
    pub open: BTreeMap<Uuid, Uuid>,
    /// Whole rounds: position of the last part, and what was carried out; ascending.
    pub carried_out: Vec<(u64, Listed)>,
}

impl Erasures {
    /// Its stream.
    pub fn stream() -> Stream {
        Stream::new(Self::NOUN, "province")
    }
}

fn listed(kind: &'static str, erasure: Uuid, person: Uuid) -> Fact {
    fact(Erasures::stream(), kind, &ListedV1 { erasure, person })
}

/// The fact that an erasure is in force.
pub(super) fn opened(erasure: Uuid, person: Uuid) -> Fact {
    listed(OPENED_V1, erasure, person)
}

/// The fact that a round of destruction is whole.
pub(super) fn carried_out(erasure: Uuid, person: Uuid) -> Fact {
    listed(CARRIED_OUT_V1, erasure, person)
}

/// The fact that nothing is left to do.
pub(super) fn closed(erasure: Uuid, person: Uuid) -> Fact {
    listed(CLOSED_V1, erasure, person)
}

impl Aggregate for Erasures {
    const NOUN: &'static str = "erasure";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        let listed = || {
            read::<ListedV1>(Self::NOUN, kind, data).map(|v1| Listed {
                erasure: v1.erasure,
                person: v1.person,
            })
        };
        match kind {
            OPENED_V1 => listed().map(Event::Opened),
            CARRIED_OUT_V1 => listed().map(Event::CarriedOut),
            CLOSED_V1 => listed().map(Event::Closed),
            _ => Err(unknown(Self::NOUN, kind)),
        }
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        match event {
            Event::Opened(it) => {
                self.open.insert(it.erasure, it.person);
            }
            Event::CarriedOut(it) => self.carried_out.push((at.position, *it)),
            Event::Closed(it) => {
                self.open.remove(&it.erasure);
            }
        }
        self
    }
}
