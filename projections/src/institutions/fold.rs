//! Admissions, keys and proposals into rows.

use identity::approval::Event as ApprovalEvent;
use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::institution::event::{Admitted, Event as InstitutionEvent, KeyActivated};
use identity::institution::signed::issuer_of;
use identity::institution::state::fragment_of;
use identity::institution::wire;
use rusqlite::{Transaction, params};
use serde::Serialize;
use uuid::Uuid;

use crate::entry::{Entry, Event};
use crate::projection::{Form, Projection};
use crate::sql::{change, change_one, int, word};

/// Name of the view.
pub const NAME: &str = "institutions";

const SCHEMA: &str = "
CREATE TABLE institutions (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    school_code TEXT,
    credit_code TEXT,
    level TEXT NOT NULL,
    parent INTEGER,
    scope TEXT NOT NULL,
    officers TEXT NOT NULL,
    admitted INTEGER NOT NULL,
    merged_into INTEGER
) STRICT;
CREATE TABLE lives (
    n INTEGER PRIMARY KEY,
    institution INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    id BLOB NOT NULL,
    position INTEGER NOT NULL
) STRICT;
CREATE INDEX lives_of ON lives (institution);
CREATE TABLE codes (
    code TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
    n INTEGER PRIMARY KEY,
    institution INTEGER NOT NULL,
    fragment TEXT NOT NULL,
    multikey TEXT NOT NULL,
    use TEXT NOT NULL,
    custody TEXT NOT NULL,
    activated INTEGER NOT NULL,
    retired INTEGER,
    activated_id BLOB NOT NULL,
    retired_id BLOB,
    next BLOB,
    UNIQUE (institution, fragment)
) STRICT;
CREATE TABLE cut_offs (
    n INTEGER PRIMARY KEY,
    institution INTEGER NOT NULL,
    fragment TEXT NOT NULL,
    not_valid_after INTEGER NOT NULL,
    id BLOB NOT NULL,
    position INTEGER NOT NULL
) STRICT;
CREATE INDEX cut_offs_of ON cut_offs (institution, fragment);
CREATE TABLE floors (
    n INTEGER PRIMARY KEY,
    institution INTEGER NOT NULL,
    issuer INTEGER NOT NULL,
    fragment TEXT NOT NULL,
    position INTEGER NOT NULL,
    through INTEGER NOT NULL,
    except_at TEXT NOT NULL
) STRICT;
CREATE INDEX floors_of ON floors (institution);
CREATE TABLE settlements (
    n INTEGER PRIMARY KEY,
    institution INTEGER NOT NULL,
    issuer INTEGER NOT NULL,
    fragment TEXT NOT NULL,
    position INTEGER NOT NULL,
    how TEXT NOT NULL,
    ranges TEXT NOT NULL
) STRICT;
CREATE INDEX settlements_of ON settlements (institution);
CREATE TABLE approvals (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    issuer INTEGER NOT NULL,
    person BLOB,
    role TEXT,
    leaf BLOB NOT NULL,
    proposed INTEGER NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    decided_id BLOB,
    decided INTEGER
) STRICT;
CREATE INDEX approvals_waiting ON approvals (state, n);
CREATE TABLE signings (
    approval INTEGER NOT NULL REFERENCES approvals (n),
    person BLOB NOT NULL,
    agreed INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (approval, position)
) STRICT, WITHOUT ROWID;";

const FORM: Form = Form {
    name: NAME,
    version: 3,
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
        let events = entries
            .iter()
            .flat_map(|entry| entry.events().iter().map(move |event| (*entry, event)));
        for (entry, event) in events {
            match event {
                Event::Institution(number, event) => {
                    apply_institution(rows, entry, *number, event)?;
                }
                Event::Registry(numbered) => {
                    for code in &numbered.codes {
                        change(
                            rows,
                            "INSERT OR IGNORE INTO codes VALUES (?1, ?2)",
                            params![code, numbered.number.0],
                        )?;
                    }
                }
                Event::Approval(id, event) => apply_approval(rows, entry, *id, event)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn list<T: Serialize + ?Sized>(items: &T) -> rusqlite::Result<String> {
    serde_json::to_string(items)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn apply_institution(
    rows: &Transaction<'_>,
    entry: &Entry,
    number: IssuerNumber,
    event: &InstitutionEvent,
) -> rusqlite::Result<()> {
    let id = entry.commit.assertion.id();
    match event {
        InstitutionEvent::Admitted(admitted) => {
            admit(rows, entry, admitted)?;
            live(rows, entry, number, event)
        }
        InstitutionEvent::KeyActivated(key) => activate(rows, entry, number, key),
        InstitutionEvent::KeyRetired(key) => retire(rows, entry, number, &key.fragment),
        InstitutionEvent::KeyRotated(rotated) => {
            retire(rows, entry, number, &rotated.old)?;
            activate(rows, entry, number, &rotated.new)
        }
        InstitutionEvent::KeyCompromised(key) => {
            retire(rows, entry, number, &key.fragment)?;
            change_one(
                rows,
                "INSERT INTO cut_offs (institution, fragment, not_valid_after, id, position) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    number.0,
                    key.fragment,
                    int(key.not_valid_after),
                    id.as_bytes(),
                    int(entry.position())
                ],
            )
        }
        InstitutionEvent::HistoryReaffirmed(floor) => change_one(
            rows,
            "INSERT INTO floors (institution, issuer, fragment, position, through, except_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                number.0,
                issuer_of(entry.commit.assertion.kid()).0,
                fragment_of(entry.commit.assertion.kid()),
                int(entry.position()),
                int(floor.through),
                list(&floor.except)?
            ],
        ),
        InstitutionEvent::EntriesSettled { how, ranges } => change_one(
            rows,
            "INSERT INTO settlements (institution, issuer, fragment, position, how, ranges) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                number.0,
                issuer_of(entry.commit.assertion.kid()).0,
                fragment_of(entry.commit.assertion.kid()),
                int(entry.position()),
                word(how),
                list(ranges)?
            ],
        ),
        life => live(rows, entry, number, life),
    }
}

/// What became of it as a whole: the fact is kept as it stands, and what is asked for by rows beside it.
fn live(
    rows: &Transaction<'_>,
    entry: &Entry,
    number: IssuerNumber,
    event: &InstitutionEvent,
) -> rusqlite::Result<()> {
    let fact = wire::to_fact(number, event.clone());
    let id = entry.commit.assertion.id();
    change_one(
        rows,
        "INSERT INTO lives (institution, kind, data, id, position) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            number.0,
            fact.kind,
            fact.data.as_ref().map_or("{}", |data| data.get()),
            id.as_bytes(),
            int(entry.position())
        ],
    )?;
    match event {
        InstitutionEvent::Renamed { name } => change_one(
            rows,
            "UPDATE institutions SET name = ?2 WHERE number = ?1",
            params![number.0, name],
        ),
        InstitutionEvent::Closed(_) | InstitutionEvent::Merged { .. } => {
            change(
                rows,
                "UPDATE keys SET retired = coalesce(retired, ?2), retired_id = coalesce(retired_id, ?3)
                 WHERE institution = ?1 AND use = 'assertion'",
                params![number.0, int(entry.position()), id.as_bytes()],
            )?;
            let InstitutionEvent::Merged { into } = event else {
                return Ok(());
            };
            change_one(
                rows,
                "UPDATE institutions SET merged_into = ?2 WHERE number = ?1",
                params![number.0, into.0],
            )
        }
        _ => Ok(()),
    }
}

fn activate(
    rows: &Transaction<'_>,
    entry: &Entry,
    number: IssuerNumber,
    key: &KeyActivated,
) -> rusqlite::Result<()> {
    change_one(
        rows,
        "INSERT INTO keys (institution, fragment, multikey, use, custody, activated, activated_id, next)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            number.0,
            key.fragment,
            key.key.multikey(),
            word(&key.r#use),
            word(&key.custody),
            int(entry.position()),
            entry.commit.assertion.id().as_bytes(),
            key.next.map(|next| next.0)
        ],
    )
}

fn retire(
    rows: &Transaction<'_>,
    entry: &Entry,
    number: IssuerNumber,
    fragment: &str,
) -> rusqlite::Result<()> {
    change_one(
        rows,
        "UPDATE keys SET retired = coalesce(retired, ?3), retired_id = coalesce(retired_id, ?4)
         WHERE institution = ?1 AND fragment = ?2",
        params![
            number.0,
            fragment,
            int(entry.position()),
            entry.commit.assertion.id().as_bytes()
        ],
    )
}

fn admit(rows: &Transaction<'_>, entry: &Entry, admitted: &Admitted) -> rusqlite::Result<()> {
    change_one(
        rows,
        "INSERT INTO institutions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL)",
        params![
            admitted.number.0,
            admitted.name,
            admitted.school_code,
            admitted.credit_code,
            word(&admitted.level),
            admitted.parent.map(|parent| parent.0),
            list(&admitted.scope)?,
            list(&admitted.officers)?,
            int(entry.position())
        ],
    )
}

fn apply_approval(
    rows: &Transaction<'_>,
    entry: &Entry,
    id: Uuid,
    event: &ApprovalEvent,
) -> rusqlite::Result<()> {
    match event {
        ApprovalEvent::Proposed { .. } => propose(rows, entry, id),
        ApprovalEvent::Given { person } => sign(rows, entry, id, *person, true),
        ApprovalEvent::Completed { person } => {
            sign(rows, entry, id, *person, true)?;
            decide(rows, entry, id, "completed")
        }
        ApprovalEvent::Rejected { person } => {
            sign(rows, entry, id, *person, false)?;
            decide(rows, entry, id, "rejected")
        }
    }
}

fn propose(rows: &Transaction<'_>, entry: &Entry, id: Uuid) -> rusqlite::Result<()> {
    let assertion = &entry.commit.assertion;
    let issuer = Ask::of(assertion).map_or(IssuerNumber::REGISTRAR, |ask| ask.issuer);
    let act = assertion.act();
    change_one(
        rows,
        "INSERT INTO approvals (id, kind, issuer, person, role, leaf, proposed, recorded_at_ms, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'waiting')",
        params![
            id.as_bytes(),
            assertion.kind(),
            issuer.0,
            act.map(|act| act.person.into_bytes()),
            act.map(|act| act.role.as_str()),
            entry.leaf.0,
            int(entry.position()),
            entry.commit.recorded_at_ms
        ],
    )
}

fn sign(
    rows: &Transaction<'_>,
    entry: &Entry,
    id: Uuid,
    person: Uuid,
    agreed: bool,
) -> rusqlite::Result<()> {
    change_one(
        rows,
        "INSERT INTO signings SELECT n, ?2, ?3, ?4 FROM approvals WHERE id = ?1",
        params![
            id.as_bytes(),
            person.as_bytes(),
            agreed,
            int(entry.position())
        ],
    )
}

fn decide(rows: &Transaction<'_>, entry: &Entry, id: Uuid, state: &str) -> rusqlite::Result<()> {
    change_one(
        rows,
        "UPDATE approvals SET state = ?2, decided_id = ?3, decided = ?4 WHERE id = ?1",
        params![
            id.as_bytes(),
            state,
            entry.commit.assertion.id().as_bytes(),
            int(entry.position())
        ],
    )
}
