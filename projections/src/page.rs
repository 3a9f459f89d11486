//! Lists in pages, with a cursor that only we read.
//!
//! Invariant: a cursor names the last row given out, so rows that come later are neither skipped
//! nor given twice; it stays good over a rebuild, because folding is in order.

use std::fmt;
use std::str::FromStr;

/// Most rows of one page.
pub const ROWS_MAX: usize = 1_000;

/// Where a page ended. Its text (`c` and hexadecimal digits) means nothing to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub(crate) u64);

/// A text that no page ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list: give back the one that the last page ended with")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{:x}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let number = text
            .strip_prefix('c')
            .and_then(|hex| u64::from_str_radix(hex, 16).ok());
        number
            .map(Self)
            .filter(|cursor| cursor.to_string() == text)
            .ok_or(NotACursor)
    }
}

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub rows: Vec<T>,
    /// Where the next page starts; `None` = this was the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page of the first `limit` of `rows`, of which one more than that was asked for.
    pub(crate) fn cut(mut rows: Vec<T>, limit: usize, cursor: impl Fn(&T) -> u64) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| Cursor(cursor(row)));
        Self { rows, next }
    }
}

/// Rows to give out for a `limit` that a client asked for.
pub(crate) fn rows(limit: usize) -> usize {
    limit.clamp(1, ROWS_MAX)
}
