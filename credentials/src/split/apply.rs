//! split.apply: every outcome is where it belongs, its issuer agrees, and both accounts may be used.

use std::collections::BTreeSet;

use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::person::split::{Ending, Event, to_fact};
use identity::person::{self, Person};
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::{Fact, Stream};
use uuid::Uuid;

use super::agree::Data;
use super::division::{self, Division, is_revoked, is_silent, speaks_for};
use super::propose::is_of;
use super::withdraw::serves_both;
use crate::account::{self, correct_outcome::Reason};

/// The assertion's kind; its data is that of split.agree.
pub const KIND: &str = "split.apply.v1";
/// Revocations that one commit can say again in the stream of a number that is parted.
pub const ENDED_MAX: usize = 100;

/// Apply a split.
#[derive(Debug)]
pub struct Apply {
    /// Who asks.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why it is not applied yet, or at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplySplitError {
    /// It ended, or never was.
    #[error("split {0} of this account is not in hand")]
    NotInHand(Uuid),
    /// An institution applies only what is about people it registered.
    #[error("institution {0} did not register both; the registrar may apply it")]
    NotOnRoster(IssuerNumber),
    /// Whoever applies is one of the two.
    #[error("nobody splits an account of the own")]
    OwnAccount,
    /// It lies with the wrong one of the two.
    #[error("outcome {0} was not moved by its issuer yet")]
    NotMoved(Uuid),
    /// An issuer has not said yet that what stays is where it belongs.
    #[error("institution {0} has not agreed yet")]
    NotAgreed(IssuerNumber),
    /// Recorded or changed since, of a number that is parted: no manifest says whose it is.
    #[error("outcome {0} was recorded or changed since: withdraw the split, and propose it anew")]
    Outdated(Uuid),
    /// More revocations since the merge than one commit can say again.
    #[error("{0} outcomes were revoked since the merge; at most {ENDED_MAX} fit into one commit")]
    TooManyEnded(usize),
}

impl Decision for Apply {
    type Error = ApplySplitError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let Data { person, split } = self.data;
        match division::other(world, person, split) {
            Some(other) => division::streams(world, person, other, self.ask.issuer),
            None => vec![person::wire::stream(person), self.ask.issuer.stream()],
        }
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ApplySplitError> {
        let Data { person, split } = self.data;
        let state = world.get::<Person>(&person::wire::stream(person));
        if let Some(by) = state.splits.ended(split, Ending::Applied) {
            return Ok(Verdict::AlreadySo(by));
        }
        let Some((in_hand, manifest)) = state.splits.dividing(split) else {
            return Err(ApplySplitError::NotInHand(split));
        };
        let other = manifest.other;
        let issuer = self.ask.issuer;
        if !serves_both(world, issuer, [person, other]) {
            return Err(ApplySplitError::NotOnRoster(issuer));
        }
        if is_of(&self.ask, world, &[person, other]) {
            return Err(ApplySplitError::OwnAccount);
        }
        let division = Division::in_world(world, person, other);
        let mut awarders = BTreeSet::new();
        for outcome in &division.whole.account.outcomes {
            let moves = manifest.moves.contains(&outcome.id);
            if is_revoked(world, outcome) {
                continue;
            }
            if !moves && !manifest.stays.contains(&outcome.id) {
                if division.is_astray(outcome) {
                    return Err(ApplySplitError::Outdated(outcome.id));
                }
                continue;
            }
            if !division.is_settled(outcome, moves) {
                return Err(ApplySplitError::NotMoved(outcome.id));
            }
            awarders.insert(outcome.origin.awarder);
        }
        for awarder in awarders {
            let mut agreed = in_hand.agreed.iter();
            let is_agreed = agreed.any(|(it, _)| speaks_for(world, *it, awarder));
            if !is_agreed && !is_silent(world, awarder) {
                return Err(ApplySplitError::NotAgreed(awarder));
            }
        }
        let applied = |of| to_fact(of, Event::Applied { split });
        let mut facts = vec![applied(person), applied(other)];
        facts.extend(parted(world, &division, person, other)?);
        Ok(Verdict::Facts(facts))
    }
}

/// The facts that take a merge back, where the other person is a number that was merged into this one: what was
/// revoked since is said again in the stream that does not know of it.
fn parted(
    world: &World<'_>,
    division: &Division,
    person: Uuid,
    other: Uuid,
) -> Result<Vec<Fact>, ApplySplitError> {
    let Some(brought) = &division.brought else {
        return Ok(Vec::new());
    };
    let mut facts = Vec::new();
    let mut ended = 0;
    for outcome in &brought.account.outcomes {
        let now = division.whole.account.outcome(outcome.id);
        if is_revoked(world, outcome) || !now.is_some_and(|it| is_revoked(world, it)) {
            continue;
        }
        ended += 1;
        facts.push(account::wire::revoked(
            other,
            outcome.id,
            outcome.person,
            Reason::Other,
        ));
        let mut lots = brought.account.lots.iter();
        let last = lots.rfind(|it| it.outcome == outcome.id);
        facts.extend(
            last.map(|lot| {
                account::wire::to_fact(other, account::Event::LotRevoked { lot: lot.id })
            }),
        );
    }
    if ended > ENDED_MAX {
        return Err(ApplySplitError::TooManyEnded(ended));
    }
    let edge = person::wire::edge(person::wire::MERGE_REVERTED_V1, other, person);
    let apart = [
        account::wire::to_fact(other, account::Event::Restored { from: person }),
        account::wire::to_fact(person, account::Event::Released { from: other }),
    ];
    Ok(edge.into_iter().chain(apart).chain(facts).collect())
}
