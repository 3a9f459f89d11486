//! Working through a file in chunks: each chunk's rows side by side, its account in one transaction.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use ledger::assertion::Kid;
use ledger::batch;
use ledger::hash::Digest;
use uuid::Uuid;

use super::job::{Job, JobState};
use super::lanes::in_lanes;
use super::record::{self, Preview, Recorder};
use super::row::{self, Finding, People, Ready};
use super::table::Table;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};

/// Rows of one chunk: one signed batch, and what a crash makes us look at again.
const CHUNK_ROWS: usize = batch::MEMBERS_MAX;

/// How long a row waits for room, at first and at most.
const WAIT_MIN: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(2);

/// What is done with the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
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

pub(super) fn work(app: &App, mut job: Job, progress: &dyn Fn(&Job)) -> Job {
    let _alone = app.jobs.alone();
    if let Err(problem) = run(app, &mut job, progress) {
        if waiting_cures(&problem) {
            // It only comes here when the server stops: the next start goes on with it.
            tracing::info!(job = %job.id, reason = problem.reason.slug(), "an import waits for the next start");
            return job;
        }
        let why = problem.internal.as_deref().unwrap_or(&problem.detail.en);
        tracing::error!(job = %job.id, reason = problem.reason.slug(), why, "an import failed");
        job.state = JobState::Failed;
        job.failure = Some(problem.reason.slug().into());
        if let Err(problem) = app.jobs.put(&job, &[]) {
            tracing::error!(job = %job.id, reason = problem.reason.slug(), "its state could not be stored");
        }
    }
    job
}

/// Whether the same row may succeed later: the job is not to blame.
fn waiting_cures(problem: &Problem) -> bool {
    problem.reason.status() == StatusCode::SERVICE_UNAVAILABLE
}

/// Does `work` until it succeeds or fails for good; gives up waiting only when the server stops.
pub(super) fn patiently<T>(
    app: &App,
    mut work: impl FnMut() -> Result<T, Problem>,
) -> Result<T, Problem> {
    let mut wait = WAIT_MIN;
    loop {
        match work() {
            Err(problem)
                if waiting_cures(&problem)
                    && problem.reason != Reason::Stopping
                    && !app.metrics.is_stopping() =>
            {
                tracing::debug!(reason = problem.reason.slug(), ?wait, "an import waits");
                std::thread::sleep(wait);
                wait = WAIT_MAX.min(wait * 2);
            }
            done => return done,
        }
    }
}

fn run(app: &App, job: &mut Job, progress: &dyn Fn(&Job)) -> Result<(), Problem> {
    let bytes = patiently(app, || super::file::get(app, job.id))?;
    let table = Table::read_as(&bytes, &job.reading())?;
    let people = People::default();
    let seen = Seen::default();
    let pass = match job.state {
        JobState::Checking => Pass::Dry,
        _ => Pass::Record {
            // One that was begun before this was kept has nothing that it could tell for its own.
            begun: job.begun.unwrap_or(u64::MAX),
        },
    };
    let mut next = usize::try_from(job.next_row).unwrap_or_default();
    if pass == Pass::Dry {
        // Again in chunks, for what they would have recorded; their account stands already.
        for from in (0..next).step_by(CHUNK_ROWS) {
            let chunk = from..next.min(from + CHUNK_ROWS);
            look(app, job, &table, &people, &seen, chunk, pass)?;
        }
    } else {
        if next == 0 {
            // What the dry run found, or a run that failed.
            patiently(app, || app.jobs.clear_errors(job.id))?;
        }
        remember(app, job, &table, &people, &seen, next);
    }
    while next < table.len() {
        let chunk = next..table.len().min(next + CHUNK_ROWS);
        let came = look(app, job, &table, &people, &seen, chunk.clone(), pass)?;
        let found = account(job, chunk.clone().zip(came), &table);
        next = chunk.end;
        job.next_row = next as u64;
        job.counts.seen = next as u64;
        patiently(app, || app.jobs.put(job, &found))?;
        progress(job);
        if app.metrics.is_stopping() {
            return Ok(());
        }
    }
    job.state = if pass == Pass::Dry {
        JobState::Checked
    } else {
        JobState::Done
    };
    job.next_row = 0;
    patiently(app, || app.jobs.put(job, &[]))?;
    progress(job);
    Ok(())
}

/// After a restart: which records the rows before `until` hold.
fn remember(app: &App, job: &Job, table: &Table, people: &People, seen: &Seen, until: usize) {
    let caller = job.caller();
    for index in 0..until {
        if let Some(Ok(row)) = table.row(index)
            && let Ok(ready) = row::read(app, &caller, people, &row)
        {
            seen.is_first(&ready);
        }
    }
}

/// Looks at a chunk's rows; the results come back in the rows' order.
///
/// Which of two rows with one record is the repetition is told by their order in the file alone, so
/// repetitions wait until the rows that they repeat are decided.
fn look(
    app: &App,
    job: &Job,
    table: &Table,
    people: &People,
    seen: &Seen,
    chunk: Range<usize>,
    pass: Pass,
) -> Result<Vec<Came>, Problem> {
    let caller = job.caller();
    let (kid, _) = app.signer(job.institution)?;
    let read = in_lanes(chunk.clone().collect(), &|index| {
        patiently(app, || read_at(app, &caller, table, people, index))
    })?;
    let mut came = Vec::with_capacity(read.len());
    let (mut firsts, mut repeated) = (Vec::new(), Vec::new());
    for (at, read) in read.into_iter().enumerate() {
        match read {
            Read::Refused(finding) => came.push((at, Came::Refused(finding))),
            Read::Ready(ready) if seen.is_first(&ready) => firsts.push((at, ready)),
            Read::Ready(ready) => repeated.push((at, ready)),
        }
    }
    for (first, rows) in [(true, firsts), (false, repeated)] {
        came.extend(match pass {
            Pass::Dry => in_lanes(rows, &|(at, ready): (usize, Box<Ready>)| {
                let came = patiently(app, || dry(app, &kid, &ready, seen, first))?;
                Ok((at, came))
            })?,
            Pass::Record { begun } => {
                let recorder = Recorder {
                    app,
                    job,
                    kid: &kid,
                    first,
                    begun,
                };
                // What was recorded before a failure is found again as such.
                patiently(app, || {
                    if first {
                        recorder.record(&rows)
                    } else {
                        recorder.record_repeated(&rows)
                    }
                })?
            }
        });
    }
    came.sort_by_key(|(at, _)| *at);
    Ok(came.into_iter().map(|(_, came)| came).collect())
}

/// A row as read.
enum Read {
    Ready(Box<Ready>),
    Refused(Finding),
}

fn read_at(
    app: &App,
    caller: &Caller,
    table: &Table,
    people: &People,
    index: usize,
) -> Result<Read, Problem> {
    let row = match table.row(index) {
        Some(Ok(row)) => row,
        Some(Err(broken)) => return Ok(Read::Refused(Finding::broken(broken))),
        None => return Err(Problem::internal("a row past the end")),
    };
    match row::read(app, caller, people, &row) {
        Ok(ready) => Ok(Read::Ready(Box::new(ready))),
        Err(Ok(fault)) => Ok(Read::Refused(fault)),
        Err(Err(problem)) => Err(problem),
    }
}

/// What recording a row would come to; `first` = the file has it not before.
fn dry(app: &App, kid: &Kid, ready: &Ready, seen: &Seen, first: bool) -> Result<Came, Problem> {
    let facts = match record::preview(app, kid, ready)? {
        Preview::Refused(finding) => return Ok(Came::Refused(finding)),
        Preview::AlreadySo(_) if first => return Ok(Came::Already),
        Preview::AlreadySo(_) => return Ok(Came::Repeated),
        Preview::Facts { facts, .. } => facts,
    };
    let said = (&ready.asking.data, &ready.asking.values);
    let said = serde_json::to_vec(&said).map_err(Problem::internal)?;
    let says = Digest::of(&said);
    match seen.before(ready, says) {
        Some(before) if before == says => Ok(Came::Repeated),
        Some(_) => {
            let differs = Problem::of(Reason::RecordDiffers).detail((
                "同一记录在本文件前面已出现，内容不同",
                "the same record stands in this file before and says otherwise",
            ));
            Ok(Came::Refused(Finding::of(ready.line, &differs)))
        }
        None => Ok(Came::Recorded {
            position: None,
            mismatch: facts.iter().any(|fact| {
                let data = fact.data.as_ref();
                data.is_some_and(|it| it.get().contains("\"HOURS_MISMATCH\""))
            }),
        }),
    }
}

/// Adds a chunk to the job's account; returns what is to be shown of it.
fn account(
    job: &mut Job,
    came: impl Iterator<Item = (usize, Came)>,
    table: &Table,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let line = |index: usize| match table.row(index) {
        Some(Ok(row)) => row.line,
        Some(Err(broken)) => broken.line,
        None => 0,
    };
    for (index, came) in came {
        match came {
            Came::Recorded { position, mismatch } => {
                job.counts.recorded += 1;
                job.position = job.position.max(position);
                if mismatch {
                    job.counts.warned += 1;
                    let detail = (
                        "HOURS_MISMATCH：学时与学分不一致，以学分为准",
                        "HOURS_MISMATCH: hours and credits do not agree; the credits count",
                    );
                    found.push(Finding::new(line(index), "I12", None, detail));
                }
            }
            Came::Repeated => {
                job.counts.repeated += 1;
                found.push(Finding::new(
                    line(index),
                    "I09",
                    None,
                    (
                        "同一记录在本文件前面已出现",
                        "the same record stands in this file before",
                    ),
                ));
            }
            Came::Already => job.counts.already += 1,
            Came::Refused(error) => {
                job.counts.refused += 1;
                found.push(error);
            }
        }
    }
    found
}
