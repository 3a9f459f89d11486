//! split.withdraw: a split does not go on. What was moved stays where its issuer put it.

use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use identity::person::split::{Ending, Event, to_fact};
use identity::person::{self, Person};
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use uuid::Uuid;

use super::agree::Data;
use super::division;
use super::propose::is_of;

/// The assertion's kind; its data is that of split.agree.
pub const KIND: &str = "split.withdraw.v1";

/// Withdraw a split.
#[derive(Debug)]
pub struct Withdraw {
    /// Who asks.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why it is not withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawSplitError {
    /// It ended, or never was.
    #[error("split {0} of this account is not in hand")]
    NotInHand(Uuid),
    /// An institution withdraws only what is about people it registered.
    #[error("institution {0} did not register both; the registrar may withdraw it")]
    NotOnRoster(IssuerNumber),
    /// Whoever withdraws is one of the two.
    #[error("nobody ends a split of an account of the own")]
    OwnAccount,
}

impl Decision for Withdraw {
    type Error = WithdrawSplitError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let Data { person, split } = self.data;
        let mut streams = vec![person::wire::stream(person), self.ask.issuer.stream()];
        streams.extend(division::other(world, person, split).map(person::wire::stream));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, WithdrawSplitError> {
        let Data { person, split } = self.data;
        let state = world.get::<Person>(&person::wire::stream(person));
        if let Some(by) = state.splits.ended(split, Ending::Withdrawn) {
            return Ok(Verdict::AlreadySo(by));
        }
        let Some((_, manifest)) = state.splits.dividing(split) else {
            return Err(WithdrawSplitError::NotInHand(split));
        };
        let other = manifest.other;
        if !serves_both(world, self.ask.issuer, [person, other]) {
            return Err(WithdrawSplitError::NotOnRoster(self.ask.issuer));
        }
        if is_of(&self.ask, world, &[person, other]) {
            return Err(WithdrawSplitError::OwnAccount);
        }
        let withdrawn = |of| to_fact(of, Event::Withdrawn { split });
        Ok(Verdict::Facts(vec![withdrawn(person), withdrawn(other)]))
    }
}

/// Whether an institution's officers serve both.
pub(super) fn serves_both(world: &World<'_>, issuer: IssuerNumber, people: [Uuid; 2]) -> bool {
    let asker = world.get::<Institution>(&issuer.stream());
    people.iter().all(|it| {
        let state = world.get::<Person>(&person::wire::stream(*it));
        state.is_served_by(issuer, &asker)
    })
}
