//! What each person learned: outcomes as they stand now, their lots and their history.
//!
//! Invariant: a line is the fold of its outcome's facts and of nothing else; what is personal in it
//! (title, mark, place) is present as commitments only. Amounts are integers.

mod fold;
mod line;
mod recent;
mod totals;

use std::sync::Arc;

use identity::did::IssuerNumber;
use rusqlite::{OptionalExtension as _, Row, ToSql, Transaction, params, params_from_iter};
use uuid::Uuid;

use crate::page::{self, Cursor, Page};
use crate::sql::{int, limit};
use crate::view::{View, ViewError};

pub use self::fold::{Fold, NAME};
pub use self::line::{Change, ChangeKind, Line, LineState, Lot, Signature};
pub use self::recent::Recent;
pub use self::totals::{SchemeTotals, Sum, Totals};

/// What can be asked.
#[derive(Debug, Clone)]
pub struct Transcripts {
    view: Arc<View>,
    recent: Arc<Recent>,
}

impl Transcripts {
    /// Asks this view; `recent` is the one that its fold tells.
    pub fn new(view: Arc<View>, recent: Arc<Recent>) -> Self {
        Self { view, recent }
    }

    /// Every line of a person, known by these numbers: the newest award first, and of one day the
    /// newest record first.
    pub fn of_person(&self, numbers: &[Uuid]) -> Result<Vec<Line>, ViewError> {
        self.view.read(|rows| {
            let sql = format!(
                "{} WHERE o.person IN ({}) ORDER BY o.completed_on DESC, o.recorded DESC, o.n DESC",
                line::SELECT,
                places(numbers.len(), 1)
            );
            let with = params_from_iter(numbers.iter().map(Uuid::as_bytes));
            lines(rows, &sql, with)
        })
    }

    /// The outcome with this id.
    pub fn outcome(&self, id: Uuid) -> Result<Option<Line>, ViewError> {
        self.view.read(|rows| {
            let sql = format!("{} WHERE o.outcome = ?1", line::SELECT);
            let found = rows
                .prepare_cached(&sql)?
                .query_row([id.as_bytes()], line::line)
                .optional()?;
            found
                .map(|line| with_lots(rows, line).map(|(_, line)| line))
                .transpose()
        })
    }

    /// Lines of a person, in the order of their recording: of this awarder and with this number of
    /// the awarder's own, where one is named.
    pub fn page(
        &self,
        numbers: &[Uuid],
        awarder: Option<IssuerNumber>,
        record: Option<&str>,
        after: Option<Cursor>,
        rows_max: usize,
    ) -> Result<Page<Line>, ViewError> {
        let rows_max = page::rows(rows_max);
        let after = after.map_or(0, |cursor| cursor.0);
        let found = self.view.read(|rows| {
            let sql = format!(
                "{} WHERE o.n > ?1 AND (?2 IS NULL OR o.awarder = ?2)
                 AND (?3 IS NULL OR o.record = ?3) AND o.person IN ({}) ORDER BY o.n LIMIT ?4",
                line::SELECT,
                places(numbers.len(), 5)
            );
            let mut statement = rows.prepare_cached(&sql)?;
            let awarder = awarder.map(|number| number.0);
            let (after, limit) = (int(after), limit(rows_max) + 1);
            let mut with: Vec<&dyn ToSql> = vec![&after, &awarder, &record, &limit];
            let numbers: Vec<&[u8]> = numbers.iter().map(|it| it.as_bytes().as_slice()).collect();
            with.extend(numbers.iter().map(|it| it as &dyn ToSql));
            let found = statement.query_map(with.as_slice(), line::line)?;
            found
                .map(|line| with_lots(rows, line?))
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let Page { rows, next } = Page::cut(found, rows_max, |(n, _)| *n);
        Ok(Page {
            rows: rows.into_iter().map(|(_, line)| line).collect(),
            next,
        })
    }

    /// What happened to an outcome, oldest first; empty = no such outcome.
    pub fn history(&self, outcome: Uuid) -> Result<Vec<Change>, ViewError> {
        self.view.read(|rows| {
            let sql = "SELECT h.kind, h.id, h.position, h.recorded_at_ms, s.kid, s.custody, h.act, h.proposal
                       FROM history h JOIN signers s ON s.n = h.signer
                       WHERE h.outcome = (SELECT n FROM outcomes WHERE outcome = ?1) ORDER BY h.position";
            rows.prepare_cached(sql)?.query_map([outcome.as_bytes()], line::change)?.collect()
        })
    }

    /// Lines that changed at or after `position`, in the order of their last change.
    pub fn changed_since(
        &self,
        position: u64,
        after: Option<Cursor>,
        rows_max: usize,
    ) -> Result<Page<Line>, ViewError> {
        let rows_max = page::rows(rows_max);
        let from = after.map_or(position, |cursor| cursor.0.saturating_add(1).max(position));
        self.view.read(|rows| {
            let sql = format!(
                "{} WHERE o.changed >= ?1 ORDER BY o.changed, o.n LIMIT ?2",
                line::SELECT
            );
            let mut found = lines(rows, &sql, params![int(from), limit(rows_max) + 1])?;
            let more = found.len() > rows_max;
            if more {
                // A commit's lines stay together: a page ends with a whole commit, if it must with
                // more rows than asked for.
                let last = found.get(rows_max - 1).map_or(0, |line| line.changed);
                let sql = format!("{} WHERE o.changed = ?1 ORDER BY o.n", line::SELECT);
                found.retain(|line| line.changed < last);
                found.extend(lines(rows, &sql, params![int(last)])?);
            }
            let next = found
                .last()
                .filter(|_| more)
                .map(|line| Cursor(line.changed));
            Ok(Page { rows: found, next })
        })
    }

    /// Lines of an awarder of which a commit from `from` to `to` said something.
    pub fn said_between(
        &self,
        awarder: IssuerNumber,
        from: u64,
        to: u64,
    ) -> Result<Vec<Line>, ViewError> {
        self.view.read(|rows| {
            let sql = format!(
                "{} WHERE o.changed >= ?1 AND o.awarder = ?3 AND EXISTS (SELECT 1 FROM history said
                 WHERE said.outcome = o.n AND said.position BETWEEN ?1 AND ?2) ORDER BY o.n",
                line::SELECT
            );
            lines(rows, &sql, params![int(from), int(to), awarder.0])
        })
    }

    /// A position that no change of the person's lines comes after: exact for persons who changed
    /// lately, else an upper bound. Never touches the file.
    ///
    /// What was rendered when the views were at `next` ([`crate::follow::Follower::next`], read
    /// before the lines) is still right while `last_change(person) < next`.
    pub fn last_change(&self, person: Uuid) -> u64 {
        self.recent.last_change(person)
    }
}

/// So many parameters, the first of this number.
fn places(count: usize, first: usize) -> String {
    let mut places = Vec::with_capacity(count);
    places.extend((first..first + count).map(|n| format!("?{n}")));
    places.join(", ")
}

fn lines(
    rows: &Transaction<'_>,
    sql: &str,
    with: impl rusqlite::Params,
) -> rusqlite::Result<Vec<Line>> {
    let mut statement = rows.prepare_cached(sql)?;
    let found = statement.query_map(with, line::line)?;
    found
        .map(|line| with_lots(rows, line?).map(|(_, line)| line))
        .collect()
}

fn with_lots(rows: &Transaction<'_>, (n, mut line): (u64, Line)) -> rusqlite::Result<(u64, Line)> {
    let sql = "SELECT lot, credit, state, usable_before, hours_mismatch FROM lots WHERE outcome = ?1 ORDER BY n";
    let mut statement = rows.prepare_cached(sql)?;
    let lots = statement.query_map([int(n)], |row: &Row<'_>| line::lot(row))?;
    line.lots = lots.collect::<rusqlite::Result<_>>()?;
    Ok((n, line))
}
