//! Facts into counts.
//!
//! Invariant: what a batch of commits adds is gathered and then written once for each count; a
//! commit later in the batch sees what an earlier one did.

mod tally;

use std::num::NonZeroU32;

use rusqlite::Transaction;

use self::tally::Tally;
use crate::entry::Entry;
use crate::projection::{Form, Projection, by_person};

/// Name of the view.
pub const NAME: &str = "statistics";

// `outcomes` and `lots` say in which cell each is counted and as what, so that it can be moved out of it:
// what a thief ended is ended or corrected once more when its institution has said so.
const SCHEMA: &str = "
CREATE TABLE commits (kind TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE facts (kind TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cells (
    n INTEGER PRIMARY KEY,
    institution INTEGER NOT NULL,
    kind TEXT NOT NULL,
    category TEXT NOT NULL,
    scheme TEXT NOT NULL,
    year INTEGER NOT NULL,
    standing INTEGER NOT NULL DEFAULT 0,
    revoked INTEGER NOT NULL DEFAULT 0,
    available_mc INTEGER NOT NULL DEFAULT 0,
    superseded_mc INTEGER NOT NULL DEFAULT 0,
    revoked_mc INTEGER NOT NULL DEFAULT 0,
    UNIQUE (institution, kind, category, scheme, year)
) STRICT;
CREATE TABLE outcomes (
    outcome BLOB PRIMARY KEY,
    cell INTEGER NOT NULL REFERENCES cells (n),
    revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE lots (
    lot BLOB PRIMARY KEY,
    cell INTEGER NOT NULL REFERENCES cells (n),
    credit INTEGER NOT NULL,
    state INTEGER NOT NULL
) STRICT, WITHOUT ROWID;";

const FORM: Form = Form {
    name: NAME,
    version: 2,
    schema: SCHEMA,
};

/// The fold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fold;

impl Projection for Fold {
    fn form(&self) -> Form {
        FORM
    }

    fn apply(&self, rows: &Transaction<'_>, entries: &[&Entry]) -> rusqlite::Result<()> {
        let mut tally = Tally::new(rows);
        for entry in entries {
            tally.take(entry)?;
        }
        tally.write()
    }

    /// What is about no person is counted in the first part only, so that parts can be added.
    fn shard(&self, entry: &Entry, shards: NonZeroU32) -> Option<u32> {
        by_person(entry, shards).or(Some(0))
    }
}
