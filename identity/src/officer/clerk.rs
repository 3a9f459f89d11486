//! clerk.appoint and clerk.dismiss: an institution's officer chooses who records for it.
//!
//! One person suffices (SECURITY §5, "own clerks"): a clerk can neither correct nor revoke alone.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Grantee;
use super::state::Officer;
use super::wire;
use crate::did::IssuerNumber;
use crate::institution::Institution;
use crate::person::{self, Person};
use crate::role::Role;

/// Kind of the assertion that appoints.
pub const APPOINT: &str = "clerk.appoint.v1";
/// Kind of the assertion that dismisses.
pub const DISMISS: &str = "clerk.dismiss.v1";
/// Roles that an institution gives by itself.
pub const OWN_ROLES: &[Role] = &[Role::Clerk, Role::Counter];

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Who.
    pub person: Uuid,
    /// clerk or counter.
    pub role: Role,
}

/// Whether a role is given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Given.
    Appoint,
    /// Taken.
    Dismiss,
}

/// Give or take a role of the signer's own desk.
#[derive(Debug)]
pub struct ChangeClerk {
    /// Whose key signs the asking, and whose desk it is.
    pub issuer: IssuerNumber,
    /// Which of the two.
    pub change: Change,
    /// What is asked.
    pub data: Data,
}

/// Why the desk does not change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeClerkError {
    /// A role that the security administrators give.
    #[error(
        "an institution appoints clerks and counter staff; the security administrators give {0}"
    )]
    RoleNotOwn(Role),
    /// The number was merged into another: two roles could be joined through it.
    #[error("the person's number is {0} since a merge")]
    Merged(Uuid),
    /// The person does not hold it here.
    #[error("person {person} does not hold the role {role} here")]
    RoleNotHeld {
        /// Who.
        person: Uuid,
        /// What.
        role: Role,
    },
}

impl Decision for ChangeClerk {
    type Error = ChangeClerkError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![
            Officer::stream(self.data.person),
            person::wire::stream(self.data.person),
            self.issuer.stream(),
        ]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ChangeClerkError> {
        let Data { person, role } = self.data;
        if !OWN_ROLES.contains(&role) {
            return Err(ChangeClerkError::RoleNotOwn(role));
        }
        let state = world.get::<Person>(&person::wire::stream(person));
        if let Some((into, _)) = state.merged_into
            && self.change == Change::Appoint
        {
            return Err(ChangeClerkError::Merged(into));
        }
        let officer = world.get::<Officer>(&Officer::stream(person));
        let institution = world.get::<Institution>(&self.issuer.stream());
        let held = officer.grant(person, role, self.issuer);
        let held = held.filter(|grant| institution.keeps_role_of(grant.by.position));
        let grantee = Grantee {
            person,
            role,
            institution: Some(self.issuer),
        };
        match (self.change, held) {
            (Change::Appoint, Some(held)) => Ok(Verdict::AlreadySo(held.by)),
            (Change::Appoint, None) => Ok(Verdict::Facts(wire::granted(grantee))),
            (Change::Dismiss, Some(_)) => Ok(Verdict::Facts(wire::removed(grantee))),
            (Change::Dismiss, None) => Err(ChangeClerkError::RoleNotHeld { person, role }),
        }
    }
}
