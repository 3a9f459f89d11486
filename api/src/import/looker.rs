//! A pass over a file, whatever it lists.

use std::ops::Range;

use ledger::assertion::Kid;

use super::job::{Job, Totals};
use super::look::{self, Came, Looking, Pass};
use super::roster::{self, Roster};
use super::table::{Table, What};
use crate::app::App;
use crate::problem::Problem;

/// A pass over a file.
pub(super) enum Looker<'a> {
    Outcomes(Box<Looking<'a>>),
    Roster(Box<Roster<'a>>),
}

/// A chunk's rows, read and looked at.
pub(super) enum Prepared {
    Outcomes(look::Prepared),
    Roster(roster::Prepared),
}

impl<'a> Looker<'a> {
    /// Nothing seen yet; `kid` signs what is recorded.
    pub(super) fn new(app: &'a App, job: &Job, kid: &'a Kid, table: &'a Table, pass: Pass) -> Self {
        match job.what {
            What::Outcomes => Self::Outcomes(Box::new(Looking::new(app, job, kid, table, pass))),
            What::Roster => Self::Roster(Box::new(Roster::new(app, job, kid, table, pass))),
        }
    }

    /// After a restart: what the rows before `until` hold.
    pub(super) fn remember(&self, until: usize) {
        match self {
            Self::Outcomes(it) => it.remember(until),
            Self::Roster(it) => it.remember(until),
        }
    }

    /// What the rows looked at come to.
    pub(super) fn totals(&self) -> Totals {
        match self {
            Self::Outcomes(it) => it.totals(),
            Self::Roster(it) => it.totals(),
        }
    }

    /// Looks at a chunk's rows; the results come back in the rows' order.
    pub(super) fn look(&self, chunk: Range<usize>) -> Result<Vec<Came>, Problem> {
        self.finish(self.prepare(chunk)?)
    }

    /// Reads a chunk's rows, while the one in front of it may still be written.
    pub(super) fn prepare(&self, chunk: Range<usize>) -> Result<Prepared, Problem> {
        match self {
            Self::Outcomes(it) => it.prepare(chunk).map(Prepared::Outcomes),
            Self::Roster(it) => it.prepare(chunk).map(Prepared::Roster),
        }
    }

    /// What the rows come to, in their order.
    pub(super) fn finish(&self, prepared: Prepared) -> Result<Vec<Came>, Problem> {
        match (self, prepared) {
            (Self::Outcomes(it), Prepared::Outcomes(rows)) => it.finish(rows),
            (Self::Roster(it), Prepared::Roster(rows)) => it.finish(rows),
            _ => Err(Problem::internal("a chunk of another kind of file")),
        }
    }
}
