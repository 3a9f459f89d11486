//! Deciding a signed batch: the envelope and all its members, or nothing.
//!
//! Invariant: a batch is the first of its group, so that taking it back takes nobody else's states
//! with it; its commits stand one behind the other, in one group, which is durable whole or not at
//! all. A member is decided as if it had been sent alone behind those before it.

use std::ops::Range;

use super::{Committed, Group, Sequencer, Submission};
use crate::assertion::Place;
use crate::decision::{Earlier, Rules};
use crate::execute::{BatchError, ExecuteError, MemberError, Unavailable};

/// A batch that passed every check that needs no order.
pub struct BatchSubmission<R: Rules> {
    pub(crate) envelope: Submission<R>,
    /// Those that did not pass have the batch refused, once the others have been decided too.
    pub(crate) members: Vec<Result<Submission<R>, ExecuteError<R::Refusal>>>,
}

impl<R: Rules> BatchSubmission<R> {
    /// Whether it is to be refused, whatever the rules say.
    pub fn is_refused(&self) -> bool {
        self.members.iter().any(Result::is_err)
    }
}

/// What became of a batch.
#[derive(Debug, Clone)]
pub enum BatchAnswer {
    /// New commits: the envelope and the members behind it.
    Committed {
        /// The envelope's.
        envelope: Committed,
        /// The members', in order.
        members: Vec<Committed>,
    },
    /// The same envelope stands in the log; nothing was written.
    AlreadySo(Earlier),
}

/// What the sequencer tells who sent a batch.
pub type BatchReply<R> = Result<BatchAnswer, BatchError<<R as Rules>::Refusal>>;

/// What a batch came to, said once its group is durable.
pub(super) enum Decided<R: Rules> {
    /// These of the group's commits, the first being the envelope's.
    Commits(Range<usize>),
    Done(BatchReply<R>),
}

impl<R: Rules> Decided<R> {
    pub(super) fn answer(self, committed: impl Fn(usize) -> Option<Committed>) -> BatchReply<R> {
        let commits = match self {
            Self::Done(answer) => return answer,
            Self::Commits(commits) => commits,
        };
        let mut commits = commits.map(committed);
        let envelope = commits.next().flatten();
        let members: Option<Vec<Committed>> = commits.collect();
        match (envelope, members) {
            (Some(envelope), Some(members)) => Ok(BatchAnswer::Committed { envelope, members }),
            _ => Err(Unavailable::Unknown.into()),
        }
    }
}

impl<R: Rules> Sequencer<R> {
    /// Decides a batch into a group that has no commit yet.
    pub(super) fn decide_batch(
        &self,
        group: &mut Group<R>,
        batch: BatchSubmission<R>,
    ) -> Decided<R> {
        let first = group.records.len();
        match self.try_batch(group, batch) {
            Ok(None) => Decided::Commits(first..group.records.len()),
            Ok(Some(earlier)) => Decided::Done(Ok(BatchAnswer::AlreadySo(earlier))),
            Err(error) => {
                self.take_back(group);
                Decided::Done(Err(error))
            }
        }
    }

    fn try_batch(
        &self,
        group: &mut Group<R>,
        batch: BatchSubmission<R>,
    ) -> Result<Option<Earlier>, BatchError<R::Refusal>> {
        let BatchSubmission { envelope, members } = batch;
        if let Err(earlier) = self.decide(group, envelope)? {
            return Ok(Some(earlier));
        }
        let mut refused = Vec::new();
        for (index, member) in members.into_iter().enumerate() {
            let place = Place {
                envelope: self.next,
                index: u32::try_from(index).unwrap_or(u32::MAX),
            };
            let decided = member.and_then(|mut member| {
                member.assertion = member.assertion.placed(place);
                self.decide(group, member)
            });
            match decided {
                Ok(Ok(_)) => {}
                Ok(Err(earlier)) => refused.push((index, MemberError::AlreadySo(earlier))),
                Err(error @ (ExecuteError::Corrupt(_) | ExecuteError::Unavailable(_))) => {
                    return Err(error.into());
                }
                Err(error) => refused.push((index, MemberError::Refused(error))),
            }
        }
        if refused.is_empty() {
            Ok(None)
        } else {
            Err(BatchError::Members(refused))
        }
    }

    /// Forgets what the group holds: nothing in it but the refused batch.
    fn take_back(&self, group: &mut Group<R>) {
        for (stream, _) in group.heads.drain(..).flatten() {
            self.shared.states.take(&stream);
        }
        group.records.clear();
        group.commits.clear();
        group.bytes = 0;
    }
}
