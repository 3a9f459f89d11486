//! Every shape of an officer's facts ever stored. A shipped struct never changes.

use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Event, RoleGranted};
use super::state::Officer;
use crate::did::IssuerNumber;
use crate::role::Role;
use crate::wire::{fact, read, unknown};

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

/// Reads a stored fact.
pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        ROLE_GRANTED_V1 => read::<RoleGrantedV1>("officer", kind, data).map(|v1| {
            Event::RoleGranted(RoleGranted {
                person: v1.person,
                role: v1.role,
                institution: v1.institution,
            })
        }),
        _ => Err(unknown("officer", kind)),
    }
}

/// The facts of a grant: in the person's stream and, for a role of the province, in the roster.
pub fn granted(grant: RoleGranted) -> Vec<Fact> {
    let shape = RoleGrantedV1 {
        institution: grant.institution,
        person: grant.person,
        role: grant.role,
    };
    let to = |stream: Stream| fact(stream, ROLE_GRANTED_V1, &shape);
    let mut facts = vec![to(Officer::stream(grant.person))];
    if grant.institution.is_none() {
        facts.push(to(Officer::province()));
    }
    facts
}
