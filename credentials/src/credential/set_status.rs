//! credential.set-status: its issuer suspends, reinstates or revokes a credential (DOMAIN §3.14).

use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::{Institution, succession};
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Event;
use super::state::{Credential, change, streams_of};
use super::wire;
use crate::account::correct_outcome::Reason;
use crate::verify::Standing;

/// The assertion's kind.
pub const KIND: &str = "credential.set-status.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["reason_text"];

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Stopped for now.
    Suspended,
    /// In force again.
    Reinstated,
    /// Ended for good.
    Revoked,
}

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitment to the reason's text.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Which credential.
    pub credential: Uuid,
    /// Whose it is.
    pub person: Uuid,
    /// Why.
    pub reason: Reason,
    /// What becomes of it.
    pub status: Status,
}

/// Suspend, reinstate or revoke a credential.
#[derive(Debug)]
pub struct SetStatus {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
}

/// Why a credential's status does not change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetStatusError {
    /// No such credential, or another person's.
    #[error("there is no credential {0} of this person")]
    CredentialUnknown(Uuid),
    /// Somebody else's credential.
    #[error(
        "credential {credential} was issued by institution {issuer}, who alone changes it, or whoever answers for it since a merger"
    )]
    NotYours {
        /// Which credential.
        credential: Uuid,
        /// Whose it is.
        issuer: IssuerNumber,
    },
    /// It was revoked or superseded: for good.
    #[error("the credential ended at position {0}")]
    Ended(u64),
    /// Its issuer has not said yet whether it was itself that changed it.
    #[error("what was said of the credential is disputed: settle that first, or revoke it")]
    Disputed,
    /// It is in force and never was suspended.
    #[error("the credential is not suspended")]
    NotSuspended,
}

impl Decision for SetStatus {
    type Error = SetStatusError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = streams_of(world, &[self.data.credential]);
        streams.push(self.issuer.stream());
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, SetStatusError> {
        let data = &self.data;
        let credential = world.get::<Credential>(&wire::stream(data.credential));
        let says = credential
            .issued
            .as_ref()
            .map(|issued| &issued.says)
            .filter(|says| says.person == data.person)
            .ok_or(SetStatusError::CredentialUnknown(data.credential))?;
        let asker = world.get::<Institution>(&self.issuer.stream());
        if says.issuer != self.issuer && !asker.answers_for(says.issuer) {
            return Err(SetStatusError::NotYours {
                credential: data.credential,
                issuer: says.issuer,
            });
        }
        let institution = succession::in_world(world, says.issuer);
        let last = credential.last_change(&institution).map(|last| last.by);
        let how = match (credential.standing(&institution), data.status, last) {
            (Standing::Revoked, Status::Revoked, Some(by))
            | (Standing::Suspended, Status::Suspended, Some(by))
            | (Standing::Issued, Status::Reinstated, Some(by)) => {
                return Ok(Verdict::AlreadySo(by));
            }
            (Standing::Revoked | Standing::Superseded, _, last) => {
                return Err(SetStatusError::Ended(last.map_or(0, |by| by.position)));
            }
            (Standing::Disputed, Status::Suspended | Status::Reinstated, _) => {
                return Err(SetStatusError::Disputed);
            }
            (_, Status::Suspended, _) => Event::Suspended(data.reason),
            (_, Status::Revoked, _) => Event::Revoked(data.reason),
            (Standing::Suspended, Status::Reinstated, _) => Event::Reinstated(data.reason),
            (Standing::Issued, Status::Reinstated, None) => {
                return Err(SetStatusError::NotSuspended);
            }
        };
        Ok(Verdict::Facts(change(&credential, &institution, &how)))
    }
}
