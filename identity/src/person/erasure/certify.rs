//! erasure.certify: no copy of the destroyed keys can be left anywhere.
//!
//! The ledger's fact key says it: only time causes it.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::person::{Person, erasures, wire};

/// The assertion's kind.
pub const KIND: &str = "erasure.certify.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// How many commitments the erasure's commits name.
    pub commitments: u64,
    /// Which erasure.
    pub erasure: Uuid,
    /// Whose values.
    pub person: Uuid,
}

/// Certify an erasure.
#[derive(Debug)]
pub struct CertifyErasure {
    /// What is said.
    pub data: Data,
}

/// Why it is not certified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertifyErasureError {
    /// No such erasure of this person is in force.
    #[error("erasure {0} of this person is not in force")]
    ErasureUnknown(Uuid),
    /// Nothing was destroyed since the last certificate, or something still is to be.
    #[error("nothing is destroyed and uncertified, or a round is under way")]
    NothingDestroyed,
    /// Copies made before may still live.
    #[error("copies of the keys may live until {0} (Unix milliseconds)")]
    TooEarly(i64),
    /// The number differs from what the commits name.
    #[error("the commits of this erasure name {0} commitments")]
    CountDiffers(u64),
}

impl Decision for CertifyErasure {
    type Error = CertifyErasureError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![wire::stream(self.data.person), erasures::Erasures::stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, CertifyErasureError> {
        let data = &self.data;
        let state = world.get::<Person>(&wire::stream(data.person));
        let erasure = state
            .erasure(data.erasure)
            .ok_or(CertifyErasureError::ErasureUnknown(data.erasure))?;
        let from_ms = erasure
            .certifiable_from_ms()
            .filter(|_| erasure.under_way().is_none())
            .ok_or(CertifyErasureError::NothingDestroyed)?;
        if world.recorded_at_ms < from_ms {
            return Err(CertifyErasureError::TooEarly(from_ms));
        }
        if data.commitments != erasure.commitments() {
            return Err(CertifyErasureError::CountDiffers(erasure.commitments()));
        }
        let mut facts = vec![wire::erasure_certified(data.person)];
        if erasure.is_complete() {
            facts.push(erasures::closed(data.erasure, data.person));
        }
        Ok(Verdict::Facts(facts))
    }
}
