//! Whether an institution's officers may say something of somebody's standing: one question for every
//! use case that an officer at a counter asks.

use std::sync::Arc;

use ledger::decision::World;
use ledger::fact::Stream;
use uuid::Uuid;

use super::state::Person;
use super::wire;
use crate::did::IssuerNumber;
use crate::institution::Institution;
use crate::officer::Officer;

/// Why an institution has nothing to say here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotServed {
    /// Nobody has this number.
    #[error("person {0} is not registered")]
    PersonUnknown(Uuid),
    /// Another institution's person.
    #[error("institution {0} did not register this person")]
    NotOnRoster(IssuerNumber),
    /// The number was merged into another: it would change nothing.
    #[error("the person's number is {0} since a merge")]
    Merged(Uuid),
    /// The person holds a role elsewhere: one school would stop another's officer, or the province's.
    #[error("person {0} holds a role outside this institution: ask the registrar")]
    HoldsRoles(Uuid),
}

/// What [`check`] reads.
pub(super) fn streams(person: Uuid, issuer: IssuerNumber) -> Vec<Stream> {
    vec![
        wire::stream(person),
        Officer::stream(person),
        issuer.stream(),
    ]
}

/// The person, if officers of `issuer` may say something of that person's standing.
pub(super) fn check(
    world: &World<'_>,
    person: Uuid,
    issuer: IssuerNumber,
) -> Result<Arc<Person>, NotServed> {
    let state = world.get::<Person>(&wire::stream(person));
    if !state.is_known() {
        return Err(NotServed::PersonUnknown(person));
    }
    let asker = world.get::<Institution>(&issuer.stream());
    if !state.is_served_by(issuer, &asker) {
        return Err(NotServed::NotOnRoster(issuer));
    }
    if let Some((into, _)) = state.merged_into {
        return Err(NotServed::Merged(into));
    }
    let officer = world.get::<Officer>(&Officer::stream(person));
    if officer.holds_outside(issuer) {
        return Err(NotServed::HoldsRoles(person));
    }
    Ok(state)
}
