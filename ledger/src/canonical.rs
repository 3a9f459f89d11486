//! JCS (RFC 8785), narrowed: integers below 2⁵³ only, NFC text, no duplicate members, depth ≤ 64.
//!
//! Invariant: a text that [`check`] accepts is the only text of its value, so its bytes can be
//! hashed and signed without writing them again. Form: docs/FORMAT.md "JSON".

mod scan;
mod write;

use serde::Serialize;
use serde_json::value::RawValue;

/// Deepest nesting of arrays and objects.
pub const DEPTH_MAX: usize = 64;
/// Largest magnitude of a number: 2⁵³ − 1, the last one that every JSON reader keeps exactly.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;

/// Why a text is not in the one form its value has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct NotCanonical {
    /// What is wrong.
    pub what: Flaw,
    /// Byte offset where it was seen: in the text checked, or in the text being written.
    pub at: usize,
}

/// The rules of the form, one variant each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Flaw {
    /// Not JSON (RFC 8259) at all, or cut short.
    #[error("not JSON")]
    NotJson,
    /// Space, tab or line end between tokens.
    #[error("whitespace between tokens")]
    Whitespace,
    /// Something stands behind the value.
    #[error("text behind the value")]
    Trailing,
    /// A character written with another escape than RFC 8785 §3.2.2.2 gives it.
    #[error("an escape that is not the one JCS form of its character")]
    Escaping,
    /// An escaped surrogate: lone, or one that should be a literal character.
    #[error("an escaped surrogate")]
    Surrogate,
    /// A fraction or an exponent.
    #[error("a number with fraction or exponent: only integers are allowed")]
    Float,
    /// `-0`.
    #[error("negative zero")]
    NegativeZero,
    /// A number with a leading zero.
    #[error("a number with a leading zero")]
    LeadingZero,
    /// Beyond ±[`NUMBER_MAX`].
    #[error("a number of 2^53 or more in magnitude")]
    NumberTooLarge,
    /// Members not ascending by UTF-16 code units.
    #[error("members not sorted by UTF-16 code units")]
    NotSorted,
    /// The same member twice.
    #[error("a duplicate member")]
    DuplicateMember,
    /// Text not in Unicode normal form C.
    #[error("text that is not in Unicode normal form C")]
    NotNfc,
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("nested deeper than 64")]
    TooDeep,
    /// A value that JSON has no form for, such as a map whose keys are not text.
    #[error("a value without a JSON form")]
    Unwritable,
}

/// Checks that `text` is the canonical form of its own value, in one pass without building it.
pub fn check(text: &str) -> Result<(), NotCanonical> {
    scan::document(text)
}

/// The canonical bytes of `value`; refuses what [`check`] would refuse and normalises no text.
///
/// Values may hold raw JSON: its members are sorted and its duplicates refused like all others.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    to_text(value).map(String::into_bytes)
}

/// The canonical text of `value` as raw JSON.
pub fn to_raw<T: Serialize + ?Sized>(value: &T) -> Result<Box<RawValue>, NotCanonical> {
    RawValue::from_string(to_text(value)?).map_err(|_| Flaw::NotJson.at(0))
}

fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, NotCanonical> {
    let text = serde_json::to_string(value).map_err(|_| Flaw::Unwritable.at(0))?;
    // Most values are structs whose members already stand in order: no second writing for them.
    if check(&text).is_ok() {
        return Ok(text);
    }
    let text = write::sorted(&text)?;
    check(&text)?;
    Ok(text)
}

impl Flaw {
    fn at(self, at: usize) -> NotCanonical {
        NotCanonical { what: self, at }
    }
}
