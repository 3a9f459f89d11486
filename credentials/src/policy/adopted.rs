//! Which policy is in force: the fold of `policy/<id>`, which holds its name and hash.
//!
//! Invariant: a commit names a policy by (id, version, hash); the terms themselves ship with the
//! program, and terms of another hash are refused.

use identity::wire::{fact, read, unknown};
use jiff::civil::Date;
use ledger::decision::{Aggregate, Occurred, Unreadable, World};
use ledger::fact::{Fact, Stream};
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};

use super::{Policy, preset};

/// policy.adopted.v1
pub const ADOPTED_V1: &str = "policy.adopted.v1";

/// The name of one version of a policy; shipped: never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// SHA-256 of the terms' JCS form.
    pub hash: Digest,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
}

/// The versions adopted so far.
#[derive(Debug, Clone, Default)]
pub struct Adopted {
    /// In order of adoption.
    pub versions: Vec<PolicyRef>,
}

/// Why no policy answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// None was adopted, or none is in force on that day.
    #[error("no policy is in force on {0}")]
    NotInForce(Date),
    /// The adopted version is not one this program ships.
    #[error("the policy adopted is not known to this program: {0}")]
    Unknown(String),
}

impl Adopted {
    /// The stream of the policy `id`.
    pub fn stream(id: &str) -> Stream {
        Stream::new(Self::NOUN, id)
    }

    /// The policy in force on that day.
    pub fn in_force(&self, day: Date) -> Result<&'static Policy, PolicyError> {
        for version in self.versions.iter().rev() {
            let policy = shipped(version)?;
            if policy.in_force(day) {
                return Ok(policy);
            }
        }
        Err(PolicyError::NotInForce(day))
    }

    /// The fact that `policy` was adopted.
    pub fn fact(policy: &PolicyRef) -> Fact {
        fact(Self::stream(&policy.id), ADOPTED_V1, policy)
    }
}

impl Aggregate for Adopted {
    const NOUN: &'static str = "policy";
    type Event = PolicyRef;

    fn read(kind: &str, data: &str) -> Result<PolicyRef, Unreadable> {
        match kind {
            ADOPTED_V1 => read::<PolicyRef>(Self::NOUN, kind, data),
            _ => Err(unknown(Self::NOUN, kind)),
        }
    }

    fn evolve(mut self, event: &PolicyRef, _at: &Occurred<'_>) -> Self {
        self.versions.push(event.clone());
        self
    }
}

/// The policy in force at the time of `world`; its stream is [`Adopted::stream`] of
/// [`preset::DEFAULT`].
pub fn in_force(world: &World<'_>) -> Result<&'static Policy, PolicyError> {
    let day = identity::date::day_of(world.recorded_at_ms);
    let adopted = world.get::<Adopted>(&Adopted::stream(preset::DEFAULT));
    adopted.in_force(day)
}

/// The terms of `version`, if this program ships them.
pub fn shipped(version: &PolicyRef) -> Result<&'static Policy, PolicyError> {
    preset::find(&version.id, version.version, version.hash)
        .map_err(|error| PolicyError::Unknown(error.to_string()))
}

impl Policy {
    /// Its name, version and hash.
    pub fn reference(&self) -> PolicyRef {
        PolicyRef {
            hash: self.hash(),
            id: self.id.clone(),
            version: self.version,
        }
    }
}
