//! The use case of an envelope: that these members follow.
//!
//! That they do is the sequencer's to see to, since a decision knows one assertion only.

use super::{Data, MEMBERS_MAX, state};
use crate::decision::{Decision, Verdict, World};
use crate::fact::Stream;

/// Accept a batch.
#[derive(Debug, Clone, Copy)]
pub struct Accept {
    /// What the envelope says.
    pub data: Data,
}

/// Why an envelope is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// None, or too many.
    #[error("the envelope says {0} members; a batch has 1 to 1000")]
    Count(u32),
}

impl Decision for Accept {
    type Error = AcceptError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        vec![state::stream(world.assertion.id())]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, AcceptError> {
        let count = self.data.count;
        let fits = usize::try_from(count).is_ok_and(|count| (1..=MEMBERS_MAX).contains(&count));
        if !fits {
            return Err(AcceptError::Count(count));
        }
        Ok(Verdict::Facts(vec![state::fact(world.assertion.id())]))
    }
}
