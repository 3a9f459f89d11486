//! Signed batches: one signature that vouches for up to a thousand assertions.
//!
//! Invariant: a [`Batch`] holds exactly the members that its envelope's root is made of; that the
//! envelope's signature holds is checked where every other signature is.
//! Form: docs/FORMAT.md "Signed batch".

pub mod accept;
pub mod proof;
pub mod state;

use serde::{Deserialize, Serialize};

use crate::assertion::{Assertion, Draft, Kid, Malformed};
use crate::hash::Digest;
use crate::key::SigningKey;
use crate::merkle::Tree;

pub use proof::MemberProof;
pub use state::Accepted;

/// Kind of an envelope.
pub const KIND: &str = "batch.submit.v1";
/// Most members of a batch.
pub const MEMBERS_MAX: usize = 1_000;
/// Most bytes of the members' payloads, in base64url: a batch is decided and synced in one piece.
pub const BYTES_MAX: usize = 8 << 20;

/// What an envelope says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// How many members follow, 1 to [`MEMBERS_MAX`].
    pub count: u32,
    /// RFC 6962 root of the payloads, each hashed as a leaf.
    pub root: Digest,
}

/// An envelope with its members, in order.
#[derive(Debug, Clone)]
pub struct Batch {
    envelope: Assertion,
    members: Vec<Assertion>,
}

/// Why something is no batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotABatch {
    /// The envelope's data is not that of one.
    #[error("the envelope must be of kind batch.submit.v1 and say count and root: {0}")]
    Envelope(String),
    /// None, or too many.
    #[error("{0} members; a batch has 1 to 1000")]
    Members(usize),
    /// The members' payloads are too large.
    #[error("payloads of {0} bytes; at most 8388608 fit into one batch")]
    TooLarge(usize),
    /// The envelope counts otherwise.
    #[error("the envelope says {said} members, {sent} were sent")]
    Count {
        /// What the envelope says.
        said: u32,
        /// What was sent.
        sent: usize,
    },
    /// The envelope's root is not that of the members.
    #[error("the envelope's root is not that of these members in this order")]
    Root,
}

impl Batch {
    /// An envelope and its members: together only if the one vouches for the others.
    pub fn of(envelope: Assertion, members: Vec<Assertion>) -> Result<Self, NotABatch> {
        let data = data_of(&envelope)?;
        let sent = members.len();
        check_size(members.iter())?;
        if usize::try_from(data.count) != Ok(sent) {
            return Err(NotABatch::Count {
                said: data.count,
                sent,
            });
        }
        if root_of(&members) != Some(data.root) {
            return Err(NotABatch::Root);
        }
        Ok(Self { envelope, members })
    }

    /// Signs these members as `kid`; `envelope` says all but kind and data.
    pub fn sign(
        mut envelope: Draft,
        members: Vec<Assertion>,
        kid: &Kid,
        key: &SigningKey,
    ) -> Result<Self, SignError> {
        check_size(members.iter())?;
        let data = Data {
            count: u32::try_from(members.len()).unwrap_or(u32::MAX),
            root: root_of(&members).ok_or(NotABatch::Root)?,
        };
        envelope.kind = KIND.into();
        envelope.data =
            serde_json::to_value(data).map_err(|e| Malformed::Payload(e.to_string()))?;
        let envelope = envelope.sign(kid, key)?;
        if members.iter().any(|member| member.kid() != kid) {
            return Err(NotABatch::Root.into());
        }
        Ok(Self { envelope, members })
    }

    /// The envelope.
    pub fn envelope(&self) -> &Assertion {
        &self.envelope
    }

    /// The members, in order.
    pub fn members(&self) -> &[Assertion] {
        &self.members
    }

    /// Envelope and members apart.
    pub fn into_parts(self) -> (Assertion, Vec<Assertion>) {
        (self.envelope, self.members)
    }
}

/// Why a batch cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The members are none of one batch.
    #[error(transparent)]
    Batch(#[from] NotABatch),
    /// The envelope cannot be written.
    #[error(transparent)]
    Envelope(#[from] Malformed),
}

/// What an envelope says; an error if it is none.
pub fn data_of(envelope: &Assertion) -> Result<Data, NotABatch> {
    if envelope.kind() != KIND {
        return Err(NotABatch::Envelope(format!("it is a {}", envelope.kind())));
    }
    serde_json::from_str(envelope.data().get()).map_err(|e| NotABatch::Envelope(e.to_string()))
}

fn check_size<'a>(members: impl ExactSizeIterator<Item = &'a Assertion>) -> Result<(), NotABatch> {
    let count = members.len();
    if !(1..=MEMBERS_MAX).contains(&count) {
        return Err(NotABatch::Members(count));
    }
    let bytes = members.map(|member| member.text().len()).sum();
    if bytes > BYTES_MAX {
        return Err(NotABatch::TooLarge(bytes));
    }
    Ok(())
}

/// Root of the members' payloads; `None` if one of them is no member.
fn root_of(members: &[Assertion]) -> Option<Digest> {
    let mut tree = Tree::new();
    for member in members {
        tree.append(member.member_hash()?);
    }
    Some(tree.root())
}
