//! erasure.destroy: keys are gone, and with them every value behind these commitments.
//!
//! The ledger's fact key says it, after the act: the list is evidence, not an order.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::date::day_of;
use crate::person::{Person, erasures, wire};
use crate::purpose::Purpose;

/// The assertion's kind.
pub const KIND: &str = "erasure.destroy.v1";
/// Most commitments one commit names, so that it stays within a leaf.
pub const COMMITMENTS_MAX: usize = 1_000;
/// Most commits of one round.
pub const PARTS_MAX: u32 = 10_000;

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitments whose values are gone; this part of them.
    pub commitments: Vec<Digest>,
    /// Which erasure.
    pub erasure: Uuid,
    /// Random names of the data keys that were destroyed: a restored copy of one is destroyed again.
    pub keys: Vec<Uuid>,
    /// Which part, from 1.
    pub part: u32,
    /// How many parts.
    pub parts: u32,
    /// Whose values.
    pub person: Uuid,
    /// For what they were kept, ascending.
    pub purposes: Vec<Purpose>,
}

/// Say what was destroyed.
#[derive(Debug)]
pub struct DestroyKeys {
    /// What is said.
    pub data: Data,
}

/// Why it is not taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestroyKeysError {
    /// No such erasure of this person is in force.
    #[error("erasure {0} of this person is not in force")]
    ErasureUnknown(Uuid),
    /// A purpose is not to go, is locked, or is gone.
    #[error("{0} is not to be destroyed now: not asked for, locked, or destroyed before")]
    NotDue(Purpose),
    /// The parts of a round come in order, with the same purposes and number of parts.
    #[error("part {expected} of this round comes next")]
    PartNotNext {
        /// The part that comes next.
        expected: u32,
    },
    /// No part, too many parts, no purpose, too many commitments.
    #[error("a round has 1 to 10000 parts of at most 1000 commitments, and a purpose")]
    Form,
}

impl Decision for DestroyKeys {
    type Error = DestroyKeysError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![wire::stream(self.data.person), erasures::Erasures::stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, DestroyKeysError> {
        let data = &self.data;
        let state = world.get::<Person>(&wire::stream(data.person));
        let erasure = state
            .erasure(data.erasure)
            .ok_or(DestroyKeysError::ErasureUnknown(data.erasure))?;
        if data.part == 0
            || data.part > data.parts
            || data.parts > PARTS_MAX
            || data.purposes.is_empty()
            || data.commitments.len() > COMMITMENTS_MAX
        {
            return Err(DestroyKeysError::Form);
        }
        let due = erasure.due(day_of(world.recorded_at_ms));
        if let Some(purpose) = data.purposes.iter().find(|it| !due.contains(it)) {
            return Err(DestroyKeysError::NotDue(*purpose));
        }
        let under_way = erasure.under_way();
        let expected = under_way.map_or(1, |round| {
            u32::try_from(round.positions.len()).map_or(u32::MAX, |n| n.saturating_add(1))
        });
        let same = under_way
            .is_none_or(|round| round.purposes == data.purposes && round.parts == data.parts);
        if data.part != expected || !same {
            return Err(DestroyKeysError::PartNotNext { expected });
        }
        let mut facts = vec![wire::keys_destroyed(data.person)];
        if data.part == data.parts {
            facts.push(erasures::carried_out(data.erasure, data.person));
        }
        Ok(Verdict::Facts(facts))
    }
}
