//! erasure.request: a person's values shall go. Two officers, or the learner and one officer.

use ledger::assertion::Act;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Erasure, Ground, Lock};
use crate::date::day_of;
use crate::erasable::Commitments;
use crate::person::{Person, erasures, wire};
use crate::purpose::Purpose;
use crate::role::Role;

/// The assertion's kind.
pub const KIND: &str = "erasure.request.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["reason_text"];

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitment to the reason in words, kept with who the person is.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// On what ground.
    pub ground: Ground,
    /// What a law keeps back, ascending by purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Lock>,
    /// Whose values.
    pub person: Uuid,
    /// Which, ascending.
    pub purposes: Vec<Purpose>,
}

/// Ask for an erasure.
#[derive(Debug)]
pub struct RequestErasure {
    /// Id of the asking: the erasure's name.
    pub id: Uuid,
    /// Who acted.
    pub act: Option<Act>,
    /// What is asked.
    pub data: Data,
}

/// Why an erasure is not taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestErasureError {
    /// Nobody has this number.
    #[error("person {0} is not registered")]
    PersonUnknown(Uuid),
    /// A learner asks for somebody else.
    #[error("a learner asks for the erasure of the own values alone")]
    NotYours,
    /// A learner says what a law keeps.
    #[error("a registrar says what a law keeps back")]
    LocksNotYours,
    /// No purpose, or not in order, or twice.
    #[error("purposes and locks stand in ascending order, each once, at least one purpose")]
    NotInOrder,
    /// A lock on what is not to go.
    #[error("{0} is locked but not among what is to be erased")]
    LockOutside(Purpose),
    /// A lock whose day has come.
    #[error("the lock of {0} must end on a later day")]
    LockPast(Purpose),
    /// A number that was merged into this one still has its values.
    #[error("ask first for the erasure of {0}, which was merged into this number")]
    AbsorbedFirst(Uuid),
    /// Which outcome is whose is being settled: a value would go with the wrong person's.
    #[error("split {0} is in hand: finish or withdraw it first")]
    SplitInHand(Uuid),
    /// Another erasure has this in hand.
    #[error("erasure {erasure} has {purpose} in hand already")]
    InHand {
        /// What.
        purpose: Purpose,
        /// Which erasure.
        erasure: Uuid,
    },
}

fn ascends<T: Ord>(items: impl Iterator<Item = T> + Clone) -> bool {
    items.clone().zip(items.skip(1)).all(|(a, b)| a < b)
}

/// The number that stays of whoever `person` turned out to be.
fn holder(world: &World<'_>, person: Uuid) -> Uuid {
    let mut seen = vec![person];
    let mut holder = person;
    while let Some((into, _)) = world.get::<Person>(&wire::stream(holder)).merged_into {
        if seen.contains(&into) {
            break;
        }
        seen.push(into);
        holder = into;
    }
    holder
}

impl RequestErasure {
    fn check_form(&self, world: &World<'_>) -> Result<(), RequestErasureError> {
        let Data {
            locks, purposes, ..
        } = &self.data;
        let in_order = ascends(purposes.iter()) && ascends(locks.iter().map(|lock| lock.purpose));
        if purposes.is_empty() || !in_order {
            return Err(RequestErasureError::NotInOrder);
        }
        let today = day_of(world.recorded_at_ms);
        for lock in locks {
            if !purposes.contains(&lock.purpose) {
                return Err(RequestErasureError::LockOutside(lock.purpose));
            }
            if lock.until <= today {
                return Err(RequestErasureError::LockPast(lock.purpose));
            }
        }
        Ok(())
    }
}

impl Decision for RequestErasure {
    type Error = RequestErasureError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let stream = wire::stream(self.data.person);
        let state = world.get::<Person>(&stream);
        let mut streams = vec![stream, erasures::Erasures::stream()];
        streams.extend(
            state
                .absorbed
                .iter()
                .map(|(number, _)| wire::stream(*number)),
        );
        let mut into = state.merged_into;
        while let Some((number, _)) = into {
            let stream = wire::stream(number);
            if streams.contains(&stream) {
                break;
            }
            into = world.get::<Person>(&stream).merged_into;
            streams.push(stream);
        }
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RequestErasureError> {
        let Data {
            person, purposes, ..
        } = &self.data;
        // A guardian asks as the child would.
        let own_side = |act: &&Act| {
            [Role::Learner, Role::Proxy]
                .map(Role::as_str)
                .contains(&act.role.as_str())
        };
        if let Some(act) = self.act.as_ref().filter(own_side) {
            if holder(world, *person) != act.on_behalf_of.unwrap_or(act.person) {
                return Err(RequestErasureError::NotYours);
            }
            if !self.data.locks.is_empty() {
                return Err(RequestErasureError::LocksNotYours);
            }
        }
        let state = world.get::<Person>(&wire::stream(*person));
        if !state.is_known() {
            return Err(RequestErasureError::PersonUnknown(*person));
        }
        self.check_form(world)?;
        for (number, _) in &state.absorbed {
            let absorbed = world.get::<Person>(&wire::stream(*number));
            let gone = |purpose: &Purpose| {
                let destroyed = |it: &Erasure| it.is_destroyed(*purpose);
                absorbed.is_closed(*purpose) || absorbed.erasures.iter().any(destroyed)
            };
            if !purposes.iter().all(gone) {
                return Err(RequestErasureError::AbsorbedFirst(*number));
            }
        }
        if let Some(split) = &state.splits.in_hand {
            return Err(RequestErasureError::SplitInHand(split.split));
        }
        let in_hand = |purpose: &Purpose| state.erasure_of(*purpose);
        let first = purposes.iter().find_map(|it| Some((*it, in_hand(it)?)));
        if let Some((purpose, erasure)) = first {
            let covered = purposes
                .iter()
                .all(|it| in_hand(it).is_some_and(|by| by.id == erasure.id));
            return if covered {
                Ok(Verdict::AlreadySo(erasure.requested))
            } else {
                Err(RequestErasureError::InHand {
                    purpose,
                    erasure: erasure.id,
                })
            };
        }
        let mut facts = vec![wire::erasure_requested(*person)];
        facts.extend(
            self.data
                .locks
                .iter()
                .map(|lock| wire::data_locked(*person, self.id, *lock)),
        );
        facts.push(erasures::opened(self.id, *person));
        Ok(Verdict::Facts(facts))
    }
}
