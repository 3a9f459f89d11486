//! Every shape of a person's facts ever stored. A shipped struct never changes.

use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::erasure::{Lock, certify, destroy, request};
use super::event::{Edge, ErasureRequested, Event, KeysDestroyed, Registered};
use super::{
    assurance, authenticator, bind_identifier, consent, contact, death, delegation, link, recovery,
    register, split, suspend,
};
use crate::wire::{fact, own, read, unknown};

/// person.registered.v1: its data is that of person.register.v1.
pub const REGISTERED_V1: &str = "person.registered.v1";
/// identifier.bound.v1: its data is that of identifier.bind.v1.
pub const IDENTIFIER_BOUND_V1: &str = "identifier.bound.v1";

/// erasure.requested.v1: its data is that of erasure.request.v1.
pub const ERASURE_REQUESTED_V1: &str = "erasure.requested.v1";
/// data.locked.v1
pub const DATA_LOCKED_V1: &str = "data.locked.v1";
/// erasure.keys-destroyed.v1: its data is that of erasure.destroy.v1.
pub const KEYS_DESTROYED_V1: &str = "erasure.keys-destroyed.v1";
/// erasure.certified.v1: its data is that of erasure.certify.v1.
pub const ERASURE_CERTIFIED_V1: &str = "erasure.certified.v1";
/// person.suspended.v1: its data is that of person.suspend.v1.
pub const SUSPENDED_V1: &str = "person.suspended.v1";
/// person.reinstated.v1: its data is that of person.reinstate.v1.
pub const REINSTATED_V1: &str = "person.reinstated.v1";
/// person.death-recorded.v1: its data is that of person.record-death.v1.
pub const DEATH_RECORDED_V1: &str = "person.death-recorded.v1";
/// person.death-withdrawn.v1: its data is that of person.withdraw-death.v1.
pub const DEATH_WITHDRAWN_V1: &str = "person.death-withdrawn.v1";
/// merge.applied.v1: `{"into":…}` in the stream of the number that is used no more,
/// `{"absorbed":…}` in that of the number that stays.
pub const MERGE_APPLIED_V1: &str = "merge.applied.v1";
/// merge.reverted.v1: of the same shape.
pub const MERGE_REVERTED_V1: &str = "merge.reverted.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataLockedV1 {
    erasure: Uuid,
    lock: Lock,
}

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
        ERASURE_REQUESTED_V1 => read::<request::Data>("person", kind, data).map(|v1| {
            Event::ErasureRequested(ErasureRequested {
                purposes: v1.purposes,
                ground: v1.ground,
            })
        }),
        DATA_LOCKED_V1 => read::<DataLockedV1>("person", kind, data).map(|v1| Event::DataLocked {
            erasure: v1.erasure,
            lock: v1.lock,
        }),
        KEYS_DESTROYED_V1 => read::<destroy::Data>("person", kind, data).map(|v1| {
            Event::KeysDestroyed(KeysDestroyed {
                erasure: v1.erasure,
                purposes: v1.purposes,
                keys: v1.keys,
                commitments: u64::try_from(v1.commitments.len()).unwrap_or(u64::MAX),
                part: v1.part,
                parts: v1.parts,
            })
        }),
        ERASURE_CERTIFIED_V1 => {
            read::<certify::Data>("person", kind, data).map(|v1| Event::ErasureCertified {
                erasure: v1.erasure,
            })
        }
        SUSPENDED_V1 => read::<suspend::Data>("person", kind, data).map(|_| Event::Suspended),
        REINSTATED_V1 => read::<suspend::Data>("person", kind, data).map(|_| Event::Reinstated),
        DEATH_RECORDED_V1 => read::<death::Data>("person", kind, data)
            .map(|v1| Event::DeathRecorded { values: v1.values }),
        DEATH_WITHDRAWN_V1 => {
            read::<death::Data>("person", kind, data).map(|_| Event::DeathWithdrawn)
        }
        MERGE_APPLIED_V1 => read::<Edge>("person", kind, data).map(Event::MergeApplied),
        MERGE_REVERTED_V1 => read::<Edge>("person", kind, data).map(Event::MergeReverted),
        _ => match kind.split_once('.') {
            Some(("assurance", _)) => assurance::event(kind, data).map(Event::Assurance),
            Some(("delegation" | "delegate", _)) => {
                delegation::wire::event(kind, data).map(Event::Delegation)
            }
            Some(("contact", _)) => contact::event(kind, data).map(Event::Contact),
            Some(("consent", _)) => consent::event(kind, data).map(Event::Consent),
            Some(("authenticator", _)) => {
                authenticator::event(kind, data).map(Event::Authenticator)
            }
            Some(("link", _)) => link::event(kind, data).map(Event::Link),
            Some(("recovery", _)) => recovery::wire::event(kind, data).map(Event::Recovery),
            Some(("split", _)) => split::event(kind, data).map(Event::Split),
            _ => Err(unknown("person", kind)),
        },
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

/// The fact that the assertion's own data asked for an erasure of `person`'s values.
pub(super) fn erasure_requested(person: Uuid) -> Fact {
    own(stream(person), ERASURE_REQUESTED_V1)
}

/// The fact that a law keeps some of them.
pub(super) fn data_locked(person: Uuid, erasure: Uuid, lock: Lock) -> Fact {
    let shape = DataLockedV1 { erasure, lock };
    fact(stream(person), DATA_LOCKED_V1, &shape)
}

/// The fact that the assertion's own data named what is gone.
pub(super) fn keys_destroyed(person: Uuid) -> Fact {
    own(stream(person), KEYS_DESTROYED_V1)
}

/// The fact that the assertion's own data certified an erasure.
pub(super) fn erasure_certified(person: Uuid) -> Fact {
    own(stream(person), ERASURE_CERTIFIED_V1)
}

/// The fact that the assertion's own data suspended `person`.
pub(super) fn suspended(person: Uuid) -> Fact {
    own(stream(person), SUSPENDED_V1)
}

/// The fact that the assertion's own data ended the suspension of `person`.
pub(super) fn reinstated(person: Uuid) -> Fact {
    own(stream(person), REINSTATED_V1)
}

/// The fact that the assertion's own data recorded the death of `person`.
pub(super) fn death_recorded(person: Uuid) -> Fact {
    own(stream(person), DEATH_RECORDED_V1)
}

/// The fact that the assertion's own data withdrew it.
pub(super) fn death_withdrawn(person: Uuid) -> Fact {
    own(stream(person), DEATH_WITHDRAWN_V1)
}

/// The two facts of an edge between persons that is drawn or taken back.
pub fn edge(kind: &'static str, absorbed: Uuid, into: Uuid) -> [Fact; 2] {
    [
        fact(stream(absorbed), kind, &Edge::Into(into)),
        fact(stream(into), kind, &Edge::Absorbed(absorbed)),
    ]
}
