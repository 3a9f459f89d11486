//! What happens to a person, in today's shapes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::erasure::{Ground, Lock};
use super::{assurance, authenticator, consent, contact, delegation, link, recovery, split};
use crate::did::IssuerNumber;
use crate::erasable::Commitments;
use crate::identifier::IdentifierType;
use crate::purpose::Purpose;

/// How the check character of an identifier came out; the value itself is a commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// It fits, or the type has none.
    Ok,
    /// It does not fit and a person accepted it (DOMAIN §4).
    Overridden,
}

/// An outside identifier was bound: its type and check are open, its value is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// How the check came out.
    pub check: Check,
    /// Its type.
    pub r#type: IdentifierType,
}

impl Alias {
    /// Whether this signer's word is enough: a check that failed is passed over by the registry
    /// alone (DOMAIN §4), so that no school binds a mistyped number for good.
    pub fn may_be_said_by(&self, issuer: IssuerNumber) -> bool {
        self.check == Check::Ok || issuer == IssuerNumber::REGISTRAR
    }
}

/// A person was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Identifiers bound at once.
    pub aliases: Vec<Alias>,
    /// Name, birth date and identifier values.
    pub values: Commitments,
}

/// Values shall go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRequested {
    /// Which values.
    pub purposes: Vec<Purpose>,
    /// On what ground.
    pub ground: Ground,
}

/// Keys are gone, and the values behind some commitments with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysDestroyed {
    /// Which erasure.
    pub erasure: Uuid,
    /// Which values.
    pub purposes: Vec<Purpose>,
    /// Random names of the keys.
    pub keys: Vec<Uuid>,
    /// How many commitments this part names.
    pub commitments: u64,
    /// Which part, from 1.
    pub part: u32,
    /// Of how many.
    pub parts: u32,
}

/// The other end of a merge: two numbers turned out to be one person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    /// This person's number is used no more; that one stays.
    Into(Uuid),
    /// This person's number stays; that one is used no more.
    Absorbed(Uuid),
}

/// Everything that happens to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// person.registered
    Registered(Registered),
    /// identifier.bound
    IdentifierBound {
        /// What was bound.
        alias: Alias,
        /// Its value.
        values: Commitments,
    },
    /// erasure.requested
    ErasureRequested(ErasureRequested),
    /// data.locked
    DataLocked {
        /// In which erasure.
        erasure: Uuid,
        /// What, until when.
        lock: Lock,
    },
    /// erasure.keys-destroyed
    KeysDestroyed(KeysDestroyed),
    /// erasure.certified
    ErasureCertified {
        /// Which erasure.
        erasure: Uuid,
    },
    /// person.suspended
    Suspended,
    /// person.reinstated
    Reinstated,
    /// person.death-recorded
    DeathRecorded {
        /// The day, and what shows it.
        values: Commitments,
    },
    /// person.death-withdrawn
    DeathWithdrawn,
    /// merge.applied
    MergeApplied(Edge),
    /// merge.reverted
    MergeReverted(Edge),
    /// assurance.raised, assurance.lowered
    Assurance(assurance::Event),
    /// delegation.…, delegate.acted
    Delegation(delegation::Event),
    /// contact.recorded, contact.removed
    Contact(contact::Event),
    /// consent.given, consent.withdrawn
    Consent(consent::Event),
    /// recovery.…
    Recovery(recovery::Event),
    /// link.confirmed, link.removed
    Link(link::Event),
    /// authenticator.enrolled, authenticator.suspended, authenticator.removed
    Authenticator(authenticator::Event),
    /// split.…
    Split(split::Event),
}
