//! Who acts in whose name, by the one who acts and by the day on which it ends.

use identity::date;
use identity::person::delegation::{Basis, Event};
use jiff::civil::Date;
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};
use uuid::Uuid;

use crate::entry::Entry;
use crate::sql::{Columns as _, NotOfForm, change, change_one, int, limit, word, wrong};

/// A delegation that nobody ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub delegation: Uuid,
    /// In whose name.
    pub principal: Uuid,
    /// Who acts.
    pub agent: Uuid,
    /// On what it rests.
    pub basis: Basis,
    /// First day on which it is over.
    pub until: Date,
}

pub(super) fn apply(
    rows: &Transaction<'_>,
    entry: &Entry,
    principal: Uuid,
    event: &Event,
) -> rusqlite::Result<()> {
    match event {
        Event::Granted(granted) => change_one(
            rows,
            "INSERT INTO delegations VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                entry.commit.assertion.id().as_bytes(),
                principal.as_bytes(),
                granted.agent.as_bytes(),
                word(&granted.basis),
                granted.until.to_string(),
                int(entry.position())
            ],
        ),
        Event::Narrowed {
            delegation, until, ..
        } => change_one(
            rows,
            "UPDATE delegations SET until = ?2 WHERE delegation = ?1",
            params![delegation.as_bytes(), until.to_string()],
        ),
        Event::Ended { delegation } => {
            change(
                rows,
                "DELETE FROM delegations WHERE delegation = ?1",
                params![delegation.as_bytes()],
            )?;
            Ok(())
        }
        Event::Acted { .. } => Ok(()),
    }
}

const SELECT: &str = "SELECT delegation, principal, agent, basis, until FROM delegations";

/// Given to this agent, oldest first.
pub(super) fn to(rows: &Transaction<'_>, agent: Uuid) -> rusqlite::Result<Vec<Listed>> {
    let sql = format!("{SELECT} WHERE agent = ?1 ORDER BY granted, delegation");
    rows.prepare_cached(&sql)?
        .query_map([agent.as_bytes()], listed)?
        .collect()
}

/// Ending by this day, soonest first.
pub(super) fn until(
    rows: &Transaction<'_>,
    day: Date,
    rows_max: usize,
) -> rusqlite::Result<Vec<Listed>> {
    let sql = format!("{SELECT} WHERE until <= ?1 ORDER BY until, delegation LIMIT ?2");
    rows.prepare_cached(&sql)?
        .query_map(params![day.to_string(), limit(rows_max)], listed)?
        .collect()
}

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let until: String = row.get(4)?;
    Ok(Listed {
        delegation: row.id(0)?,
        principal: row.id(1)?,
        agent: row.id(2)?,
        basis: row.word(3)?,
        until: date::parse(&until).ok_or_else(|| wrong(4, Type::Text, NotOfForm))?,
    })
}
