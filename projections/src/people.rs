//! Who is registered, under which types of number, and who may act for whom.
//!
//! Invariant: no personal value is here: of a name or number there is only its commitment, by which
//! the vault can be asked.

mod delegations;

use std::sync::Arc;

pub use delegations::Listed as Delegation;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::identifier::IdentifierType;
use identity::institution;
use identity::officer;
use identity::person::event::{Check, Edge};
use identity::person::{Alias, Event as PersonEvent, link};
use identity::role::Role;
use ledger::decision::Earlier;
use ledger::hash::Digest;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use crate::entry::{Entry, Event};
use crate::page::{self, Cursor, Page};
use crate::projection::{Form, Projection};
use crate::sql::{Columns as _, NotOfForm, change, change_one, int, join, limit, one, word, wrong};
use crate::view::{View, ViewError};

/// Name of the view.
pub const NAME: &str = "people";

const SCHEMA: &str = "
CREATE TABLE people (
    n INTEGER PRIMARY KEY,
    person BLOB NOT NULL UNIQUE,
    registered_id BLOB NOT NULL,
    registered INTEGER NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    committed BLOB NOT NULL,
    merged_into BLOB
) STRICT;
CREATE TABLE identifiers (
    n INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people (n),
    type TEXT NOT NULL,
    checked TEXT NOT NULL,
    bound_id BLOB NOT NULL,
    bound INTEGER NOT NULL
) STRICT;
CREATE INDEX identifiers_of ON identifiers (person);
CREATE TABLE roles (
    person BLOB NOT NULL,
    role TEXT NOT NULL,
    institution INTEGER NOT NULL,
    granted INTEGER NOT NULL,
    PRIMARY KEY (person, role, institution)
) STRICT, WITHOUT ROWID;
CREATE INDEX roles_for ON roles (institution, granted);
CREATE TABLE delegations (
    delegation BLOB NOT NULL PRIMARY KEY,
    principal BLOB NOT NULL,
    agent BLOB NOT NULL,
    basis TEXT NOT NULL,
    until TEXT NOT NULL,
    granted INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX delegations_to ON delegations (agent, granted);
CREATE INDEX delegations_until ON delegations (until);";

const FORM: Form = Form {
    name: NAME,
    version: 3,
    schema: SCHEMA,
};

/// A registered person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The one number.
    pub id: Uuid,
    /// The commit that registered the person.
    pub registered: Earlier,
    /// Its recording time, Unix milliseconds.
    pub recorded_at_ms: i64,
    /// Types of the numbers the person is known by, in order of binding.
    pub identifiers: Vec<Identifier>,
    /// Commitments to name, birth date and numbers, in order of commits.
    pub commitments: Vec<Digest>,
    /// The number that stays, if this one turned out to be the same person's.
    pub merged_into: Option<Uuid>,
}

/// One of a person's outside numbers, without the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identifier {
    /// Its type and how its check came out.
    pub alias: Alias,
    /// The commit that bound it.
    pub bound: Earlier,
}

/// A staff role that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Who.
    pub person: Uuid,
    /// Which role.
    pub role: Role,
    /// For which institution; `None` = the whole province.
    pub institution: Option<IssuerNumber>,
    /// Position of the commit that gave it.
    pub granted: u64,
}

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
                Event::Person(person, event) => apply_person(rows, entry, *person, event)?,
                Event::Officer(officer::Event::RoleGranted(granted)) => {
                    // The roster of the province repeats what stands in the person's own stream.
                    change(
                        rows,
                        "INSERT OR IGNORE INTO roles VALUES (?1, ?2, ?3, ?4)",
                        params![
                            granted.person.as_bytes(),
                            granted.role.as_str(),
                            granted.institution.unwrap_or(IssuerNumber::REGISTRAR).0,
                            int(entry.position())
                        ],
                    )?;
                }
                Event::Officer(officer::Event::RoleRemoved(removed)) => {
                    change(
                        rows,
                        "DELETE FROM roles WHERE person = ?1 AND role = ?2 AND institution = ?3",
                        params![
                            removed.person.as_bytes(),
                            removed.role.as_str(),
                            removed.institution.unwrap_or(IssuerNumber::REGISTRAR).0
                        ],
                    )?;
                }
                // An end is one fact, and ends every role there is at the institution.
                Event::Institution(
                    number,
                    institution::Event::Closed(_) | institution::Event::Merged { .. },
                ) => {
                    change(
                        rows,
                        "DELETE FROM roles WHERE institution = ?1",
                        params![number.0],
                    )?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn apply_person(
    rows: &Transaction<'_>,
    entry: &Entry,
    person: Uuid,
    event: &PersonEvent,
) -> rusqlite::Result<()> {
    match event {
        PersonEvent::Registered(registered) => {
            change_one(
                rows,
                "INSERT INTO people (person, registered_id, registered, recorded_at_ms, committed)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    person.as_bytes(),
                    entry.commit.assertion.id().as_bytes(),
                    int(entry.position()),
                    entry.commit.recorded_at_ms,
                    join(registered.values.as_slice())
                ],
            )?;
            registered
                .aliases
                .iter()
                .try_for_each(|alias| bind(rows, entry, person, *alias))
        }
        PersonEvent::IdentifierBound { alias, values } => {
            commit_to(rows, person, values).and_then(one)?;
            bind(rows, entry, person, *alias)
        }
        PersonEvent::DeathRecorded { values } => commit_to(rows, person, values).and_then(one),
        // Whoever holds a role since genesis or an admission is no learner, and has no row here.
        PersonEvent::Link(link::Event::Confirmed { values, .. }) => {
            commit_to(rows, person, values).map(drop)
        }
        PersonEvent::Delegation(event) => delegations::apply(rows, entry, person, event),
        PersonEvent::ErasureRequested(_)
        | PersonEvent::DataLocked { .. }
        | PersonEvent::KeysDestroyed(_)
        | PersonEvent::ErasureCertified { .. }
        | PersonEvent::Suspended
        | PersonEvent::Reinstated
        | PersonEvent::DeathWithdrawn
        | PersonEvent::Assurance(_)
        | PersonEvent::Consent(_)
        | PersonEvent::Contact(_)
        | PersonEvent::Recovery(_)
        | PersonEvent::Link(link::Event::Removed { .. })
        | PersonEvent::Authenticator(_)
        | PersonEvent::Split(_)
        | PersonEvent::MergeApplied(Edge::Absorbed(_))
        | PersonEvent::MergeReverted(Edge::Absorbed(_)) => Ok(()),
        PersonEvent::MergeApplied(Edge::Into(into)) => merged(rows, person, Some(*into)),
        PersonEvent::MergeReverted(Edge::Into(_)) => merged(rows, person, None),
    }
}

/// How many rows: none if the person was never registered.
fn commit_to(
    rows: &Transaction<'_>,
    person: Uuid,
    values: &Commitments,
) -> rusqlite::Result<usize> {
    change(
        rows,
        "UPDATE people SET committed = CAST(committed || ?2 AS BLOB) WHERE person = ?1",
        params![person.as_bytes(), join(values.as_slice())],
    )
}

fn merged(rows: &Transaction<'_>, person: Uuid, into: Option<Uuid>) -> rusqlite::Result<()> {
    change_one(
        rows,
        "UPDATE people SET merged_into = ?2 WHERE person = ?1",
        params![person.as_bytes(), into.map(Uuid::into_bytes)],
    )
}

fn bind(rows: &Transaction<'_>, entry: &Entry, person: Uuid, alias: Alias) -> rusqlite::Result<()> {
    change_one(
        rows,
        "INSERT INTO identifiers (person, type, checked, bound_id, bound)
         SELECT n, ?2, ?3, ?4, ?5 FROM people WHERE person = ?1",
        params![
            person.as_bytes(),
            alias.r#type.as_str(),
            word(&alias.check),
            entry.commit.assertion.id().as_bytes(),
            int(entry.position())
        ],
    )
}

/// What can be asked.
#[derive(Debug, Clone)]
pub struct People(Arc<View>);

const SELECT: &str = "SELECT n, person, registered_id, registered, recorded_at_ms, committed, merged_into FROM people";

impl People {
    /// Asks this view.
    pub fn new(view: Arc<View>) -> Self {
        Self(view)
    }

    /// The person with this id.
    pub fn person(&self, id: Uuid) -> Result<Option<Person>, ViewError> {
        self.0.read(|rows| {
            let sql = format!("{SELECT} WHERE person = ?1");
            let found = rows
                .prepare_cached(&sql)?
                .query_row([id.as_bytes()], person)
                .optional()?;
            found
                .map(|(n, found)| with_identifiers(rows, n, found))
                .transpose()
        })
    }

    /// Persons in the order of their registration.
    pub fn page(&self, after: Option<Cursor>, rows_max: usize) -> Result<Page<Person>, ViewError> {
        let rows_max = page::rows(rows_max);
        let after = after.map_or(0, |cursor| cursor.0);
        let page = self.0.read(|rows| {
            let sql = format!("{SELECT} WHERE n > ?1 ORDER BY n LIMIT ?2");
            let mut statement = rows.prepare_cached(&sql)?;
            let found = statement.query_map([int(after), limit(rows_max) + 1], person)?;
            found
                .map(|row| row.and_then(|(n, found)| Ok((n, with_identifiers(rows, n, found)?))))
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let Page { rows, next } = Page::cut(page, rows_max, |(n, _)| *n);
        Ok(Page {
            rows: rows.into_iter().map(|(_, person)| person).collect(),
            next,
        })
    }

    /// How many persons are registered.
    pub fn count(&self) -> Result<u64, ViewError> {
        // Rows are never deleted, so the newest row's number is their count.
        self.0.read(|rows| {
            rows.query_row("SELECT coalesce(max(n), 0) FROM people", [], |row| {
                row.count(0)
            })
        })
    }

    /// The staff roles of a person, oldest first.
    pub fn roles(&self, person: Uuid) -> Result<Vec<Grant>, ViewError> {
        self.0.read(|rows| {
            let sql = "SELECT person, role, institution, granted FROM roles
                       WHERE person = ?1 ORDER BY granted, role, institution";
            rows.prepare_cached(sql)?
                .query_map([person.as_bytes()], grant)?
                .collect()
        })
    }

    /// The delegations given to `agent` that nobody ended, oldest first.
    pub fn delegations_to(&self, agent: Uuid) -> Result<Vec<Delegation>, ViewError> {
        self.0.read(|rows| delegations::to(rows, agent))
    }

    /// Up to `rows_max` delegations that nobody ended and whose last day is `day` at the latest.
    pub fn delegations_until(
        &self,
        day: jiff::civil::Date,
        rows_max: usize,
    ) -> Result<Vec<Delegation>, ViewError> {
        self.0.read(|rows| delegations::until(rows, day, rows_max))
    }

    /// Everybody who acts for an institution or for the province.
    pub fn roster(&self) -> Result<Vec<Grant>, ViewError> {
        self.0.read(|rows| {
            let sql = "SELECT person, role, institution, granted FROM roles
                       ORDER BY person, role, institution";
            rows.prepare_cached(sql)?.query_map([], grant)?.collect()
        })
    }

    /// Who acts for an institution, oldest grant first; for the registrar, the officers of the
    /// province.
    pub fn officers(&self, institution: IssuerNumber) -> Result<Vec<Grant>, ViewError> {
        self.0.read(|rows| {
            let sql = "SELECT person, role, institution, granted FROM roles
                       WHERE institution = ?1 ORDER BY granted, person, role";
            rows.prepare_cached(sql)?
                .query_map([institution.0], grant)?
                .collect()
        })
    }
}

fn person(row: &Row<'_>) -> rusqlite::Result<(u64, Person)> {
    let found = Person {
        id: row.id(1)?,
        registered: Earlier {
            id: row.id(2)?,
            position: row.count(3)?,
        },
        recorded_at_ms: row.get(4)?,
        identifiers: Vec::new(),
        commitments: row.digests(5)?,
        merged_into: row.id_if(6)?,
    };
    Ok((row.count(0)?, found))
}

fn with_identifiers(
    rows: &Transaction<'_>,
    n: u64,
    mut person: Person,
) -> rusqlite::Result<Person> {
    let sql = "SELECT type, checked, bound_id, bound FROM identifiers WHERE person = ?1 ORDER BY n";
    let mut statement = rows.prepare_cached(sql)?;
    let found = statement.query_map([int(n)], |row| {
        Ok(Identifier {
            alias: Alias {
                check: row.word::<Check>(1)?,
                r#type: row.parsed::<IdentifierType>(0)?,
            },
            bound: Earlier {
                id: row.id(2)?,
                position: row.count(3)?,
            },
        })
    })?;
    person.identifiers = found.collect::<rusqlite::Result<_>>()?;
    Ok(person)
}

fn grant(row: &Row<'_>) -> rusqlite::Result<Grant> {
    let role: String = row.get(1)?;
    let role = Role::parse(&role).ok_or_else(|| wrong(1, Type::Text, NotOfForm))?;
    let institution = IssuerNumber(row.get(2)?);
    Ok(Grant {
        person: row.id(0)?,
        role,
        institution: role.is_for_institution().then_some(institution),
        granted: row.count(3)?,
    })
}
