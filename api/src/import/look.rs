//! Looking at the rows of a chunk: what each would come to, or what it came to.
//!
//! Invariant: the dry run and the run read and judge by this same code. Which of two rows with one
//! record is the repetition is told by their order in the file alone.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use credentials::account::{self, Account, outcome};
use credentials::millicredits::Millicredits;
use credentials::policy::OutcomeKind;
use ledger::assertion::Kid;
use ledger::decision::Aggregate as _;
use ledger::fact::Fact;
use ledger::hash::Digest;
use uuid::Uuid;

use super::batches::Batches;
use super::job::{Job, Totals};
use super::lanes::in_lanes;
use super::record::{self, Looked, Preview, Recorder};
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
    /// The same, told in these words.
    RepeatedAs(Finding),
    Already,
    Refused(Finding),
    /// The one, and a warning.
    Noted(Box<Came>, Finding),
}

impl Came {
    /// The same with a warning, if there is one.
    pub(super) fn noted(self, note: Option<Finding>) -> Self {
        match note {
            Some(note) => Self::Noted(Box::new(self), note),
            None => self,
        }
    }
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
    file: Uuid,
    /// SHA-256 of the file.
    source: Option<String>,
    caller: Caller,
    kid: &'a Kid,
    table: &'a Table,
    pass: Pass,
    people: People,
    seen: Seen,
    tally: Mutex<Tally>,
}

/// A chunk's rows, read and looked at.
pub(super) struct Prepared {
    /// Its first row.
    from: usize,
    rows: usize,
    /// Those that come back whatever the log says.
    came: Vec<(usize, Came)>,
    /// Those whose record the file has not before.
    firsts: Vec<Looked>,
    /// Those whose record it has.
    repeated: Vec<(usize, Box<Ready>)>,
}

impl<'a> Looking<'a> {
    /// Nothing seen yet; `kid` signs what is recorded.
    pub(super) fn new(app: &'a App, job: &Job, kid: &'a Kid, table: &'a Table, pass: Pass) -> Self {
        Self {
            app,
            file: job.file(),
            source: job.basis.as_ref().map(|basis| basis.file.clone()),
            caller: job.caller(),
            kid,
            table,
            pass,
            people: People::default(),
            seen: Seen::default(),
            tally: Mutex::default(),
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
    pub(super) fn totals(&self) -> Totals {
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.totals(|index| match self.read_at(index) {
            Ok(Read::Ready(ready)) => Some(ready),
            Ok(Read::Refused(_)) | Err(_) => None,
        })
    }

    /// Reads a chunk's rows, and asks the rules about those whose record the file has not before:
    /// what the chunk in front of it comes to makes no difference to them.
    pub(super) fn prepare(&self, chunk: Range<usize>) -> Result<Prepared, Problem> {
        let app = self.app;
        let (from, rows) = (chunk.start, chunk.len());
        let read = in_lanes(chunk.collect(), &|index| {
            patiently(app, || self.read_at(index))
        })?;
        let mut came = Vec::with_capacity(rows);
        let (mut firsts, mut repeated) = (Vec::with_capacity(rows), Vec::new());
        for (at, read) in read.into_iter().enumerate() {
            match read {
                Read::Refused(finding) => came.push((at, Came::Refused(finding))),
                Read::Ready(ready) if self.seen.is_first(&ready) => firsts.push((at, ready)),
                Read::Ready(ready) => repeated.push((at, ready)),
            }
        }
        let firsts = in_lanes(firsts, &|(at, ready): (usize, Box<Ready>)| {
            let preview = patiently(app, || record::preview(app, self.kid, &ready))?;
            Ok(Looked { at, ready, preview })
        })?;
        Ok(Prepared {
            from,
            rows,
            came,
            firsts,
            repeated,
        })
    }

    /// What the rows come to, in their order. Repetitions wait until what they repeat is decided.
    pub(super) fn finish(&self, prepared: Prepared) -> Result<Vec<Came>, Problem> {
        let Prepared {
            from,
            rows,
            mut came,
            firsts,
            repeated,
        } = prepared;
        came.reserve(rows.saturating_sub(came.len()));
        match self.pass {
            Pass::Dry => {
                for looked in firsts {
                    came.push((looked.at, self.judge(from, looked, true)?));
                }
                for (at, ready) in repeated {
                    let preview =
                        patiently(self.app, || record::preview(self.app, self.kid, &ready))?;
                    let looked = Looked { at, ready, preview };
                    came.push((at, self.judge(from, looked, false)?));
                }
            }
            Pass::Record { begun } => {
                let batches = &Batches::of(self.file, from);
                let recorder = |first| Recorder {
                    app: self.app,
                    caller: &self.caller,
                    kid: self.kid,
                    first,
                    begun,
                    batches,
                };
                came.extend(recorder(true).record(firsts)?);
                came.extend(recorder(false).record_repeated(repeated)?);
            }
        }
        came.sort_by_key(|(at, _)| *at);
        Ok(came.into_iter().map(|(_, came)| came).collect())
    }

    fn read_at(&self, index: usize) -> Result<Read, Problem> {
        let row = match self.table.row(index) {
            Some(Ok(row)) => row,
            Some(Err(broken)) => return Ok(Read::Refused(Finding::broken(broken))),
            None => return Err(Problem::internal("a row past the end")),
        };
        match row::read(self.app, &self.caller, &self.people, &row) {
            Ok(mut ready) => {
                if ready.asking.data["open"]["kind"] == OutcomeKind::Migrated.as_str()
                    && let Some(source) = self.source.as_ref().filter(|it| !it.is_empty())
                {
                    let source = (outcome::SOURCE, source.clone().into());
                    ready.asking.values.push(source);
                }
                Ok(Read::Ready(Box::new(ready)))
            }
            Err(Ok(fault)) => Ok(Read::Refused(fault)),
            Err(Err(problem)) => Err(problem),
        }
    }

    /// What recording a row of the chunk that begins at `from` would come to; `first` = the file has it
    /// not before.
    fn judge(&self, from: usize, looked: Looked, first: bool) -> Result<Came, Problem> {
        let Looked { at, ready, preview } = looked;
        let facts = match preview {
            Preview::Refused(finding) => return Ok(Came::Refused(finding)),
            Preview::AlreadySo(_) if first => return Ok(Came::Already),
            Preview::AlreadySo(_) => return Ok(Came::Repeated),
            Preview::Facts { facts, .. } => facts,
        };
        let said = (&ready.asking.data, &ready.asking.values);
        let said = serde_json::to_vec(&said).map_err(Problem::internal)?;
        let says = Digest::of(&said);
        match self.seen.before(&ready, says) {
            Some(before) if before == says => return Ok(Came::Repeated),
            Some(_) => {
                let differs = Problem::of(Reason::RecordDiffers).detail((
                    "同一记录在本文件前面已出现，内容不同",
                    "the same record stands in this file before and says otherwise",
                ));
                return Ok(Came::Refused(Finding::of(ready.line, &differs)));
            }
            None => {}
        }
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.take(from + at, ready.person, deposited(&facts));
        Ok(Came::Recorded {
            position: None,
            mismatch: facts.iter().any(|fact| {
                let data = fact.data.as_ref();
                data.is_some_and(|it| it.get().contains("\"HOURS_MISMATCH\""))
            }),
        })
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
