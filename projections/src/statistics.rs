//! How much of what there is: counts and sums, integers only.
//!
//! Invariant: an outcome counts once, in the cell of what it says now; a lot counts in the cell its
//! outcome was in when it was deposited, in exactly one of three columns.
//!
//! A count of few people can name one of them: who may see a small cell is the door's to decide.

mod fold;

use std::collections::BTreeMap;
use std::sync::Arc;

use credentials::policy::{Category, OutcomeKind, Scheme};
use identity::did::IssuerNumber;
use rusqlite::Row;

use crate::sql::Columns as _;
use crate::view::{View, ViewError};

pub use self::fold::{Fold, NAME};

/// What a cell is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Who awarded.
    pub institution: IssuerNumber,
    /// What sort of outcome.
    pub kind: OutcomeKind,
    /// Branch of learning.
    pub category: Category,
    /// In which credits.
    pub scheme: Scheme,
    /// Year of award.
    pub year: i16,
}

/// What a cell counts. Amounts are milli-credits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// Outcomes that stand.
    pub standing: u64,
    /// Outcomes that were revoked.
    pub revoked: u64,
    /// Credit that can be used, as far as its state says; expiry is not counted here.
    pub available_mc: u64,
    /// Credit that a correction replaced.
    pub superseded_mc: u64,
    /// Credit that was revoked.
    pub revoked_mc: u64,
}

/// How many of the large things there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commits.
    pub commits: u64,
    /// Persons registered.
    pub people: u64,
    /// Institutions admitted, the registrar among them.
    pub institutions: u64,
    /// Outcomes that stand.
    pub outcomes: u64,
    /// Outcomes that were revoked.
    pub revoked: u64,
}

/// What can be asked.
#[derive(Debug, Clone)]
pub struct Statistics(Arc<View>);

impl Statistics {
    /// Asks this view.
    pub fn new(view: Arc<View>) -> Self {
        Self(view)
    }

    /// The large counts, of one moment.
    pub fn counts(&self) -> Result<Counts, ViewError> {
        self.0.read(|rows| {
            let sql = "SELECT (SELECT coalesce(sum(count), 0) FROM commits),
                              (SELECT coalesce(sum(count), 0) FROM facts WHERE kind = 'person.registered'),
                              (SELECT coalesce(sum(count), 0) FROM facts WHERE kind = 'institution.admitted'),
                              coalesce(sum(standing), 0), coalesce(sum(revoked), 0) FROM cells";
            rows.prepare_cached(sql)?.query_row([], |row| {
                Ok(Counts {
                    commits: row.count(0)?,
                    people: row.count(1)?,
                    institutions: row.count(2)?,
                    outcomes: row.count(3)?,
                    revoked: row.count(4)?,
                })
            })
        })
    }

    /// Commits by kind of their assertion.
    pub fn commits_by_kind(&self) -> Result<BTreeMap<String, u64>, ViewError> {
        self.0.read(|rows| {
            let mut statement = rows.prepare_cached("SELECT kind, count FROM commits")?;
            statement
                .query_map([], |row| Ok((row.get(0)?, row.count(1)?)))?
                .collect()
        })
    }

    /// Every cell.
    pub fn cells(&self) -> Result<BTreeMap<Key, Cell>, ViewError> {
        self.0.read(|rows| {
            let sql = "SELECT institution, kind, category, scheme, year, standing, revoked,
                              available_mc, superseded_mc, revoked_mc FROM cells";
            rows.prepare_cached(sql)?
                .query_map([], |row| Ok((key(row)?, cell(row)?)))?
                .collect()
        })
    }
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        institution: IssuerNumber(row.get(0)?),
        kind: row.parsed(1)?,
        category: row.parsed(2)?,
        scheme: row.parsed(3)?,
        year: row.get(4)?,
    })
}

fn cell(row: &Row<'_>) -> rusqlite::Result<Cell> {
    Ok(Cell {
        standing: row.count(5)?,
        revoked: row.count(6)?,
        available_mc: row.count(7)?,
        superseded_mc: row.count(8)?,
        revoked_mc: row.count(9)?,
    })
}
