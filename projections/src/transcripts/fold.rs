//! Outcomes and lots into rows.

use std::collections::HashMap;
use std::sync::Arc;

use credentials::account::Event as AccountEvent;
use credentials::account::event::Warning;
use credentials::account::outcome::{Fields, Origin};
use credentials::millicredits::Level;
use identity::approval;
use identity::did::Did;
use identity::erasable::Commitments;
use identity::institution::event::{Event as InstitutionEvent, KeyRotated};
use identity::person::Event as PersonEvent;
use rusqlite::{Transaction, params};
use uuid::Uuid;

use super::line::ChangeKind;
use super::recent::Recent;
use crate::entry::{Entry, Event};
use crate::projection::{Form, Projection};
use crate::sql::{change, change_one, int, join, word};

/// Name of the view.
pub const NAME: &str = "transcripts";

// The rows of a person lie where they were written, at the end of the table: an index finds them.
// A lot's and a change's rows lie beside those of the same outcome.
const SCHEMA: &str = "
CREATE TABLE outcomes (
    n INTEGER PRIMARY KEY,
    outcome BLOB NOT NULL UNIQUE,
    person BLOB NOT NULL,
    awarder INTEGER NOT NULL,
    record TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT,
    hours INTEGER,
    credits INTEGER,
    scheme TEXT NOT NULL,
    level INTEGER,
    category TEXT NOT NULL,
    passed INTEGER,
    completed_on TEXT NOT NULL,
    committed BLOB NOT NULL,
    state TEXT NOT NULL,
    recorded_id BLOB NOT NULL,
    recorded INTEGER NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    target_id BLOB NOT NULL,
    target_leaf BLOB NOT NULL,
    said INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;
CREATE INDEX outcomes_of ON outcomes (person);
CREATE INDEX outcomes_changed ON outcomes (changed);
CREATE TABLE lots (
    outcome INTEGER NOT NULL REFERENCES outcomes (n),
    n INTEGER NOT NULL,
    lot BLOB NOT NULL UNIQUE,
    credit INTEGER NOT NULL,
    state TEXT NOT NULL,
    usable_before TEXT,
    hours_mismatch INTEGER NOT NULL,
    PRIMARY KEY (outcome, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE history (
    outcome INTEGER NOT NULL REFERENCES outcomes (n),
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id BLOB NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    signer INTEGER NOT NULL REFERENCES signers (n),
    act TEXT,
    proposal BLOB,
    PRIMARY KEY (outcome, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE signers (
    n INTEGER PRIMARY KEY,
    kid TEXT NOT NULL UNIQUE,
    custody TEXT
) STRICT;";

const FORM: Form = Form {
    name: NAME,
    version: 2,
    schema: SCHEMA,
};

/// The fold, which also tells who changed.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    recent: Arc<Recent>,
}

impl Fold {
    /// A fold that tells `recent`.
    pub fn new(recent: Arc<Recent>) -> Self {
        Self { recent }
    }
}

impl Projection for Fold {
    fn form(&self) -> Form {
        FORM
    }

    fn apply(&self, rows: &Transaction<'_>, entries: &[&Entry]) -> rusqlite::Result<()> {
        let mut batch = Batch {
            rows,
            signers: HashMap::new(),
            newest: None,
        };
        for entry in entries {
            for event in entry.events() {
                match event {
                    Event::Account(holder, event) => {
                        self.recent.changed(*holder, entry.position());
                        batch.account(entry, event)?;
                    }
                    // What the lines say is gone, closed or held, though no line changed.
                    Event::Person(
                        person,
                        PersonEvent::ErasureRequested(_)
                        | PersonEvent::KeysDestroyed(_)
                        | PersonEvent::Split(_),
                    ) => self.recent.changed(*person, entry.position()),
                    Event::Institution(
                        number,
                        InstitutionEvent::KeyActivated(key)
                        | InstitutionEvent::KeyRotated(KeyRotated { new: key, .. }),
                    ) => {
                        let host = entry.commit.log.split('/').next().unwrap_or_default();
                        let kid = format!("{}#{}", Did::new(host, *number), key.fragment);
                        change(
                            rows,
                            "INSERT INTO signers (kid, custody) VALUES (?1, ?2)
                             ON CONFLICT (kid) DO UPDATE SET custody = ?2",
                            params![kid, word(&key.custody)],
                        )?;
                    }
                    // What it stands for is not in these rows, but in what is read of them.
                    Event::Institution(
                        _,
                        InstitutionEvent::KeyCompromised(_)
                        | InstitutionEvent::HistoryReaffirmed(_)
                        | InstitutionEvent::EntriesSettled { .. }
                        | InstitutionEvent::Renamed { .. }
                        | InstitutionEvent::Merged { .. },
                    ) => self.recent.anybody_changed(entry.position()),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// A batch of commits being folded, and the row numbers it met.
struct Batch<'a> {
    rows: &'a Transaction<'a>,
    signers: HashMap<String, i64>,
    /// The outcome whose row was asked for last: its lot and its history mostly come next.
    newest: Option<(Uuid, i64)>,
}

impl Batch<'_> {
    fn account(&mut self, entry: &Entry, event: &AccountEvent) -> rusqlite::Result<()> {
        let rows = self.rows;
        match event {
            AccountEvent::OutcomeRecorded {
                outcome,
                person,
                origin,
                fields,
                values,
            } => {
                let said = Said {
                    outcome: *outcome,
                    fields,
                    values,
                };
                record(rows, entry, *person, origin, &said)?;
                self.newest = Some((*outcome, rows.last_insert_rowid()));
                self.note(entry, *outcome, ChangeKind::Recorded)
            }
            AccountEvent::OutcomeCorrected {
                outcome,
                person: _,
                fields,
                values,
            } => {
                let said = Said {
                    outcome: *outcome,
                    fields,
                    values,
                };
                say(rows, entry, &said)?;
                self.note(entry, *outcome, ChangeKind::Corrected)
            }
            AccountEvent::OutcomeRevoked { outcome, person: _ } => {
                change_one(
                    rows,
                    "UPDATE outcomes SET state = ?2, changed = ?3 WHERE outcome = ?1",
                    params![
                        outcome.as_bytes(),
                        ChangeKind::Revoked.as_str(),
                        int(entry.position())
                    ],
                )?;
                self.note(entry, *outcome, ChangeKind::Revoked)
            }
            // A page of outcomes names no credentials; they are read from the account itself.
            // Nor whose account has it: a merge moves no row, who reads asks for all of a person's numbers.
            AccountEvent::OutcomeCertified { .. }
            | AccountEvent::Absorbed { .. }
            | AccountEvent::Absorbs { .. }
            | AccountEvent::Released { .. }
            | AccountEvent::Restored { .. } => Ok(()),
            AccountEvent::LotDeposited {
                lot,
                outcome,
                credit,
                usable_before,
                warnings,
                policy: _,
            } => change_one(
                rows,
                "INSERT INTO lots VALUES
                 (?1, (SELECT count(*) FROM lots WHERE outcome = ?1), ?2, ?3, 'available', ?4, ?5)",
                params![
                    self.row_of(*outcome)?,
                    lot.as_bytes(),
                    int(credit.get()),
                    usable_before.map(|day| day.to_string()),
                    warnings.contains(&Warning::HoursMismatch)
                ],
            ),
            AccountEvent::LotSuperseded { lot, successor: _ } => end_lot(rows, *lot, "superseded"),
            AccountEvent::LotRevoked { lot } => end_lot(rows, *lot, "revoked"),
        }
    }

    fn row_of(&mut self, outcome: Uuid) -> rusqlite::Result<i64> {
        if let Some((newest, n)) = self.newest
            && newest == outcome
        {
            return Ok(n);
        }
        let n = self
            .rows
            .prepare_cached("SELECT n FROM outcomes WHERE outcome = ?1")?
            .query_row([outcome.as_bytes()], |row| row.get(0))?;
        self.newest = Some((outcome, n));
        Ok(n)
    }

    fn signer(&mut self, kid: &str) -> rusqlite::Result<i64> {
        if let Some(n) = self.signers.get(kid) {
            return Ok(*n);
        }
        // A key that no fact activated cannot have signed; were one to, its custody stays unknown.
        change(
            self.rows,
            "INSERT OR IGNORE INTO signers (kid) VALUES (?1)",
            [kid],
        )?;
        let n = self
            .rows
            .prepare_cached("SELECT n FROM signers WHERE kid = ?1")?
            .query_row([kid], |row| row.get(0))?;
        self.signers.insert(kid.to_owned(), n);
        Ok(n)
    }

    /// The change in the outcome's history: who signed it and how.
    fn note(&mut self, entry: &Entry, outcome: Uuid, kind: ChangeKind) -> rusqlite::Result<()> {
        let assertion = &entry.commit.assertion;
        let act = assertion.act().map(serde_json::to_string).transpose();
        let act = act.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let is_approval = assertion.kind() == approval::decide::KIND;
        let proposal = assertion
            .target()
            .filter(|_| is_approval)
            .map(|target| target.id.into_bytes());
        change_one(
            self.rows,
            "INSERT INTO history VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                self.row_of(outcome)?,
                int(entry.position()),
                kind.as_str(),
                assertion.id().as_bytes(),
                entry.commit.recorded_at_ms,
                self.signer(assertion.kid().as_str())?,
                act,
                proposal
            ],
        )
    }
}

fn end_lot(rows: &Transaction<'_>, lot: Uuid, state: &str) -> rusqlite::Result<()> {
    change_one(
        rows,
        "UPDATE lots SET state = ?2 WHERE lot = ?1",
        params![lot.as_bytes(), state],
    )
}

/// What an outcome says from a commit on.
struct Said<'a> {
    outcome: Uuid,
    fields: &'a Fields,
    values: &'a Commitments,
}

/// The row of a new outcome: one statement, for this is what nearly every commit is.
fn record(
    rows: &Transaction<'_>,
    entry: &Entry,
    person: Uuid,
    origin: &Origin,
    said: &Said<'_>,
) -> rusqlite::Result<()> {
    let fields = said.fields;
    change_one(
        rows,
        "INSERT INTO outcomes (outcome, kind, code, hours, credits, scheme, level, category, passed, completed_on,
             committed, target_id, target_leaf, said, changed, state,
             person, awarder, record, recorded_id, recorded, recorded_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?12, ?15, ?20)",
        params![
            said.outcome.as_bytes(),
            fields.kind.as_str(),
            fields.code,
            fields.hours.map(|hours| int(hours.get())),
            fields.credits.map(|credits| int(credits.get())),
            fields.scheme.as_str(),
            fields.level.map(Level::tenths),
            fields.category.as_str(),
            fields.passed,
            fields.completed_on.to_string(),
            join(said.values.as_slice()),
            entry.commit.assertion.id().as_bytes(),
            entry.leaf.0,
            int(entry.position()),
            int(entry.position()),
            ChangeKind::Recorded.as_str(),
            person.as_bytes(),
            origin.awarder.0,
            origin.record,
            entry.commit.recorded_at_ms
        ],
    )
}

/// What a known outcome says from this commit on.
fn say(rows: &Transaction<'_>, entry: &Entry, said: &Said<'_>) -> rusqlite::Result<()> {
    let fields = said.fields;
    change_one(
        rows,
        "UPDATE outcomes SET kind = ?2, code = ?3, hours = ?4, credits = ?5, scheme = ?6, level = ?7, category = ?8,
             passed = ?9, completed_on = ?10, committed = ?11, target_id = ?12, target_leaf = ?13,
             said = ?14, changed = ?15, state = ?16
         WHERE outcome = ?1",
        params![
            said.outcome.as_bytes(),
            fields.kind.as_str(),
            fields.code,
            fields.hours.map(|hours| int(hours.get())),
            fields.credits.map(|credits| int(credits.get())),
            fields.scheme.as_str(),
            fields.level.map(Level::tenths),
            fields.category.as_str(),
            fields.passed,
            fields.completed_on.to_string(),
            join(said.values.as_slice()),
            entry.commit.assertion.id().as_bytes(),
            entry.leaf.0,
            int(entry.position()),
            int(entry.position()),
            ChangeKind::Corrected.as_str()
        ],
    )
}
