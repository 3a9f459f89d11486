//! Every shape of a person's facts ever stored. A shipped struct never changes.

use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use uuid::Uuid;

use super::event::{Event, Registered};
use super::{bind_identifier, register};
use crate::wire::{own, read, unknown};

/// person.registered.v1: its data is that of person.register.v1.
pub const REGISTERED_V1: &str = "person.registered.v1";
/// identifier.bound.v1: its data is that of identifier.bind.v1.
pub const IDENTIFIER_BOUND_V1: &str = "identifier.bound.v1";

/// The stream of a person.
pub fn stream(person: Uuid) -> Stream {
    Stream::new("person", person)
}

/// Reads a stored fact.
pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        REGISTERED_V1 => read::<register::Data>("person", kind, data).map(|v1| {
            Event::Registered(Registered {
                aliases: v1.identifiers,
                values: v1.values,
            })
        }),
        IDENTIFIER_BOUND_V1 => {
            read::<bind_identifier::Data>("person", kind, data).map(|v1| Event::IdentifierBound {
                alias: v1.identifier,
                values: v1.values,
            })
        }
        _ => Err(unknown("person", kind)),
    }
}

/// The fact that the assertion's own data registered `person`.
pub fn registered(person: Uuid) -> Fact {
    own(stream(person), REGISTERED_V1)
}

/// The fact that the assertion's own data bound an identifier to `person`.
pub fn identifier_bound(person: Uuid) -> Fact {
    own(stream(person), IDENTIFIER_BOUND_V1)
}
