//! What a batch of commits adds to the counts.
//!
//! Invariant: until [`Tally::write`], what the batch did is here and nothing of it in the rows, but
//! new cells; every look-up asks here first. A crash loses the batch, whole.

use std::collections::{BTreeMap, HashMap};

use credentials::account::Event as AccountEvent;
use credentials::account::outcome::Fields;
use identity::did::IssuerNumber;
use identity::institution::Event as InstitutionEvent;
use identity::person::Event as PersonEvent;
use rusqlite::{Transaction, params};
use uuid::Uuid;

use crate::entry::{Entry, Event};
use crate::sql::{Columns as _, change, change_one, int};

/// What a cell counts by: awarder, kind, category, scheme, year.
type CellKey = (u32, String, String, String, i16);

/// What is added to a cell; credit in thousandths.
#[derive(Default)]
struct Added {
    standing: i64,
    revoked: i64,
    available_mc: i64,
    superseded_mc: i64,
    revoked_mc: i64,
}

/// A batch.
pub(super) struct Tally<'a> {
    rows: &'a Transaction<'a>,
    commits: BTreeMap<String, i64>,
    facts: BTreeMap<&'static str, i64>,
    cells: HashMap<CellKey, i64>,
    added: BTreeMap<i64, Added>,
    /// In the order of their keys, so that they are written page by page.
    outcomes: BTreeMap<Uuid, i64>,
    lots: BTreeMap<Uuid, (i64, i64)>,
}

impl<'a> Tally<'a> {
    /// An empty one over what `rows` has.
    pub(super) fn new(rows: &'a Transaction<'a>) -> Self {
        Self {
            rows,
            commits: BTreeMap::new(),
            facts: BTreeMap::new(),
            cells: HashMap::new(),
            added: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            lots: BTreeMap::new(),
        }
    }

    /// Takes in a commit.
    pub(super) fn take(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        let kind = entry.commit.assertion.kind();
        match self.commits.get_mut(kind) {
            Some(count) => *count += 1,
            None => {
                self.commits.insert(kind.to_owned(), 1);
            }
        }
        for event in entry.events() {
            match event {
                Event::Person(_, PersonEvent::Registered(_)) => {
                    *self.facts.entry("person.registered").or_default() += 1;
                }
                Event::Institution(_, InstitutionEvent::Admitted(_)) => {
                    *self.facts.entry("institution.admitted").or_default() += 1;
                }
                Event::Account(_, event) => self.account(event)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn account(&mut self, event: &AccountEvent) -> rusqlite::Result<()> {
        match event {
            AccountEvent::OutcomeRecorded {
                outcome,
                origin,
                fields,
                values: _,
            } => {
                let cell = self.cell(origin.awarder, fields)?;
                self.outcomes.insert(*outcome, cell);
                self.add(cell).standing += 1;
            }
            AccountEvent::OutcomeCorrected {
                outcome,
                fields,
                values: _,
            } => {
                let old = self.cell_of(*outcome)?;
                let awarder = self
                    .rows
                    .prepare_cached("SELECT institution FROM cells WHERE n = ?1")?
                    .query_row([old], |row| row.get(0).map(IssuerNumber))?;
                let new = self.cell(awarder, fields)?;
                self.add(old).standing -= 1;
                self.add(new).standing += 1;
                self.outcomes.insert(*outcome, new);
            }
            AccountEvent::OutcomeRevoked { outcome } => {
                let cell = self.cell_of(*outcome)?;
                let added = self.add(cell);
                added.standing -= 1;
                added.revoked += 1;
            }
            // Credit is counted by outcome and lot, whatever stands for it.
            AccountEvent::OutcomeCertified { .. } => {}
            AccountEvent::LotDeposited {
                lot,
                outcome,
                credit,
                ..
            } => {
                let (cell, credit) = (self.cell_of(*outcome)?, int(credit.get()));
                self.lots.insert(*lot, (cell, credit));
                self.add(cell).available_mc += credit;
            }
            AccountEvent::LotSuperseded { lot, successor: _ } => {
                let (cell, credit) = self.lot(*lot)?;
                let added = self.add(cell);
                added.available_mc -= credit;
                added.superseded_mc += credit;
            }
            AccountEvent::LotRevoked { lot } => {
                let (cell, credit) = self.lot(*lot)?;
                let added = self.add(cell);
                added.available_mc -= credit;
                added.revoked_mc += credit;
            }
        }
        Ok(())
    }

    fn add(&mut self, cell: i64) -> &mut Added {
        self.added.entry(cell).or_default()
    }

    /// The cell of what an outcome says, made if it is the first.
    fn cell(&mut self, awarder: IssuerNumber, fields: &Fields) -> rusqlite::Result<i64> {
        let key: CellKey = (
            awarder.0,
            fields.kind.as_str().to_owned(),
            fields.category.as_str().to_owned(),
            fields.scheme.as_str().to_owned(),
            fields.completed_on.year(),
        );
        if let Some(cell) = self.cells.get(&key) {
            return Ok(*cell);
        }
        let with = params![key.0, key.1, key.2, key.3, key.4];
        change(
            self.rows,
            "INSERT OR IGNORE INTO cells (institution, kind, category, scheme, year) VALUES (?1, ?2, ?3, ?4, ?5)",
            with,
        )?;
        let sql = "SELECT n FROM cells WHERE institution = ?1 AND kind = ?2 AND category = ?3 AND scheme = ?4 AND year = ?5";
        let cell = self
            .rows
            .prepare_cached(sql)?
            .query_row(with, |row| row.get(0))?;
        self.cells.insert(key, cell);
        Ok(cell)
    }

    fn cell_of(&self, outcome: Uuid) -> rusqlite::Result<i64> {
        if let Some(cell) = self.outcomes.get(&outcome) {
            return Ok(*cell);
        }
        self.rows
            .prepare_cached("SELECT cell FROM outcomes WHERE outcome = ?1")?
            .query_row([outcome.as_bytes()], |row| row.get(0))
    }

    /// Where a lot is counted, and its credit.
    fn lot(&self, lot: Uuid) -> rusqlite::Result<(i64, i64)> {
        if let Some(found) = self.lots.get(&lot) {
            return Ok(*found);
        }
        self.rows
            .prepare_cached("SELECT cell, credit FROM lots WHERE lot = ?1")?
            .query_row([lot.as_bytes()], |row| {
                Ok((int(row.count(0)?), int(row.count(1)?)))
            })
    }

    /// Writes what was gathered.
    pub(super) fn write(self) -> rusqlite::Result<()> {
        let rows = self.rows;
        for (kind, count) in self.commits {
            let sql = "INSERT INTO commits VALUES (?1, ?2) ON CONFLICT (kind) DO UPDATE SET count = count + ?2";
            change_one(rows, sql, params![kind, count])?;
        }
        for (kind, count) in self.facts {
            let sql = "INSERT INTO facts VALUES (?1, ?2) ON CONFLICT (kind) DO UPDATE SET count = count + ?2";
            change_one(rows, sql, params![kind, count])?;
        }
        for (outcome, cell) in self.outcomes {
            let sql = "INSERT INTO outcomes VALUES (?1, ?2) ON CONFLICT (outcome) DO UPDATE SET cell = ?2";
            change_one(rows, sql, params![outcome.as_bytes(), cell])?;
        }
        for (lot, (cell, credit)) in self.lots {
            change_one(
                rows,
                "INSERT INTO lots VALUES (?1, ?2, ?3)",
                params![lot.as_bytes(), cell, credit],
            )?;
        }
        for (cell, added) in self.added {
            let sql = "UPDATE cells SET standing = standing + ?2, revoked = revoked + ?3,
                           available_mc = available_mc + ?4, superseded_mc = superseded_mc + ?5,
                           revoked_mc = revoked_mc + ?6
                       WHERE n = ?1";
            change_one(
                rows,
                sql,
                params![
                    cell,
                    added.standing,
                    added.revoked,
                    added.available_mc,
                    added.superseded_mc,
                    added.revoked_mc
                ],
            )?;
        }
        Ok(())
    }
}
