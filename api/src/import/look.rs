//! Looking at the rows of a chunk: what each would come to, or what it came to.
//!
//! Invariant: the dry run and the run read and judge by this same code. Which of two rows with one
//! record is the repetition is told by their order in the file alone.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use credentials::account::{self, Account};
use credentials::millicredits::Millicredits;
use ledger::assertion::Kid;
use ledger::decision::Aggregate as _;
use ledger::fact::Fact;
use ledger::hash::Digest;
use uuid::Uuid;

use super::job::{Job, Totals};
use super::lanes::in_lanes;
use super::record::{self, Preview, Recorder};
use super::row::{self, Finding, People, Ready};
use super::table::Table;
use super::totals::Tally;
use super::worker::patiently;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};

/// What is done with the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Each is told what recording it would come to.
    Dry,
    /// Each is recorded; the first run began when the log had this size.
    Record { begun: u64 },
}

/// What became of a row.
pub(super) enum Came {
    Recorded {
        position: Option<u64>,
        mismatch: bool,
    },
    Repeated,
    Already,
    Refused(Finding),
}

/// The records of this file seen so far, by person and record. A dry run leaves nothing in the log
/// that a later row could be held to, so it keeps here what the row says that would be recorded.
#[derive(Default)]
struct Seen(Mutex<HashMap<(Uuid, String), Option<Digest>>>);

impl Seen {
    fn rows(&self) -> MutexGuard<'_, HashMap<(Uuid, String), Option<Digest>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the file has this record for the first time.
    fn is_first(&self, ready: &Ready) -> bool {
        let mut first = false;
        self.rows()
            .entry((ready.person, ready.record.clone()))
            .or_insert_with(|| {
                first = true;
                None
            });
        first
    }

    /// What a row of this file would have recorded before this one, which is kept if none would have.
    fn before(&self, ready: &Ready, says: Digest) -> Option<Digest> {
        let mut rows = self.rows();
        let kept = rows
            .entry((ready.person, ready.record.clone()))
            .or_default();
        let before = *kept;
        kept.get_or_insert(says);
        before
    }
}

/// A pass over a file.
pub(super) struct Looking<'a> {
    app: &'a App,
    caller: Caller,
    kid: &'a Kid,
    table: &'a Table,
    pass: Pass,
    people: People,
    seen: Seen,
    tally: Tally,
}

/// A row that was judged in the dry run.
struct Judged {
    at: usize,
    came: Came,
    /// What it would deposit, if it would be recorded.
    deposits: Option<(Box<Ready>, Millicredits)>,
}

impl<'a> Looking<'a> {
    /// Nothing seen yet; `kid` signs what is recorded.
    pub(super) fn new(app: &'a App, job: &Job, kid: &'a Kid, table: &'a Table, pass: Pass) -> Self {
        Self {
            app,
            caller: job.caller(),
            kid,
            table,
            pass,
            people: People::default(),
            seen: Seen::default(),
            tally: Tally::default(),
        }
    }

    /// After a restart: which records the rows before `until` hold.
    pub(super) fn remember(&self, until: usize) {
        for index in 0..until {
            if let Some(Ok(row)) = self.table.row(index)
                && let Ok(ready) = row::read(self.app, &self.caller, &self.people, &row)
            {
                self.seen.is_first(&ready);
            }
        }
    }

    /// What the rows looked at come to.
    pub(super) fn totals(self) -> Totals {
        self.tally.totals()
    }

    /// Looks at a chunk's rows; the results come back in the rows' order.
    ///
    /// Repetitions wait until the rows that they repeat are decided.
    pub(super) fn look(&mut self, chunk: Range<usize>) -> Result<Vec<Came>, Problem> {
        let app = self.app;
        let read = in_lanes(chunk.collect(), &|index| {
            patiently(app, || self.read_at(index))
        })?;
        let mut came = Vec::with_capacity(read.len());
        let (mut firsts, mut repeated) = (Vec::new(), Vec::new());
        for (at, read) in read.into_iter().enumerate() {
            match read {
                Read::Refused(finding) => came.push((at, Came::Refused(finding))),
                Read::Ready(ready) if self.seen.is_first(&ready) => firsts.push((at, ready)),
                Read::Ready(ready) => repeated.push((at, ready)),
            }
        }
        for (first, rows) in [(true, firsts), (false, repeated)] {
            match self.pass {
                Pass::Dry => came.extend(self.judge(rows, first)?),
                Pass::Record { begun } => {
                    let recorder = Recorder {
                        app,
                        caller: &self.caller,
                        kid: self.kid,
                        first,
                        begun,
                    };
                    // What was recorded before a failure is found again as such.
                    came.extend(patiently(app, || {
                        if first {
                            recorder.record(&rows)
                        } else {
                            recorder.record_repeated(&rows)
                        }
                    })?);
                }
            }
        }
        came.sort_by_key(|(at, _)| *at);
        Ok(came.into_iter().map(|(_, came)| came).collect())
    }

    /// What recording these rows would come to; `first` = the file has them not before.
    fn judge(
        &mut self,
        rows: Vec<(usize, Box<Ready>)>,
        first: bool,
    ) -> Result<Vec<(usize, Came)>, Problem> {
        let judged = in_lanes(rows, &|(at, ready): (usize, Box<Ready>)| {
            let (came, credits) = patiently(self.app, || self.dry(&ready, first))?;
            let deposits = credits.map(|credits| (ready, credits));
            Ok(Judged { at, came, deposits })
        })?;
        let mut came = Vec::with_capacity(judged.len());
        for row in judged {
            if let Some((ready, credits)) = &row.deposits {
                self.tally.take(ready, *credits);
            }
            came.push((row.at, row.came));
        }
        Ok(came)
    }

    fn read_at(&self, index: usize) -> Result<Read, Problem> {
        let row = match self.table.row(index) {
            Some(Ok(row)) => row,
            Some(Err(broken)) => return Ok(Read::Refused(Finding::broken(broken))),
            None => return Err(Problem::internal("a row past the end")),
        };
        match row::read(self.app, &self.caller, &self.people, &row) {
            Ok(ready) => Ok(Read::Ready(Box::new(ready))),
            Err(Ok(fault)) => Ok(Read::Refused(fault)),
            Err(Err(problem)) => Err(problem),
        }
    }

    fn dry(&self, ready: &Ready, first: bool) -> Result<(Came, Option<Millicredits>), Problem> {
        let facts = match record::preview(self.app, self.kid, ready)? {
            Preview::Refused(finding) => return Ok((Came::Refused(finding), None)),
            Preview::AlreadySo(_) if first => return Ok((Came::Already, None)),
            Preview::AlreadySo(_) => return Ok((Came::Repeated, None)),
            Preview::Facts { facts, .. } => facts,
        };
        let said = (&ready.asking.data, &ready.asking.values);
        let said = serde_json::to_vec(&said).map_err(Problem::internal)?;
        let says = Digest::of(&said);
        match self.seen.before(ready, says) {
            Some(before) if before == says => Ok((Came::Repeated, None)),
            Some(_) => {
                let differs = Problem::of(Reason::RecordDiffers).detail((
                    "同一记录在本文件前面已出现，内容不同",
                    "the same record stands in this file before and says otherwise",
                ));
                let finding = Finding::of(ready.line, &differs);
                Ok((Came::Refused(finding), None))
            }
            None => {
                let recorded = Came::Recorded {
                    position: None,
                    mismatch: facts.iter().any(|fact| {
                        let data = fact.data.as_ref();
                        data.is_some_and(|it| it.get().contains("\"HOURS_MISMATCH\""))
                    }),
                };
                Ok((recorded, Some(deposited(&facts))))
            }
        }
    }
}

/// What the facts would deposit.
fn deposited(facts: &[Fact]) -> Millicredits {
    let lots = facts.iter().filter_map(|fact| {
        let data = fact.data.as_ref()?;
        match Account::read(fact.kind, data.get()) {
            Ok(account::Event::LotDeposited { credit, .. }) => Some(credit),
            _ => None,
        }
    });
    lots.fold(Millicredits::ZERO, |sum, credits| {
        sum.checked_add(credits).unwrap_or(sum)
    })
}

/// A row as read.
enum Read {
    Ready(Box<Ready>),
    Refused(Finding),
}
