//! Facts into counts.

use std::num::NonZeroU32;

use credentials::account::Event as AccountEvent;
use credentials::account::outcome::Fields;
use identity::did::IssuerNumber;
use identity::institution::Event as InstitutionEvent;
use identity::person::Event as PersonEvent;
use rusqlite::{Transaction, params};
use uuid::Uuid;

use crate::entry::{Entry, Event};
use crate::projection::{Projection, by_person};
use crate::sql::{Columns as _, change, change_one, int};

/// Name of the view.
pub const NAME: &str = "statistics";
const VERSION: u32 = 1;

// `outcomes` and `lots` say in which cell each is counted, so that it can be moved out of it.
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
    cell INTEGER NOT NULL REFERENCES cells (n)
) STRICT, WITHOUT ROWID;
CREATE TABLE lots (
    lot BLOB PRIMARY KEY,
    cell INTEGER NOT NULL REFERENCES cells (n),
    credit INTEGER NOT NULL
) STRICT, WITHOUT ROWID;";

/// The fold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fold;

impl Projection for Fold {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn schema(&self) -> &'static str {
        SCHEMA
    }

    fn apply(&self, rows: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<()> {
        count(rows, "commits", entry.commit.assertion.kind())?;
        for event in entry.events() {
            match event {
                Event::Person(_, PersonEvent::Registered(_)) => {
                    count(rows, "facts", "person.registered")?;
                }
                Event::Institution(_, InstitutionEvent::Admitted(_)) => {
                    count(rows, "facts", "institution.admitted")?;
                }
                Event::Account(_, event) => apply_account(rows, event)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// What is about no person is counted in the first part only, so that parts can be added.
    fn shard(&self, entry: &Entry, shards: NonZeroU32) -> Option<u32> {
        by_person(entry, shards).or(Some(0))
    }
}

fn count(rows: &Transaction<'_>, table: &str, kind: &str) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO {table} VALUES (?1, 1) ON CONFLICT (kind) DO UPDATE SET count = count + 1"
    );
    change_one(rows, &sql, [kind])
}

fn apply_account(rows: &Transaction<'_>, event: &AccountEvent) -> rusqlite::Result<()> {
    match event {
        AccountEvent::OutcomeRecorded {
            outcome,
            origin,
            fields,
            values: _,
        } => {
            let cell = cell(rows, origin.awarder, fields)?;
            change_one(
                rows,
                "INSERT INTO outcomes VALUES (?1, ?2)",
                params![outcome.as_bytes(), cell],
            )?;
            change_one(
                rows,
                "UPDATE cells SET standing = standing + 1 WHERE n = ?1",
                [cell],
            )
        }
        AccountEvent::OutcomeCorrected {
            outcome,
            fields,
            values: _,
        } => {
            let old = cell_of(rows, *outcome)?;
            let awarder = rows
                .prepare_cached("SELECT institution FROM cells WHERE n = ?1")?
                .query_row([old], |row| row.get(0).map(IssuerNumber))?;
            let new = cell(rows, awarder, fields)?;
            change_one(
                rows,
                "UPDATE cells SET standing = standing - 1 WHERE n = ?1",
                [old],
            )?;
            change_one(
                rows,
                "UPDATE cells SET standing = standing + 1 WHERE n = ?1",
                [new],
            )?;
            change_one(
                rows,
                "UPDATE outcomes SET cell = ?2 WHERE outcome = ?1",
                params![outcome.as_bytes(), new],
            )
        }
        AccountEvent::OutcomeRevoked { outcome } => {
            let sql =
                "UPDATE cells SET standing = standing - 1, revoked = revoked + 1 WHERE n = ?1";
            change_one(rows, sql, [cell_of(rows, *outcome)?])
        }
        AccountEvent::LotDeposited {
            lot,
            outcome,
            credit,
            ..
        } => {
            let (cell, credit) = (cell_of(rows, *outcome)?, int(credit.get()));
            change_one(
                rows,
                "INSERT INTO lots VALUES (?1, ?2, ?3)",
                params![lot.as_bytes(), cell, credit],
            )?;
            change_one(
                rows,
                "UPDATE cells SET available_mc = available_mc + ?2 WHERE n = ?1",
                params![cell, credit],
            )
        }
        AccountEvent::LotSuperseded { lot, successor: _ } => end_lot(
            rows,
            *lot,
            "UPDATE cells SET available_mc = available_mc - ?2, superseded_mc = superseded_mc + ?2 WHERE n = ?1",
        ),
        AccountEvent::LotRevoked { lot } => end_lot(
            rows,
            *lot,
            "UPDATE cells SET available_mc = available_mc - ?2, revoked_mc = revoked_mc + ?2 WHERE n = ?1",
        ),
    }
}

fn end_lot(rows: &Transaction<'_>, lot: Uuid, move_credit: &str) -> rusqlite::Result<()> {
    let (cell, credit) = rows
        .prepare_cached("SELECT cell, credit FROM lots WHERE lot = ?1")?
        .query_row([lot.as_bytes()], |row| Ok((row.count(0)?, row.count(1)?)))?;
    change_one(rows, move_credit, [int(cell), int(credit)])
}

fn cell_of(rows: &Transaction<'_>, outcome: Uuid) -> rusqlite::Result<i64> {
    rows.prepare_cached("SELECT cell FROM outcomes WHERE outcome = ?1")?
        .query_row([outcome.as_bytes()], |row| row.get(0))
}

/// The cell of what an outcome says, made if it is the first.
fn cell(rows: &Transaction<'_>, awarder: IssuerNumber, fields: &Fields) -> rusqlite::Result<i64> {
    let key = params![
        awarder.0,
        fields.kind.as_str(),
        fields.category.as_str(),
        fields.scheme.as_str(),
        fields.completed_on.year()
    ];
    change(
        rows,
        "INSERT OR IGNORE INTO cells (institution, kind, category, scheme, year) VALUES (?1, ?2, ?3, ?4, ?5)",
        key,
    )?;
    let sql = "SELECT n FROM cells WHERE institution = ?1 AND kind = ?2 AND category = ?3 AND scheme = ?4 AND year = ?5";
    rows.prepare_cached(sql)?.query_row(key, |row| row.get(0))
}
