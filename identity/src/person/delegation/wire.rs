//! Every shape of a delegation's facts ever stored. A shipped struct never changes.

use ledger::decision::Unreadable;
use ledger::fact::Fact;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Event, Granted, end, grant, narrow};
use crate::person::wire::stream;
use crate::wire::{fact, own, read, unknown};

/// delegation.granted.v1: its data is that of delegation.grant.v1.
pub const GRANTED_V1: &str = "delegation.granted.v1";
/// delegation.narrowed.v1: its data is that of delegation.narrow.v1.
pub const NARROWED_V1: &str = "delegation.narrowed.v1";
/// delegation.revoked.v1
pub const REVOKED_V1: &str = "delegation.revoked.v1";
/// delegation.expired.v1: its data is that of delegation.expire.v1.
pub const EXPIRED_V1: &str = "delegation.expired.v1";
/// delegate.acted.v1
pub const ACTED_V1: &str = "delegate.acted.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedV1 {
    delegation: Uuid,
}

pub(in crate::person) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    let named = |kind: &str| read::<NamedV1>("person", kind, data).map(|v1| v1.delegation);
    match kind {
        GRANTED_V1 => read::<grant::Data>("person", kind, data).map(|v1| {
            Event::Granted(Granted {
                agent: v1.agent,
                basis: v1.basis,
                scopes: v1.scopes,
                until: v1.until,
                uses_max: v1.uses_max,
            })
        }),
        NARROWED_V1 => read::<narrow::Data>("person", kind, data).map(|v1| Event::Narrowed {
            delegation: v1.delegation,
            scopes: v1.scopes,
            until: v1.until,
        }),
        REVOKED_V1 => named(kind).map(|delegation| Event::Ended { delegation }),
        EXPIRED_V1 => read::<end::Data>("person", kind, data).map(|v1| Event::Ended {
            delegation: v1.delegation,
        }),
        ACTED_V1 => named(kind).map(|delegation| Event::Acted { delegation }),
        _ => Err(unknown("person", kind)),
    }
}

/// The fact that the assertion's own data gave a delegation in `person`'s name.
pub(super) fn granted(person: Uuid) -> Fact {
    own(stream(person), GRANTED_V1)
}

/// The fact that the assertion's own data narrowed one.
pub(super) fn narrowed(person: Uuid) -> Fact {
    own(stream(person), NARROWED_V1)
}

/// The fact that one was taken back.
pub(super) fn revoked(person: Uuid, delegation: Uuid) -> Fact {
    fact(stream(person), REVOKED_V1, &NamedV1 { delegation })
}

/// The fact that the assertion's own data ended one whose time came.
pub(super) fn expired(person: Uuid) -> Fact {
    own(stream(person), EXPIRED_V1)
}

/// The fact that somebody acted by one.
pub fn acted(person: Uuid, delegation: Uuid) -> Fact {
    fact(stream(person), ACTED_V1, &NamedV1 { delegation })
}
