//! Facts: what a decision made of an assertion, in the past tense, each in one stream.
//!
//! Invariant: in one stream revisions run from 0 without a gap, in the order of positions.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The name of a stream: `<noun>/<key>`, for example `account/0b0e…`.
///
/// Nouns are lower-case ASCII letters; keys are 1 to 128 of `a-z 0-9 . : _ - /`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream(Arc<str>);

/// The text is no stream name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no stream name: expected <noun>/<key>")]
pub struct NotAStream(pub String);

impl Stream {
    /// The stream of `key` under `noun`.
    ///
    /// Characters outside the alphabet are a programming error and become `_`, so that no input
    /// can name another aggregate's stream.
    pub fn new(noun: &'static str, key: impl fmt::Display) -> Self {
        let name = format!("{noun}/{key}");
        if Self::parse(&name).is_ok() {
            return Self(name.into());
        }
        let safe: String = name
            .chars()
            .map(|c| if is_key_char(c) { c } else { '_' })
            .collect();
        Self(safe.into())
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Result<Self, NotAStream> {
        let good = name.split_once('/').is_some_and(|(noun, key)| {
            !noun.is_empty()
                && noun.bytes().all(|b| b.is_ascii_lowercase())
                && (1..=128).contains(&key.len())
                && key.chars().all(is_key_char)
        });
        if good {
            Ok(Self(name.into()))
        } else {
            Err(NotAStream(name.into()))
        }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first `/`: which aggregate folds it.
    pub fn noun(&self) -> &str {
        self.0.split_once('/').map_or("", |(noun, _)| noun)
    }

    /// The part behind the first `/`.
    pub fn key(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, key)| key)
    }
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | ':' | '_' | '-' | '/')
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Stream {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Stream {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&name).map_err(serde::de::Error::custom)
    }
}

/// A fact as `decide` states it; the sequencer gives it its revision.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Where it belongs.
    pub stream: Stream,
    /// Past tense, versioned: `outcome.recorded.v1`.
    pub kind: &'static str,
    /// Its content as JCS text; `None` = the assertion's own `data`.
    pub data: Option<Box<RawValue>>,
}

/// A fact as it stands in a commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommittedFact {
    /// Left out = the assertion's own `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// Kind with version.
    pub kind: Box<str>,
    /// Index of this fact in its stream, from 0.
    pub revision: u64,
    /// Where it belongs.
    pub stream: Stream,
}
