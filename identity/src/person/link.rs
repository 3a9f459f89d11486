//! link.confirm, link.remove: an account at a provider signs a person in, or does so no more.
//!
//! Invariant: a link is named by the assertion that confirmed it; what it links is (iss, sub), both
//! values in the vault. That no two people hold one (iss, sub) the vault's lookup row keeps, reserved
//! before the assertion is queued. A crash in between leaves a reservation that the reaper releases.

use ledger::assertion::Act;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::state::Person;
use super::wire;
use crate::did::IssuerNumber;
use crate::erasable::Commitments;
use crate::role::Role;

/// Kind of the assertion that links.
pub const CONFIRM: &str = "link.confirm.v1";
/// Kind of the assertion that takes a link away.
pub const REMOVE: &str = "link.remove.v1";
/// The provider, as it names itself.
pub const ISS: &str = "iss";
/// The account, as the provider names it.
pub const SUB: &str = "sub";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &[ISS, SUB];
/// Most links of one person at once.
pub const LINKS_MAX: usize = 16;
/// The best that a link may be assured of when a registrar made it.
pub const LOA_MAX: u8 = 4;
/// The same, when a counter or the person made it (SECURITY §1.3: 4 is for officers).
pub const OWN_LOA_MAX: u8 = 3;

/// An account that signs a person in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The assertion that confirmed it.
    pub id: Uuid,
    /// The best level of assurance that it gives.
    pub loa: u8,
}

/// The data of link.confirm.v1; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitments to `iss` and `sub`.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// The ceremony in which both sides were shown: random, and used once.
    pub ceremony: Uuid,
    /// The best level of assurance that it gives.
    pub loa: u8,
    /// Who is signed in by it.
    pub person: Uuid,
}

/// The data of link.remove.v1; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveData {
    /// Which link.
    pub link: Uuid,
    /// Whose.
    pub person: Uuid,
}

/// Link an account to a person.
#[derive(Debug)]
pub struct ConfirmLink {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// Who acts.
    pub act: Option<Act>,
    /// What is asked.
    pub data: Data,
}

/// Take a link away.
#[derive(Debug)]
pub struct RemoveLink {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// Who acts.
    pub act: Option<Act>,
    /// What is asked.
    pub data: RemoveData,
}

/// Why an account is not linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmLinkError {
    /// Nobody has this number.
    #[error("person {0} is not registered")]
    PersonUnknown(Uuid),
    /// Suspended, dead, or known under another number.
    #[error("nobody signs in as person {0}: suspended, merged into another number or dead")]
    Barred(Uuid),
    /// A learner links somebody else, or an officer the own account.
    #[error("a learner links the own account alone, an officer never the own one")]
    NotYours,
    /// Another institution's person.
    #[error("institution {0} did not register this person")]
    NotOnRoster(IssuerNumber),
    /// Not one `iss` and one `sub`.
    #[error("a link has two values: iss and sub")]
    ValuesDoNotFit,
    /// Better than who says so can know.
    #[error("level of assurance {loa}: from 1 to {most} for who links here")]
    LoaTooHigh {
        /// The level asked.
        loa: u8,
        /// The best there is.
        most: u8,
    },
    /// The same ceremony once more.
    #[error("ceremony {0} has linked an account before")]
    CeremonyUsed(Uuid),
    /// Too many.
    #[error("a person has at most 16 links")]
    TooMany,
}

/// Why a link stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoveLinkError {
    /// The person has no such link.
    #[error("person {person} has no link {link}")]
    LinkUnknown {
        /// Whose.
        person: Uuid,
        /// Which.
        link: Uuid,
    },
    /// A learner removes somebody else's.
    #[error("a learner removes the own links alone")]
    NotYours,
    /// Another institution's person.
    #[error("institution {0} did not register this person")]
    NotOnRoster(IssuerNumber),
}

/// The role somebody acts in.
fn role_of(act: Option<&Act>) -> Option<Role> {
    act.and_then(|act| Role::parse(&act.role))
}

/// Whether this is the person itself, with the platform's key: no school speaks as a learner.
fn is_own(issuer: IssuerNumber, act: Option<&Act>, person: Uuid) -> bool {
    issuer == IssuerNumber::REGISTRAR && act.is_some_and(|act| act.person == person)
}

impl Decision for ConfirmLink {
    type Error = ConfirmLinkError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![wire::stream(self.data.person)]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ConfirmLinkError> {
        let Data {
            values,
            ceremony,
            loa,
            person,
        } = &self.data;
        let state = world.get::<Person>(&wire::stream(*person));
        if !state.is_known() {
            return Err(ConfirmLinkError::PersonUnknown(*person));
        }
        let (act, role) = (self.act.as_ref(), role_of(self.act.as_ref()));
        if role == Some(Role::Learner) {
            if !is_own(self.issuer, act, *person) {
                return Err(ConfirmLinkError::NotYours);
            }
        } else if act.is_some_and(|act| act.person == *person) {
            return Err(ConfirmLinkError::NotYours);
        } else if !state.is_served_by(self.issuer) {
            return Err(ConfirmLinkError::NotOnRoster(self.issuer));
        }
        if state.barred().is_some() {
            return Err(ConfirmLinkError::Barred(*person));
        }
        if values.as_slice().len() != ERASABLE.len() {
            return Err(ConfirmLinkError::ValuesDoNotFit);
        }
        let most = match role {
            Some(Role::Registrar) => LOA_MAX,
            _ => OWN_LOA_MAX,
        };
        if !(1..=most).contains(loa) {
            return Err(ConfirmLinkError::LoaTooHigh { loa: *loa, most });
        }
        if state.ceremonies.contains(ceremony) {
            return Err(ConfirmLinkError::CeremonyUsed(*ceremony));
        }
        if state.links.len() >= LINKS_MAX {
            return Err(ConfirmLinkError::TooMany);
        }
        Ok(Verdict::Facts(vec![wire::link_confirmed(*person)]))
    }
}

impl Decision for RemoveLink {
    type Error = RemoveLinkError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![wire::stream(self.data.person)]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RemoveLinkError> {
        let RemoveData { link, person } = self.data;
        let state = world.get::<Person>(&wire::stream(person));
        if role_of(self.act.as_ref()) == Some(Role::Learner) {
            if !is_own(self.issuer, self.act.as_ref(), person) {
                return Err(RemoveLinkError::NotYours);
            }
        } else if !state.is_served_by(self.issuer) {
            return Err(RemoveLinkError::NotOnRoster(self.issuer));
        }
        if state.link(link).is_none() {
            return Err(RemoveLinkError::LinkUnknown { person, link });
        }
        Ok(Verdict::Facts(vec![wire::link_removed(person)]))
    }
}
