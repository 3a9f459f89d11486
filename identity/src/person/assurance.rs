//! assurance.raise, assurance.lower: how sure it is who somebody is (SECURITY §1.3).
//!
//! Invariant: nothing but an assertion of somebody who saw what shows it raises a level, by one
//! method; a merge never does. Whoever an institution registered is on its roster: level 2.

use std::sync::Arc;

use ledger::decision::{Decision, Earlier, Unreadable, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::served::{self, NotServed};
use super::state::Person;
use super::{numbers, wire};
use crate::did::IssuerNumber;
use crate::erasable::Commitments;
use crate::wire::{own, read, unknown};

/// Kind of the assertion that raises.
pub const RAISE: &str = "assurance.raise.v1";
/// Kind of the assertion that lowers.
pub const LOWER: &str = "assurance.lower.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["reason_text"];

/// assurance.raised.v1: its data is that of assurance.raise.v1.
pub const RAISED_V1: &str = "assurance.raised.v1";
/// assurance.lowered.v1: its data is that of assurance.lower.v1.
pub const LOWERED_V1: &str = "assurance.lowered.v1";

/// A level of assurance, 0 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

/// Not a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level of assurance is a number from 0 to 4")]
pub struct NotALevel;

impl Level {
    /// Claimed, nothing shown.
    pub const CLAIMED: Self = Self(0);
    /// On an institution's roster: the own record.
    pub const ROSTER: Self = Self(2);
    /// By a document or a government's sign-in: delegate, merge, share.
    pub const GOVERNMENT: Self = Self(3);
    /// The same, with a key in hardware: officers.
    pub const HARDWARE: Self = Self(4);
}

impl TryFrom<u8> for Level {
    type Error = NotALevel;

    fn try_from(number: u8) -> Result<Self, NotALevel> {
        (number <= 4).then_some(Self(number)).ok_or(NotALevel)
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoA {}", self.0)
    }
}

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// An identity document, at a counter, of the person who stood there.
    Document,
    /// A key in hardware, handed out to that person at a counter.
    HardwareKey,
}

impl Method {
    /// The level that it shows.
    pub const fn level(self) -> Level {
        match self {
            Self::Document => Level::GOVERNMENT,
            Self::HardwareKey => Level::HARDWARE,
        }
    }

    /// The level from which it may raise.
    const fn above(self) -> Level {
        match self {
            Self::Document => Level::CLAIMED,
            Self::HardwareKey => Level::GOVERNMENT,
        }
    }
}

/// The data of an assertion that raises; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaiseData {
    /// Commitment to what was seen, in words.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// What was seen.
    pub method: Method,
    /// Of whom.
    pub person: Uuid,
}

/// The data of an assertion that lowers; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowerData {
    /// Commitment to why, in words.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// To which level.
    pub level: Level,
    /// Of whom.
    pub person: Uuid,
}

/// How sure it is who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// assurance.raised
    Raised(Method),
    /// assurance.lowered
    Lowered(Level),
}

/// The level that was said last, and the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The level.
    pub level: Level,
    /// By which commit.
    pub by: Earlier,
}

impl Said {
    /// What an event says.
    pub(super) const fn of(event: Event, by: Earlier) -> Self {
        let level = match event {
            Event::Raised(method) => method.level(),
            Event::Lowered(level) => level,
        };
        Self { level, by }
    }
}

pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        RAISED_V1 => read::<RaiseData>("person", kind, data).map(|v1| Event::Raised(v1.method)),
        LOWERED_V1 => read::<LowerData>("person", kind, data).map(|v1| Event::Lowered(v1.level)),
        _ => Err(unknown("person", kind)),
    }
}

/// The level at which the person of these numbers is known, the one that stays first: what was said
/// after the last merge, else the lowest of all numbers.
pub fn level(numbers: &[(Uuid, Arc<Person>)]) -> Level {
    let Some((_, holder)) = numbers.first() else {
        return Level::CLAIMED;
    };
    let merged = holder.merged_at();
    if let Some(said) = holder.assurance
        && merged.is_none_or(|at| said.by.position > at)
    {
        return said.level;
    }
    let levels = numbers.iter().map(|(_, number)| number.level_alone());
    levels.min().unwrap_or(Level::CLAIMED)
}

/// The same, of what a decision knows.
pub(super) fn level_in(world: &World<'_>, person: Uuid) -> Level {
    level(&numbers::in_world(world, person))
}

/// Raise the level of a person.
#[derive(Debug)]
pub struct Raise {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// Who acts, if the assertion names somebody.
    pub acting: Option<Uuid>,
    /// What is asked.
    pub data: RaiseData,
}

/// Why a level stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssuranceError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// Nobody vouches for himself.
    #[error("nobody says of himself how sure it is who he is")]
    OwnLevel,
    /// A method that builds on another.
    #[error("the person is known at {now}; this method needs {needed}")]
    LevelTooLow {
        /// What is known.
        now: Level,
        /// What is needed.
        needed: Level,
    },
    /// A level that would be raised or kept by lowering.
    #[error("the person is known at {0}: only a lower level can be said")]
    NotLower(Level),
}

fn streams(world: &World<'_>, person: Uuid, issuer: IssuerNumber) -> Vec<Stream> {
    let mut streams = served::streams(person, issuer);
    streams.extend(numbers::streams(world, person));
    streams
}

impl Decision for Raise {
    type Error = AssuranceError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        streams(world, self.data.person, self.issuer)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, AssuranceError> {
        let person = self.data.person;
        let state = served::check(world, person, self.issuer)?;
        if self.acting == Some(person) {
            return Err(AssuranceError::OwnLevel);
        }
        let now = level_in(world, person);
        let (shown, needed) = (self.data.method.level(), self.data.method.above());
        if now < needed {
            return Err(AssuranceError::LevelTooLow { now, needed });
        }
        match state.assurance {
            Some(said) if now >= shown && said.level >= shown => Ok(Verdict::AlreadySo(said.by)),
            _ => Ok(Verdict::Facts(vec![own(wire::stream(person), RAISED_V1)])),
        }
    }
}

/// Lower the level of a person.
#[derive(Debug)]
pub struct Lower {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: LowerData,
}

impl Decision for Lower {
    type Error = AssuranceError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        streams(world, self.data.person, self.issuer)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, AssuranceError> {
        let person = self.data.person;
        served::check(world, person, self.issuer)?;
        let now = level_in(world, person);
        if self.data.level >= now {
            return Err(AssuranceError::NotLower(now));
        }
        Ok(Verdict::Facts(vec![own(wire::stream(person), LOWERED_V1)]))
    }
}
