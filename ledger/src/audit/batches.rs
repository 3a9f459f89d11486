//! Signed batches in the log: behind an envelope stand its members, all of them and nothing else.
//!
//! Invariant: no member passes but behind its envelope, in its place; when the last one has passed,
//! the envelope's root was that of them all. The envelope's signature is checked like any other.

use crate::assertion::Kid;
use crate::batch::{self, NotABatch};
use crate::commit::Commit;
use crate::hash::Digest;
use crate::merkle::Tree;

/// What is wrong with a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchFault {
    /// A member stands behind no envelope, or behind another one's members.
    #[error("it is a batch's member and does not stand behind its envelope in its place")]
    Stray,
    /// Another commit stands where a member belongs, or the log ends there.
    #[error("member {index} of the batch at {envelope} belongs here")]
    Missing {
        /// Position of the envelope.
        envelope: u64,
        /// Index of the member, from 0.
        index: u64,
    },
    /// The member names another key, or was recorded at another time, than its envelope.
    #[error("it is of another key or time than its envelope")]
    Foreign,
    /// The envelope's root is not that of its members.
    #[error("the root in the batch's envelope is not that of its members")]
    Root,
    /// The envelope is none.
    #[error(transparent)]
    Envelope(#[from] NotABatch),
}

/// A batch whose members have not all passed.
struct Open {
    envelope: u64,
    kid: Kid,
    recorded_at_ms: i64,
    count: u64,
    root: Digest,
    members: Tree,
}

/// The batch that the log is in, if it is in one.
#[derive(Default)]
pub(super) struct Batches {
    open: Option<Open>,
    /// Members that passed.
    pub(super) members: u64,
}

impl Batches {
    /// Takes the next commit in.
    pub(super) fn take(&mut self, commit: &Commit) -> Result<(), BatchFault> {
        let assertion = &commit.assertion;
        let member = assertion.place().zip(assertion.member_hash());
        let (Some(open), Some((place, hash))) = (&mut self.open, member) else {
            if member.is_some() {
                return Err(BatchFault::Stray);
            }
            self.complete()?;
            return self.begin(commit);
        };
        let is_next =
            place.envelope == open.envelope && u64::from(place.index) == open.members.size();
        if !is_next || assertion.kind() == batch::KIND {
            return Err(BatchFault::Stray);
        }
        if assertion.kid() != &open.kid || commit.recorded_at_ms != open.recorded_at_ms {
            return Err(BatchFault::Foreign);
        }
        open.members.append(hash);
        self.members += 1;
        if open.members.size() == open.count {
            if open.members.root() != open.root {
                return Err(BatchFault::Root);
            }
            self.open = None;
        }
        Ok(())
    }

    /// Whether no batch misses a member here.
    pub(super) fn complete(&self) -> Result<(), BatchFault> {
        match &self.open {
            None => Ok(()),
            Some(open) => Err(BatchFault::Missing {
                envelope: open.envelope,
                index: open.members.size(),
            }),
        }
    }

    fn begin(&mut self, commit: &Commit) -> Result<(), BatchFault> {
        let assertion = &commit.assertion;
        if assertion.kind() == batch::KIND {
            let data = batch::data_of(assertion)?;
            self.open = Some(Open {
                envelope: commit.position,
                kid: assertion.kid().clone(),
                recorded_at_ms: commit.recorded_at_ms,
                count: data.count.into(),
                root: data.root,
                members: Tree::new(),
            });
        }
        Ok(())
    }
}
