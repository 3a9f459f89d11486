//! What is checked of a submission before it is queued: everything that needs no order.
//!
//! Invariant: nothing is decided and nothing changed; what passes here may still be refused behind
//! the queue. A crash loses nothing: there is nothing yet.

use super::Shared;
use crate::assertion::Assertion;
use crate::batch::{self, Batch};
use crate::decision::{Rules, World};
use crate::execute::{BatchError, Corrupt, ExecuteError, Refused};
use crate::sequencer::{BatchSubmission, Submission, learn};
use crate::states::Loaded;

/// Kind of the commit that opens a log: it carries its own key, which no envelope vouches for.
const OPENING: &str = "log.open.";

/// What is to be done about an assertion's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    /// It has its own.
    Own,
    /// Its envelope's, which is checked once.
    Envelope,
}

impl<R: Rules> Shared<R> {
    pub(super) fn check(
        &self,
        assertion: Assertion,
        signature: Signature,
    ) -> Result<Submission<R>, ExecuteError<R::Refusal>> {
        if assertion.log() != self.origin {
            let (asked, this) = (assertion.log().into(), self.origin.clone());
            return Err(Refused::ForeignLog { asked, this }.into());
        }
        let seen_recorded_at_ms = self.check_seen(assertion.seen())?;
        let key = self.key(&assertion)?;
        if signature == Signature::Own {
            assertion
                .verify(&key)
                .map_err(|_| Refused::BadSignature(assertion.kid().to_string()))?;
        }
        let decision = self
            .rules
            .decision(self.rules.engine(), &assertion)
            .map_err(ExecuteError::Rejected)?;
        let mut prefetched: Vec<Loaded> = Vec::new();
        let mut world = World::new(self.store.head(), assertion.at_ms(), &assertion, &key);
        learn(&mut world, decision.as_ref(), |stream| {
            let loaded = self.state_of(stream)?;
            let known = loaded.known();
            prefetched.push(loaded);
            Ok::<_, Corrupt>(known)
        })?;
        drop(world);
        Ok(Submission {
            assertion,
            key,
            decision,
            prefetched,
            seen_recorded_at_ms,
            expected: None,
        })
    }

    pub(super) fn check_member(
        &self,
        member: Assertion,
    ) -> Result<Submission<R>, ExecuteError<R::Refusal>> {
        if member.kind() == batch::KIND || member.kind().starts_with(OPENING) {
            return Err(Refused::NoMember(member.kind().into()).into());
        }
        self.check(member, Signature::Envelope)
    }

    pub(super) fn check_batch(
        &self,
        batch: Batch,
    ) -> Result<BatchSubmission<R>, BatchError<R::Refusal>> {
        let (envelope, members) = batch.into_parts();
        let envelope = self.check(envelope, Signature::Own)?;
        let mut checked = Vec::with_capacity(members.len());
        for member in members {
            match self.check_member(member) {
                // Not a member's fault, and the same for all that follow.
                Err(error @ (ExecuteError::Corrupt(_) | ExecuteError::Unavailable(_))) => {
                    return Err(error.into());
                }
                member => checked.push(member),
            }
        }
        Ok(BatchSubmission {
            envelope,
            members: checked,
        })
    }

    /// What the sequencer has is its own to change: a second holder would cost a copy.
    pub(super) fn forget_cached(&self, submission: &mut Submission<R>) {
        submission
            .prefetched
            .retain(|loaded| self.states.get(&loaded.stream).is_none());
    }
}
