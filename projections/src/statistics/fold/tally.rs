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
use rusqlite::types::Type;
use rusqlite::{Transaction, params};
use uuid::Uuid;

use crate::entry::{Entry, Event};
use crate::sql::{NotOfForm, change, change_one, int, wrong};

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

/// Where an outcome is counted, and whether as revoked.
#[derive(Clone, Copy)]
struct Counted {
    cell: i64,
    revoked: bool,
}

/// As what a lot is counted; the numbers stand in its rows.
#[derive(Clone, Copy)]
enum Bucket {
    Available = 0,
    Superseded = 1,
    Revoked = 2,
}

/// Where a lot is counted.
#[derive(Clone, Copy)]
struct Held {
    cell: i64,
    credit: i64,
    bucket: Bucket,
}

/// A batch.
pub(super) struct Tally<'a> {
    rows: &'a Transaction<'a>,
    commits: BTreeMap<String, i64>,
    facts: BTreeMap<&'static str, i64>,
    cells: HashMap<CellKey, i64>,
    added: BTreeMap<i64, Added>,
    /// In the order of their keys, so that they are written page by page.
    outcomes: BTreeMap<Uuid, Counted>,
    lots: BTreeMap<Uuid, Held>,
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
                person: _,
                origin,
                fields,
                values: _,
            } => {
                let cell = self.cell(origin.awarder, fields)?;
                self.count(*outcome, None, cell, false);
            }
            AccountEvent::OutcomeCorrected {
                outcome,
                person: _,
                fields,
                values: _,
            } => {
                let old = self.counted(*outcome)?;
                let awarder = self
                    .rows
                    .prepare_cached("SELECT institution FROM cells WHERE n = ?1")?
                    .query_row([old.cell], |row| row.get(0).map(IssuerNumber))?;
                let new = self.cell(awarder, fields)?;
                self.count(*outcome, Some(old), new, false);
            }
            AccountEvent::OutcomeRevoked { outcome, person: _ } => {
                let old = self.counted(*outcome)?;
                self.count(*outcome, Some(old), old.cell, true);
            }
            // Credit is counted by outcome and lot, whatever stands for it and whoever holds it.
            AccountEvent::OutcomeCertified { .. }
            | AccountEvent::Absorbed { .. }
            | AccountEvent::Absorbs { .. }
            | AccountEvent::Released { .. }
            | AccountEvent::Restored { .. } => {}
            AccountEvent::LotDeposited {
                lot,
                outcome,
                credit,
                ..
            } => {
                let held = Held {
                    cell: self.counted(*outcome)?.cell,
                    credit: int(credit.get()),
                    bucket: Bucket::Available,
                };
                self.amount(held, held.credit);
                self.lots.insert(*lot, held);
            }
            AccountEvent::LotSuperseded { lot, successor: _ } => {
                self.hold(*lot, Bucket::Superseded)?;
            }
            AccountEvent::LotRevoked { lot } => self.hold(*lot, Bucket::Revoked)?,
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

    /// Counts an outcome in `cell`, and no longer where it was.
    fn count(&mut self, outcome: Uuid, old: Option<Counted>, cell: i64, revoked: bool) {
        if let Some(old) = old {
            *self.number(old) -= 1;
        }
        let new = Counted { cell, revoked };
        *self.number(new) += 1;
        self.outcomes.insert(outcome, new);
    }

    fn number(&mut self, of: Counted) -> &mut i64 {
        let added = self.add(of.cell);
        if of.revoked {
            &mut added.revoked
        } else {
            &mut added.standing
        }
    }

    /// Counts a lot as something else.
    fn hold(&mut self, lot: Uuid, bucket: Bucket) -> rusqlite::Result<()> {
        let old = self.held(lot)?;
        let new = Held { bucket, ..old };
        self.amount(old, -old.credit);
        self.amount(new, new.credit);
        self.lots.insert(lot, new);
        Ok(())
    }

    fn amount(&mut self, of: Held, credit: i64) {
        let added = self.add(of.cell);
        match of.bucket {
            Bucket::Available => added.available_mc += credit,
            Bucket::Superseded => added.superseded_mc += credit,
            Bucket::Revoked => added.revoked_mc += credit,
        }
    }

    fn counted(&self, outcome: Uuid) -> rusqlite::Result<Counted> {
        if let Some(found) = self.outcomes.get(&outcome) {
            return Ok(*found);
        }
        self.rows
            .prepare_cached("SELECT cell, revoked FROM outcomes WHERE outcome = ?1")?
            .query_row([outcome.as_bytes()], |row| {
                Ok(Counted {
                    cell: row.get(0)?,
                    revoked: row.get(1)?,
                })
            })
    }

    fn held(&self, lot: Uuid) -> rusqlite::Result<Held> {
        if let Some(found) = self.lots.get(&lot) {
            return Ok(*found);
        }
        self.rows
            .prepare_cached("SELECT cell, credit, state FROM lots WHERE lot = ?1")?
            .query_row([lot.as_bytes()], |row| {
                Ok(Held {
                    cell: row.get(0)?,
                    credit: row.get(1)?,
                    bucket: match row.get(2)? {
                        0 => Bucket::Available,
                        1 => Bucket::Superseded,
                        2 => Bucket::Revoked,
                        _ => return Err(wrong(2, Type::Integer, NotOfForm)),
                    },
                })
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
        for (outcome, Counted { cell, revoked }) in self.outcomes {
            let sql = "INSERT INTO outcomes VALUES (?1, ?2, ?3)
                       ON CONFLICT (outcome) DO UPDATE SET cell = ?2, revoked = ?3";
            change_one(rows, sql, params![outcome.as_bytes(), cell, revoked])?;
        }
        for (lot, held) in self.lots {
            let sql = "INSERT INTO lots VALUES (?1, ?2, ?3, ?4) ON CONFLICT (lot) DO UPDATE SET state = ?4";
            let state = held.bucket as i64;
            change_one(
                rows,
                sql,
                params![lot.as_bytes(), held.cell, held.credit, state],
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
