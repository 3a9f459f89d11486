//! officer.dismiss: take a role back.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Grantee;
use super::state::Officer;
use super::wire;
use crate::did::IssuerNumber;
use crate::role::Role;

/// The assertion's kind.
pub const KIND: &str = "officer.dismiss.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// For which institution; left out = the whole province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<IssuerNumber>,
    /// Whose.
    pub person: Uuid,
    /// Which role.
    pub role: Role,
}

/// Dismiss an officer.
#[derive(Debug)]
pub struct Dismiss {
    /// What is asked.
    pub data: Data,
}

/// Why a role is not taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DismissError {
    /// The person does not hold it there.
    #[error("person {person} does not hold the role {role} there")]
    RoleNotHeld {
        /// Who.
        person: Uuid,
        /// What.
        role: Role,
    },
    /// Nobody would be left who can do it, nor appoint somebody.
    #[error("the last {0} of the province cannot be dismissed: appoint another one first")]
    LastHolder(Role),
}

impl Decision for Dismiss {
    type Error = DismissError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![Officer::stream(self.data.person), Officer::province()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, DismissError> {
        let Data {
            institution,
            person,
            role,
        } = self.data;
        let officer = world.get::<Officer>(&Officer::stream(person));
        let place = institution.unwrap_or(IssuerNumber::REGISTRAR);
        let held = officer.grant(person, role, place);
        if held.is_none_or(|held| held.granted.institution != institution) {
            return Err(DismissError::RoleNotHeld { person, role });
        }
        let roster = world.get::<Officer>(&Officer::province());
        let needed = role.is_administrator() || role == Role::Registrar;
        if institution.is_none() && needed && roster.others(Some(person), &[role]) == 0 {
            return Err(DismissError::LastHolder(role));
        }
        Ok(Verdict::Facts(wire::removed(Grantee {
            person,
            role,
            institution,
        })))
    }
}
