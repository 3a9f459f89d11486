//! person.register: a person gets the one internal number, and the aliases known now.

use std::collections::HashSet;

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Alias;
use super::state::Person;
use super::wire;
use crate::did::IssuerNumber;
use crate::erasable::Commitments;

/// The assertion's kind.
pub const KIND: &str = "person.register.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &[
    "name",
    "birth_date",
    "resident_id",
    "enrolment_number",
    "passport",
    "staff_number",
    "institution_card",
];

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitments to name, birth date and the identifiers' values.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Types of the identifiers bound, at most one of each.
    pub identifiers: Vec<Alias>,
    /// A random UUIDv4, derived from nothing.
    pub person: Uuid,
}

/// Register a person.
#[derive(Debug)]
pub struct Register {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
}

/// Why a registration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The number is not random, so it might be derived from something personal.
    #[error("person must be a random UUIDv4")]
    PersonNotRandom,
    /// The number is somebody's already.
    #[error("person {0} is registered already")]
    PersonTaken(Uuid),
    /// The same type twice.
    #[error("an identifier type stands twice; bind the second one afterwards")]
    IdentifierTwice,
    /// No name, or an identifier without a value, or a value too many.
    #[error(
        "the number of commitments does not fit: a name, perhaps a birth date, one value for each identifier"
    )]
    ValuesDoNotFit,
    /// A check that failed is passed over by the registry alone (DOMAIN §4).
    #[error("institution {0} may not override a failed check; the registrar may")]
    OverrideNotYours(IssuerNumber),
}

impl Decision for Register {
    type Error = RegisterError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![wire::stream(self.data.person)]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RegisterError> {
        let Data {
            values,
            identifiers,
            person,
        } = &self.data;
        if person.get_version_num() != 4 {
            return Err(RegisterError::PersonNotRandom);
        }
        if world.get::<Person>(&wire::stream(*person)).is_known() {
            return Err(RegisterError::PersonTaken(*person));
        }
        let types: HashSet<_> = identifiers.iter().map(|alias| alias.r#type).collect();
        if types.len() != identifiers.len() {
            return Err(RegisterError::IdentifierTwice);
        }
        let values = values.as_slice().len();
        if values != identifiers.len() + 1 && values != identifiers.len() + 2 {
            return Err(RegisterError::ValuesDoNotFit);
        }
        if !identifiers
            .iter()
            .all(|alias| alias.may_be_said_by(self.issuer))
        {
            return Err(RegisterError::OverrideNotYours(self.issuer));
        }
        Ok(Verdict::Facts(vec![wire::registered(*person)]))
    }
}
