//! Reading and writing fact data: one way for every aggregate.

use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads `data` as the shape `T`.
pub fn read<T: DeserializeOwned>(noun: &str, kind: &str, data: &str) -> Result<T, Unreadable> {
    serde_json::from_str(data).map_err(|error| Unreadable {
        noun: noun.into(),
        kind: kind.into(),
        why: error.to_string(),
    })
}

/// A kind that no shape is known for.
pub fn unknown(noun: &str, kind: &str) -> Unreadable {
    Unreadable {
        noun: noun.into(),
        kind: kind.into(),
        why: "the kind is unknown".into(),
    }
}

/// A fact whose data is `shape`.
///
/// A shape holds integers, NFC text and lists of them, which always have a canonical form; were one
/// ever to break that rule, the fact carries no data and no longer reads back, which the
/// sequencer's own fold notices before anything is stored.
pub fn fact<T: Serialize>(stream: Stream, kind: &'static str, shape: &T) -> Fact {
    let data = ledger::canonical::to_raw(shape)
        .ok()
        .or_else(|| serde_json::value::to_raw_value(&()).ok());
    Fact { stream, kind, data }
}

/// A fact whose data is the assertion's own.
pub fn own(stream: Stream, kind: &'static str) -> Fact {
    Fact {
        stream,
        kind,
        data: None,
    }
}
