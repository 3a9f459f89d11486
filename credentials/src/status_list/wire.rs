//! Every shape of a status list's facts ever stored. A shipped struct never changes.

use identity::did::IssuerNumber;
use identity::wire::{fact, read, unknown};
use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Event;
use crate::vc::status::Purpose;

/// status.allocated.v1
pub const ALLOCATED_V1: &str = "status.allocated.v1";
/// status.changed.v1
pub const CHANGED_V1: &str = "status.changed.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllocatedV1 {
    credential: Uuid,
    index: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangedV1 {
    index: u32,
    purpose: Purpose,
    set: bool,
}

/// The stream of the lists `list`, `list` + 1 and `list` + 2 of `issuer`.
pub fn stream(issuer: IssuerNumber, list: u32) -> Stream {
    Stream::new("status", format_args!("{issuer}.{list}"))
}

/// Reads a stored fact.
pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    const NOUN: &str = "status";
    match kind {
        ALLOCATED_V1 => read::<AllocatedV1>(NOUN, kind, data).map(|v1| Event::Allocated {
            credential: v1.credential,
            index: v1.index,
        }),
        CHANGED_V1 => read::<ChangedV1>(NOUN, kind, data).map(|v1| Event::Changed {
            index: v1.index,
            purpose: v1.purpose,
            set: v1.set,
        }),
        _ => Err(unknown(NOUN, kind)),
    }
}

/// The fact that `event` becomes in the lists of `issuer` from `list` on.
pub fn to_fact(issuer: IssuerNumber, list: u32, event: &Event) -> Fact {
    let stream = stream(issuer, list);
    match *event {
        Event::Allocated { credential, index } => {
            fact(stream, ALLOCATED_V1, &AllocatedV1 { credential, index })
        }
        Event::Changed {
            index,
            purpose,
            set,
        } => {
            let shape = ChangedV1 {
                index,
                purpose,
                set,
            };
            fact(stream, CHANGED_V1, &shape)
        }
    }
}
