//! A use case that, where the policy says so, is only proposed until a second person agrees.

use identity::approval;
use identity::ask::AskError;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use uuid::Uuid;

use super::{AnyDecision, Refusal, asks_for_second};
use crate::policy::{Act, Adopted, preset};

/// A use case behind the policy's switch.
pub struct TwoPerson {
    /// Id of the assertion: the proposal's name.
    pub id: Uuid,
    /// Which switch.
    pub act: Act,
    /// Whether the assertion says who acted, or need not.
    pub names_a_person: bool,
    /// What is to be done.
    pub inner: AnyDecision,
}

impl Decision for TwoPerson {
    type Error = Refusal;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = vec![
            Adopted::stream(preset::DEFAULT),
            approval::wire::stream(self.id),
        ];
        streams.extend(self.inner.streams(world));
        streams
    }

    /// A proposal that would be refused now is refused now, not after a second person's work.
    fn decide(&self, world: &World<'_>) -> Result<Verdict, Refusal> {
        let verdict = self.inner.decide(world)?;
        if matches!(verdict, Verdict::Facts(_)) && asks_for_second(world, self.act)? {
            // Where nobody is named, nobody could ever be the second person.
            if !self.names_a_person {
                return Err(AskError::ActMissing.into());
            }
            return Ok(Verdict::Facts(vec![approval::wire::proposed(self.id)]));
        }
        Ok(verdict)
    }
}
