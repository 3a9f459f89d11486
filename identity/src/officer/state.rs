//! Which roles are held.

use std::collections::HashSet;

use ledger::decision::{Aggregate, Earlier, Occurred, Unreadable};
use ledger::fact::Stream;
use uuid::Uuid;

use super::event::{Event, Grantee};
use super::{clerk, wire};
use crate::did::IssuerNumber;
use crate::role::Role;

/// The grants of one person, or of the whole province.
#[derive(Debug, Clone, Default)]
pub struct Officer {
    /// In order of granting.
    pub grants: Vec<Grant>,
    /// Roles that were held and taken back.
    pub removed: Vec<Grantee>,
}

/// A role held, and the commit that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Who holds which role where.
    pub granted: Grantee,
    /// The commit.
    pub by: Earlier,
}

impl Officer {
    /// The stream of one person's roles.
    pub fn stream(person: Uuid) -> Stream {
        Stream::new("officer", person)
    }

    /// The roster of the roles of the whole province.
    pub fn province() -> Stream {
        Stream::new("officer", "province")
    }

    /// Whether `person` holds `role` for `institution` (roles of the province: for the registrar).
    pub fn holds(&self, person: Uuid, role: Role, institution: IssuerNumber) -> bool {
        self.grant(person, role, institution).is_some()
    }

    /// Whether `person` held `role` for `institution` and it was taken back.
    pub fn is_dismissed(&self, person: Uuid, role: Role, institution: IssuerNumber) -> bool {
        let place = role.is_for_institution().then_some(institution);
        self.removed.contains(&Grantee {
            person,
            role,
            institution: place,
        })
    }

    /// The grant by which `person` holds `role` for `institution`.
    pub fn grant(&self, person: Uuid, role: Role, institution: IssuerNumber) -> Option<&Grant> {
        let wanted = role.is_for_institution().then_some(institution);
        if wanted.is_none() && institution != IssuerNumber::REGISTRAR {
            return None;
        }
        // The last one: who comes back to an institution that was closed was given the role again.
        self.grants.iter().rfind(|grant| {
            let granted = grant.granted;
            granted.person == person && granted.role == role && granted.institution == wanted
        })
    }

    /// Whether a role is held for anybody but `issuer`; the registrar stands above all.
    pub fn holds_outside(&self, issuer: IssuerNumber) -> bool {
        let elsewhere = |grant: &Grant| grant.granted.institution != Some(issuer);
        issuer != IssuerNumber::REGISTRAR && self.grants.iter().any(elsewhere)
    }

    /// Whether any role is held, in the province or for an institution.
    pub const fn holds_any(&self) -> bool {
        !self.grants.is_empty()
    }

    /// Whether roles are held that `issuer` gives to its own people, and no other.
    pub fn is_staff_of(&self, issuer: IssuerNumber) -> bool {
        let own = |grant: &Grant| {
            let Grantee {
                role, institution, ..
            } = grant.granted;
            institution == Some(issuer) && clerk::OWN_ROLES.contains(&role)
        };
        self.holds_any() && self.grants.iter().all(own)
    }

    /// How many persons but `person` hold one of `roles` in the province.
    pub fn others(&self, person: Option<Uuid>, roles: &[Role]) -> usize {
        let others: HashSet<Uuid> = self
            .grants
            .iter()
            .map(|grant| grant.granted)
            .filter(|it| roles.contains(&it.role) && it.institution.is_none())
            .map(|it| it.person)
            .filter(|it| Some(*it) != person)
            .collect();
        others.len()
    }
}

impl Aggregate for Officer {
    const NOUN: &'static str = "officer";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        match event {
            Event::RoleGranted(granted) => {
                self.removed.retain(|removed| removed != granted);
                self.grants.push(Grant {
                    granted: *granted,
                    by: Earlier {
                        id: at.assertion.id(),
                        position: at.position,
                    },
                });
            }
            Event::RoleRemoved(removed) => {
                self.grants.retain(|grant| grant.granted != *removed);
                self.removed.push(*removed);
            }
        }
        self
    }
}
