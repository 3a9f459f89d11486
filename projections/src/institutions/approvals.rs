//! Two-person acts: what waits for whom, and what became of it.

use identity::approval::decide::TERM_MS;
use identity::did::IssuerNumber;
use ledger::assertion::Target;
use ledger::decision::Earlier;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use super::Institutions;
use crate::page::{self, Cursor, Page};
use crate::sql::{Columns as _, NotOfForm, int, limit, wrong};
use crate::view::ViewError;

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It waits for a second person until its term ends ([`Proposal::is_expired`]).
    Waiting,
    /// It was carried out by this commit.
    Completed(Earlier),
    /// It was refused by this commit.
    Rejected(Earlier),
}

/// Somebody's yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signing {
    /// Who.
    pub person: Uuid,
    /// Yes or no.
    pub agreed: bool,
    /// Position of the commit that says so.
    pub position: u64,
}

/// An act that one person proposed. What it would do stands in the commit at its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What an approval must name: id and leaf hash.
    pub target: Target,
    /// The assertion's kind.
    pub kind: String,
    /// For whom it was signed.
    pub issuer: IssuerNumber,
    /// The person who proposed.
    pub person: Option<Uuid>,
    /// In which role.
    pub role: Option<String>,
    /// Its position.
    pub position: u64,
    /// Its recording time, Unix milliseconds.
    pub recorded_at_ms: i64,
    /// Who said what about it so far, in order.
    pub signings: Vec<Signing>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Proposal {
    /// Whether it waits in vain: its 24 hours are over at `now_ms`.
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.outcome == Outcome::Waiting && now_ms.saturating_sub(self.recorded_at_ms) > TERM_MS
    }
}

/// Which proposals to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this institution only.
    pub issuer: Option<IssuerNumber>,
    /// Only those that wait and whose term has not ended at this time, Unix milliseconds.
    pub waiting_at_ms: Option<i64>,
}

const SELECT: &str = "SELECT n, id, leaf, kind, issuer, person, role, proposed, recorded_at_ms, state, decided_id, decided
                      FROM approvals";

impl Institutions {
    /// The proposal made by the assertion `id`.
    pub fn proposal(&self, id: Uuid) -> Result<Option<Proposal>, ViewError> {
        self.0.read(|rows| {
            let sql = format!("{SELECT} WHERE id = ?1");
            let found = rows
                .prepare_cached(&sql)?
                .query_row([id.as_bytes()], proposal)
                .optional()?;
            found
                .map(|(n, found)| Ok(with_signings(rows, n, found)?.1))
                .transpose()
        })
    }

    /// Proposals in the order they were made.
    pub fn proposals(
        &self,
        filter: Filter,
        after: Option<Cursor>,
        rows_max: usize,
    ) -> Result<Page<Proposal>, ViewError> {
        let rows_max = page::rows(rows_max);
        let after = after.map_or(0, |cursor| cursor.0);
        let waiting = if filter.waiting_at_ms.is_some() {
            "state = 'waiting' AND"
        } else {
            ""
        };
        let since_ms = filter
            .waiting_at_ms
            .map(|now_ms| now_ms.saturating_sub(TERM_MS));
        let found = self.0.read(|rows| {
            let sql = format!(
                "{SELECT} WHERE {waiting} n > ?1 AND (?2 IS NULL OR issuer = ?2)
                 AND (?3 IS NULL OR recorded_at_ms >= ?3) ORDER BY n LIMIT ?4"
            );
            let mut statement = rows.prepare_cached(&sql)?;
            let with = params![
                int(after),
                filter.issuer.map(|issuer| issuer.0),
                since_ms,
                limit(rows_max) + 1
            ];
            let found = statement.query_map(with, proposal)?;
            found
                .map(|row| row.and_then(|(n, found)| with_signings(rows, n, found)))
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let Page { rows, next } = Page::cut(found, rows_max, |(n, _)| *n);
        Ok(Page {
            rows: rows.into_iter().map(|(_, proposal)| proposal).collect(),
            next,
        })
    }
}

fn proposal(row: &Row<'_>) -> rusqlite::Result<(u64, Proposal)> {
    let state: String = row.get(9)?;
    let outcome = match (state.as_str(), row.id_if(10)?, row.count_if(11)?) {
        ("waiting", None, None) => Outcome::Waiting,
        ("completed", Some(id), Some(position)) => Outcome::Completed(Earlier { id, position }),
        ("rejected", Some(id), Some(position)) => Outcome::Rejected(Earlier { id, position }),
        _ => return Err(wrong(9, Type::Text, NotOfForm)),
    };
    let found = Proposal {
        target: Target {
            id: row.id(1)?,
            leaf: row.digest(2)?,
        },
        kind: row.get(3)?,
        issuer: IssuerNumber(row.get(4)?),
        person: row.id_if(5)?,
        role: row.get(6)?,
        position: row.count(7)?,
        recorded_at_ms: row.get(8)?,
        signings: Vec::new(),
        outcome,
    };
    Ok((row.count(0)?, found))
}

fn with_signings(
    rows: &Transaction<'_>,
    n: u64,
    mut found: Proposal,
) -> rusqlite::Result<(u64, Proposal)> {
    let sql = "SELECT person, agreed, position FROM signings WHERE approval = ?1 ORDER BY position";
    let mut statement = rows.prepare_cached(sql)?;
    let signings = statement.query_map([int(n)], |row| {
        Ok(Signing {
            person: row.id(0)?,
            agreed: row.get(1)?,
            position: row.count(2)?,
        })
    })?;
    found.signings = signings.collect::<rusqlite::Result<_>>()?;
    Ok((n, found))
}
