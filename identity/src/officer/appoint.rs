//! officer.appoint: give a person a role.

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

/// The assertion's kind.
pub const KIND: &str = "officer.appoint.v1";

/// The assertion's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// For which institution; left out = the whole province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<IssuerNumber>,
    /// Who.
    pub person: Uuid,
    /// Which role.
    pub role: Role,
}

/// Appoint an officer.
#[derive(Debug)]
pub struct Appoint {
    /// What is asked.
    pub data: Data,
}

/// Why an appointment is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppointError {
    /// A role of an institution without one, or the other way round, or a role nobody is appointed to.
    #[error("role {0} is not granted this way")]
    RoleScope(Role),
    /// 三权分立: one administrator role a person.
    #[error("the person is {held} already; nobody holds two of system, security and audit")]
    RolesCombined {
        /// The administrator role held.
        held: Role,
    },
    /// No such institution.
    #[error("institution {0} is not admitted")]
    InstitutionUnknown(IssuerNumber),
    /// The institution was closed or merged: nobody acts for it.
    #[error("institution {0} is closed or merged")]
    InstitutionEnded(IssuerNumber),
    /// The number was merged into another: two roles could be joined through it.
    #[error("the person's number is {0} since a merge")]
    Merged(Uuid),
}

impl Decision for Appoint {
    type Error = AppointError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        let mut streams = vec![
            Officer::stream(self.data.person),
            Officer::province(),
            person::wire::stream(self.data.person),
        ];
        streams.extend(self.data.institution.map(IssuerNumber::stream));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, AppointError> {
        let Data {
            institution,
            person,
            role,
        } = self.data;
        let fits = role.is_appointed() && role.is_for_institution() == institution.is_some();
        if !fits {
            return Err(AppointError::RoleScope(role));
        }
        let state = world.get::<Person>(&person::wire::stream(person));
        if let Some((into, _)) = state.merged_into {
            return Err(AppointError::Merged(into));
        }
        let place = institution.map(|number| world.get::<Institution>(&number.stream()));
        if let (Some(number), Some(place)) = (institution, &place) {
            if place.admitted.is_none() {
                return Err(AppointError::InstitutionUnknown(number));
            }
            if place.life.ended.is_some() {
                return Err(AppointError::InstitutionEnded(number));
            }
        }
        let officer = world.get::<Officer>(&Officer::stream(person));
        let held = officer.grant(person, role, institution.unwrap_or(IssuerNumber::REGISTRAR));
        let counts = |position| {
            let place = place.as_ref();
            place.is_none_or(|place| place.keeps_role_of(position))
        };
        if let Some(grant) = held.filter(|grant| counts(grant.by.position)) {
            return Ok(Verdict::AlreadySo(grant.by));
        }
        let held = officer
            .grants
            .iter()
            .map(|grant| grant.granted.role)
            .find(|held| held.is_administrator());
        if let Some(held) = held.filter(|_| role.is_administrator()) {
            return Err(AppointError::RolesCombined { held });
        }
        Ok(Verdict::Facts(wire::granted(Grantee {
            person,
            role,
            institution,
        })))
    }
}
