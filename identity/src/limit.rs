//! Limits across people: streams `limit/<rule>.<whom>`, written in the commit of what uses them.
//!
//! Invariant: the sequencer decides in order, so two uses never both fit into the last place. What is
//! counted here counts what is in use at once; a place is free again when it is released, or from the
//! day on which it ends.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ledger::decision::{Aggregate, Occurred, Unreadable};
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::person::delegation::Basis;
use crate::wire::{fact, read, unknown};

/// limit.taken.v1
pub const TAKEN_V1: &str = "limit.taken.v1";
/// limit.released.v1
pub const RELEASED_V1: &str = "limit.released.v1";

/// A place: for which delegation, of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// On what the delegation rests.
    pub basis: Basis,
    /// Which.
    pub delegation: Uuid,
    /// In whose name it lets somebody act.
    pub person: Uuid,
    /// First day on which it is over.
    #[serde(with = "crate::date")]
    pub until: Date,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleasedV1 {
    delegation: Uuid,
}

/// Everything that happens to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// limit.taken
    Taken(Place),
    /// limit.released
    Released(Uuid),
}

/// The places in use.
#[derive(Debug, Clone, Default)]
pub struct Limit {
    /// By delegation.
    pub places: BTreeMap<Uuid, Place>,
}

impl Limit {
    /// Of the people in whose name `agent` acts.
    pub fn principals(agent: Uuid) -> Stream {
        Stream::new(Self::NOUN, format_args!("principals.{agent}"))
    }

    /// What is in use on `today`.
    pub fn in_use(&self, today: Date) -> impl Iterator<Item = &Place> {
        self.places
            .values()
            .filter(move |place| today < place.until)
    }
}

/// The fact that a place is taken.
pub(crate) fn taken(stream: Stream, place: Place) -> Fact {
    fact(stream, TAKEN_V1, &place)
}

/// The fact that it is free again.
pub(crate) fn released(stream: Stream, delegation: Uuid) -> Fact {
    fact(stream, RELEASED_V1, &ReleasedV1 { delegation })
}

impl Aggregate for Limit {
    const NOUN: &'static str = "limit";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        match kind {
            TAKEN_V1 => read::<Place>(Self::NOUN, kind, data).map(Event::Taken),
            RELEASED_V1 => {
                read::<ReleasedV1>(Self::NOUN, kind, data).map(|v1| Event::Released(v1.delegation))
            }
            _ => Err(unknown(Self::NOUN, kind)),
        }
    }

    fn evolve(mut self, event: &Event, _at: &Occurred<'_>) -> Self {
        match event {
            Event::Taken(place) => {
                self.places.insert(place.delegation, *place);
            }
            Event::Released(delegation) => {
                self.places.remove(delegation);
            }
        }
        self
    }
}
