//! How an account lies between two people, and what is still to be done.
//!
//! Invariant: of a merge that is taken apart, what both numbers' own streams say is enough once the edge is gone:
//! so what was said since about an outcome of the absorbed number makes it to be moved.

use std::convert::Infallible;
use std::sync::Arc;

use identity::did::IssuerNumber;
use identity::institution::{Institution, succession};
use identity::person::split::InHand;
use identity::person::{self, Person};
use ledger::decision::World;
use ledger::fact::Stream;
use uuid::Uuid;

use crate::account::whole::{self, Whole};
use crate::account::{self, Account, Outcome, OutcomeState};

/// The account of a person, and what of it another number brought if that one is the other person.
#[derive(Debug)]
pub struct Division {
    /// All of it.
    pub whole: Whole,
    /// What the merge with the other person brought.
    pub brought: Option<Whole>,
    own: Arc<Account>,
}

impl Division {
    /// As whoever reads sees it; `get` reads the account of one number.
    pub fn read<E>(
        person: Uuid,
        other: Uuid,
        mut get: impl FnMut(Uuid) -> Result<Arc<Account>, E>,
    ) -> Result<Self, E> {
        let own = get(person)?;
        let is_part = own.parts.iter().any(|part| part.from == other);
        let brought = if is_part {
            Some(whole::brought(other, &mut get)?)
        } else {
            None
        };
        Ok(Self {
            whole: whole::whole(person, get)?,
            brought,
            own,
        })
    }

    /// As a decision sees it.
    pub fn in_world(world: &World<'_>, person: Uuid, other: Uuid) -> Self {
        let get = |number| Ok(world.get::<Account>(&account::wire::stream(number)));
        let Ok(division) = Self::read::<Infallible>(person, other, get);
        division
    }

    /// Whether the absorbed number's own streams have this outcome.
    pub fn is_of_other(&self, outcome: Uuid) -> bool {
        let brought = self.brought.as_ref();
        brought.is_some_and(|it| it.account.outcome(outcome).is_some())
    }

    /// Whether an outcome lies where it belongs, the other person's if `moves`. What was recorded under a number
    /// that is parted does not stay behind: whatever is said of it names that number.
    pub fn is_settled(&self, outcome: &Outcome, moves: bool) -> bool {
        let is_there = self.is_of_other(outcome.id);
        if moves {
            is_there && !self.own.has_said_of(outcome.id)
        } else {
            let brought = self.brought.as_ref();
            !is_there && !brought.is_some_and(|it| it.numbers.contains(&outcome.person))
        }
    }

    /// An outcome that no manifest could have named and that a plain end of the merge would give to the wrong one.
    pub fn is_astray(&self, outcome: &Outcome) -> bool {
        let Some(brought) = &self.brought else {
            return false;
        };
        if self.is_of_other(outcome.id) {
            self.own.has_said_of(outcome.id)
        } else {
            brought.numbers.contains(&outcome.person)
        }
    }
}

/// The streams that everything about a split reads.
pub fn streams(world: &World<'_>, person: Uuid, other: Uuid, issuer: IssuerNumber) -> Vec<Stream> {
    let mut streams = vec![
        person::wire::stream(person),
        person::wire::stream(other),
        account::wire::stream(person),
        issuer.stream(),
    ];
    streams.extend(whole::streams(world, person));
    streams.extend(whole::streams(world, other));
    for outcome in &whole::in_world(world, person).account.outcomes {
        streams.extend(succession::streams(world, outcome.origin.awarder));
    }
    let mut named = Vec::with_capacity(streams.len());
    for stream in streams {
        if !named.contains(&stream) {
            named.push(stream);
        }
    }
    named
}

/// The other person of the split of this person's account, as far as there is one.
pub fn other(world: &World<'_>, person: Uuid, split: Uuid) -> Option<Uuid> {
    let state = world.get::<Person>(&person::wire::stream(person));
    let (_, manifest) = state.splits.dividing(split)?;
    Some(manifest.other)
}

/// Whether an outcome was ended for good.
pub fn is_revoked(world: &World<'_>, outcome: &Outcome) -> bool {
    let awarder = succession::in_world(world, outcome.origin.awarder);
    matches!(outcome.state(&awarder), OutcomeState::Revoked(_))
}

/// Whether nobody can speak for an awarder any more.
pub fn is_silent(world: &World<'_>, awarder: IssuerNumber) -> bool {
    let last = succession::streams(world, awarder);
    let last = last.last().map(|it| world.get::<Institution>(it));
    last.is_some_and(|it| it.life.ended.is_some())
}

/// Whether `issuer` speaks for what `awarder` awarded.
pub fn speaks_for(world: &World<'_>, issuer: IssuerNumber, awarder: IssuerNumber) -> bool {
    let asker = world.get::<Institution>(&issuer.stream());
    issuer == awarder || asker.answers_for(awarder)
}

/// Whether what was recorded at `position` in this person's account may not be used, because a split is in hand.
pub fn holds(state: &Person, position: u64) -> bool {
    let in_hand = state.splits.in_hand.as_ref();
    in_hand.is_some_and(|it: &InHand| it.holds(position))
}
