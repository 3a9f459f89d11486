//! Every shape of an officer's facts ever stored. A shipped struct never changes.

use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Event, Grantee};
use super::state::Officer;
use crate::did::IssuerNumber;
use crate::role::Role;
use crate::wire::{fact, read, unknown};

/// role.removed.v1
pub const ROLE_REMOVED_V1: &str = "role.removed.v1";
/// role.granted.v1
pub const ROLE_GRANTED_V1: &str = "role.granted.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleGrantedV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    institution: Option<IssuerNumber>,
    person: Uuid,
    role: Role,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleRemovedV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    institution: Option<IssuerNumber>,
    person: Uuid,
    role: Role,
}

/// Reads a stored fact.
pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        ROLE_GRANTED_V1 => read::<RoleGrantedV1>("officer", kind, data).map(|v1| {
            Event::RoleGranted(Grantee {
                person: v1.person,
                role: v1.role,
                institution: v1.institution,
            })
        }),
        ROLE_REMOVED_V1 => read::<RoleRemovedV1>("officer", kind, data).map(|v1| {
            Event::RoleRemoved(Grantee {
                person: v1.person,
                role: v1.role,
                institution: v1.institution,
            })
        }),
        _ => Err(unknown("officer", kind)),
    }
}

/// The facts of a grant: in the person's stream and, for a role of the province, in the roster.
pub fn granted(grantee: Grantee) -> Vec<Fact> {
    let shape = RoleGrantedV1 {
        institution: grantee.institution,
        person: grantee.person,
        role: grantee.role,
    };
    in_both(grantee, ROLE_GRANTED_V1, &shape)
}

/// The facts of a removal, in the same streams.
pub(super) fn removed(grantee: Grantee) -> Vec<Fact> {
    let shape = RoleRemovedV1 {
        institution: grantee.institution,
        person: grantee.person,
        role: grantee.role,
    };
    in_both(grantee, ROLE_REMOVED_V1, &shape)
}

fn in_both(grantee: Grantee, kind: &'static str, shape: &impl Serialize) -> Vec<Fact> {
    let to = |stream: Stream| fact(stream, kind, shape);
    let mut facts = vec![to(Officer::stream(grantee.person))];
    if grantee.institution.is_none() {
        facts.push(to(Officer::province()));
    }
    facts
}
