//! identifier.bind: one more outside number points to a person.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Alias;
use super::state::Person;
use super::wire;
use crate::did::IssuerNumber;
use crate::erasable::Commitments;
use crate::institution::Institution;

/// The assertion's kind.
pub const KIND: &str = "identifier.bind.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &[
    "resident_id",
    "enrolment_number",
    "passport",
    "staff_number",
    "institution_card",
];
/// Most identifiers of one person.
pub const IDENTIFIERS_MAX: usize = 64;

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The commitment to the value.
    #[serde(rename = "_sd")]
    pub values: Commitments,
    /// Its type and check.
    pub identifier: Alias,
    /// Whose it is.
    pub person: Uuid,
}

/// Bind an identifier.
#[derive(Debug)]
pub struct BindIdentifier {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
}

/// Why a binding is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindIdentifierError {
    /// Nobody has this number.
    #[error("person {0} is not registered")]
    PersonUnknown(Uuid),
    /// Another institution's person: only who registered the person, or the registrar, may.
    #[error("institution {0} did not register this person")]
    NotOnRoster(IssuerNumber),
    /// Not exactly one value.
    #[error("one identifier has one value")]
    ValuesDoNotFit,
    /// Too many.
    #[error("a person has at most 64 identifiers")]
    TooMany,
    /// A check that failed is passed over by the registry alone (DOMAIN §4).
    #[error("institution {0} may not override a failed check; the registrar may")]
    OverrideNotYours(IssuerNumber),
}

impl Decision for BindIdentifier {
    type Error = BindIdentifierError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![wire::stream(self.data.person), self.issuer.stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, BindIdentifierError> {
        let Data {
            values,
            identifier,
            person,
        } = &self.data;
        let state = world.get::<Person>(&wire::stream(*person));
        if !state.is_known() {
            return Err(BindIdentifierError::PersonUnknown(*person));
        }
        let asker = world.get::<Institution>(&self.issuer.stream());
        if !state.is_served_by(self.issuer, &asker) {
            return Err(BindIdentifierError::NotOnRoster(self.issuer));
        }
        if values.as_slice().len() != 1 {
            return Err(BindIdentifierError::ValuesDoNotFit);
        }
        if state.aliases.len() >= IDENTIFIERS_MAX {
            return Err(BindIdentifierError::TooMany);
        }
        if !identifier.may_be_said_by(self.issuer) {
            return Err(BindIdentifierError::OverrideNotYours(self.issuer));
        }
        Ok(Verdict::Facts(vec![wire::identifier_bound(*person)]))
    }
}
