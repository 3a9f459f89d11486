//! What may still be said about a person whose values were erased.
//!
//! Invariant: no value is brought for a purpose that is being erased, nor ever again for somebody
//! who was forgotten; about those, only what ends something can be asserted.

use identity::officer::{clerk, dismiss};
use identity::person::{
    self, Person, assurance, consent, contact, death, delegation, erasure, recovery, suspend,
};
use identity::purpose::Purpose;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::Deserialize;
use uuid::Uuid;

use super::kinds::Kind;
use super::{AnyDecision, Refusal};
use crate::account::revoke_outcome;
use crate::credential::set_status;

/// Kinds that end something, or are the erasure itself. Any other is refused, also a new one.
const ENDING: &[&str] = &[
    revoke_outcome::KIND,
    dismiss::KIND,
    clerk::DISMISS,
    set_status::KIND,
    suspend::SUSPEND,
    death::RECORD,
    assurance::LOWER,
    consent::WITHDRAW,
    contact::REMOVE,
    delegation::end::EXPIRE,
    delegation::end::REVOKE,
    recovery::veto::KIND,
    recovery::veto::HALT,
    erasure::request::KIND,
    erasure::destroy::KIND,
    erasure::certify::KIND,
];

/// A person's values are erased, or about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{purpose} values of person {person} are erased or being erased")]
pub struct Forgotten {
    /// Whose.
    pub person: Uuid,
    /// Which.
    pub purpose: Purpose,
}

/// The members of `data` that matter here.
#[derive(Deserialize)]
struct About {
    #[serde(default)]
    person: Option<Uuid>,
    #[serde(rename = "_sd", default)]
    values: Vec<serde::de::IgnoredAny>,
}

/// A use case behind the question whether this may still be said.
struct Remembered {
    person: Uuid,
    purpose: Purpose,
    brings_values: bool,
    ends: bool,
    inner: AnyDecision,
}

/// `inner`, if it is about a person, behind that question.
pub(super) fn guarded(kind: &Kind, data: &str, inner: AnyDecision) -> AnyDecision {
    let about = serde_json::from_str::<About>(data).ok();
    match about.and_then(|about| Some((about.person?, !about.values.is_empty()))) {
        Some((person, brings_values)) => Box::new(Remembered {
            person,
            purpose: kind.purpose,
            brings_values,
            ends: ENDING.contains(&kind.name),
            inner,
        }),
        None => inner,
    }
}

impl Decision for Remembered {
    type Error = Refusal;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = vec![person::wire::stream(self.person)];
        streams.extend(self.inner.streams(world));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, Refusal> {
        let state = world.get::<Person>(&person::wire::stream(self.person));
        let forgotten = |purpose| Forgotten {
            person: self.person,
            purpose,
        };
        if state.is_forgotten() && !self.ends {
            return Err(forgotten(Purpose::Identity).into());
        }
        if self.brings_values && state.is_closed(self.purpose) {
            return Err(forgotten(self.purpose).into());
        }
        self.inner.decide(world)
    }
}
