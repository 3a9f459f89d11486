//! What happens to a credential, in today's shapes.

use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use uuid::Uuid;

use crate::account::correct_outcome::Reason;
use crate::account::outcome::Fields;
use crate::millicredits::Millicredits;

/// Everything that happens to a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// credential.issued
    Issued(Box<Issued>),
    /// credential.suspended: stopped for now.
    Suspended(Reason),
    /// credential.reinstated: in force again.
    Reinstated(Reason),
    /// credential.revoked: ended for good.
    Revoked(Reason),
    /// credential.superseded: a correction of its outcome put another in its place.
    Superseded,
}

/// A credential was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its id: the `urn:uuid:` of the document.
    pub credential: Uuid,
    /// Who issues it.
    pub issuer: IssuerNumber,
    /// Whose it is.
    pub person: Uuid,
    /// About what.
    pub outcome: Uuid,
    /// The part behind `#` of the name of the key that signs document and code.
    pub key: String,
    /// What the outcome openly said then.
    pub fields: Fields,
    /// The credit of its lot then.
    pub credits: Millicredits,
    /// The holder: a did:key of this credential's own.
    pub subject: String,
    /// First of its three status lists.
    pub list: u32,
    /// Its bit in each of them.
    pub index: u32,
    /// Commitments to the document and to the holder's private key.
    pub values: Commitments,
}
