//! Working through a file in chunks: each chunk's rows side by side, its account in one transaction.

use std::collections::HashSet;
use std::ops::Range;

use identity::erasable::Disclosure;
use ledger::assertion::Assertion;
use ledger::decision::Verdict;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::job::{Job, JobState};
use super::row::{self, People, RowError};
use super::table::Table;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};
use crate::routes::outcomes::has_hours_mismatch;

/// Rows of one chunk: what a crash makes us look at again.
const CHUNK_ROWS: usize = 1_024;
/// Threads that read, sign and store values side by side. They mostly wait for a disk: the more of
/// them wait together, the fewer syncs there are.
const LANES: usize = 32;

/// Whose and which record a row is about.
type Key = (Uuid, String);

/// What became of a row.
enum Came {
    /// A new commit, or in the dry run: there would be one.
    New {
        key: Key,
        position: Option<u64>,
        mismatch: bool,
    },
    /// It was so already, by this file or before it.
    So(Key),
    Refused(RowError),
}

/// The records of this file that were seen, in the order of its rows.
#[derive(Default)]
struct Seen {
    recorded: HashSet<Key>,
    found: HashSet<Key>,
}

pub(super) fn work(app: &App, mut job: Job, progress: &dyn Fn(&Job)) -> Job {
    let _alone = app.jobs.alone();
    if let Err(problem) = run(app, &mut job, progress) {
        let why = problem
            .internal
            .clone()
            .unwrap_or_else(|| problem.detail.clone());
        tracing::error!(job = %job.id, reason = problem.reason.slug(), why, "an import failed");
        job.state = JobState::Failed;
        job.failure = Some(problem.reason.slug().into());
        if let Err(problem) = app.jobs.put(&job, &[]) {
            tracing::error!(job = %job.id, reason = problem.reason.slug(), "its state could not be stored");
        }
    }
    job
}

fn run(app: &App, job: &mut Job, progress: &dyn Fn(&Job)) -> Result<(), Problem> {
    let bytes = super::file::get(app, job.id)?;
    let table = Table::read(&bytes)?;
    let people = People::default();
    let mut seen = Seen::default();
    let dry = job.state == JobState::Checking;
    let mut next = usize::try_from(job.next_row).unwrap_or_default();
    remember(app, job, &table, &people, &mut seen, next);
    while next < table.len() {
        let chunk = next..table.len().min(next + CHUNK_ROWS);
        let came = look(app, job, &table, &people, chunk.clone(), dry)?;
        let found = account(job, &mut seen, came, dry);
        next = chunk.end;
        job.next_row = next as u64;
        job.counts.seen = next as u64;
        app.jobs.put(job, &found)?;
        progress(job);
        if app.metrics.is_stopping() {
            return Ok(());
        }
    }
    job.state = if dry {
        JobState::Checked
    } else {
        JobState::Done
    };
    job.next_row = 0;
    app.jobs.put(job, &[])?;
    progress(job);
    Ok(())
}

/// After a restart: which records the rows before `until` hold.
fn remember(app: &App, job: &Job, table: &Table, people: &People, seen: &mut Seen, until: usize) {
    let caller = job.caller();
    for index in 0..until {
        if let Some(Ok(row)) = table.row(index)
            && let Ok(ready) = row::read(app, &caller, people, &row)
        {
            seen.recorded.insert((ready.person, ready.record));
        }
    }
}

/// Looks at a chunk's rows in lanes; lines and results come back in the rows' order.
fn look(
    app: &App,
    job: &Job,
    table: &Table,
    people: &People,
    chunk: Range<usize>,
    dry: bool,
) -> Result<Vec<(u64, Came)>, Problem> {
    let caller = job.caller();
    let lanes = LANES.min(chunk.len());
    let results: Vec<Result<Vec<(u64, Came)>, Problem>> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes)
            .map(|lane| {
                let rows = chunk.clone().skip(lane).step_by(lanes);
                let caller = &caller;
                scope.spawn(move || {
                    rows.map(|index| look_at(app, caller, table, people, index, dry))
                        .collect()
                })
            })
            .collect();
        lanes
            .into_iter()
            .map(|lane| {
                lane.join()
                    .unwrap_or_else(|_| Err(Problem::internal("a lane of an import panicked")))
            })
            .collect()
    });
    let mut came = Vec::with_capacity(chunk.len());
    for lane in results {
        came.extend(lane?);
    }
    came.sort_by_key(|(line, _)| *line);
    Ok(came)
}

fn look_at(
    app: &App,
    caller: &Caller,
    table: &Table,
    people: &People,
    index: usize,
    dry: bool,
) -> Result<(u64, Came), Problem> {
    let row = match table.row(index) {
        Some(Ok(row)) => row,
        Some(Err(line)) => {
            let broken = RowError::new(line, "I04", None, "the row cannot be read");
            return Ok((line, Came::Refused(broken)));
        }
        None => return Err(Problem::internal("a row past the end")),
    };
    let line = row.line;
    let ready = match row::read(app, caller, people, &row) {
        Ok(ready) => ready,
        Err(Ok(fault)) => return Ok((line, Came::Refused(fault))),
        Err(Err(problem)) => return Err(problem),
    };
    let key = (ready.person, ready.record);
    let (assertion, disclosures) = app.sign(ready.asking)?;
    let came = if dry {
        preview(app, &assertion, &disclosures, key)
    } else {
        let written = app
            .prepare(assertion, disclosures, None)
            .and_then(|prepared| app.finish_blocking(prepared));
        written.map(|written| match &written.new {
            Some(_) => Came::New {
                key,
                position: Some(written.position),
                mismatch: has_hours_mismatch(&written),
            },
            None => Came::So(key),
        })
    };
    match came {
        Ok(came) => Ok((line, came)),
        // A rule's no is the row's; what waiting might cure stops the job here, to go on later.
        Err(problem) if problem.reason.status().is_server_error() => Err(problem),
        Err(problem) if problem.reason == Reason::NotAllowed => Err(problem),
        Err(problem) => Ok((line, Came::Refused(RowError::of(line, &problem)))),
    }
}

/// The same rules as the run, with nothing stored.
fn preview(
    app: &App,
    assertion: &Assertion,
    disclosures: &[Disclosure],
    key: Key,
) -> Result<Came, Problem> {
    let submission = app.ledger.check_parsed(assertion.clone())?;
    match app.ledger.preview(&submission)? {
        Verdict::AlreadySo(_) => app
            .same_values(assertion, disclosures)
            .map(|()| Came::So(key)),
        Verdict::Facts(facts) => Ok(Came::New {
            key,
            position: None,
            mismatch: facts.iter().any(|fact| {
                let warned = |data: &RawValue| data.get().contains("\"HOURS_MISMATCH\"");
                fact.data.as_deref().is_some_and(warned)
            }),
        }),
    }
}

/// Adds a chunk to the job's account; returns what is to be shown of it.
fn account(job: &mut Job, seen: &mut Seen, came: Vec<(u64, Came)>, dry: bool) -> Vec<RowError> {
    if !dry {
        // Rows of one chunk race: whichever of two equal rows made the commit, one was recorded.
        let recorded = came.iter().filter_map(|(_, came)| match came {
            Came::New { key, .. } => Some(key.clone()),
            _ => None,
        });
        seen.recorded.extend(recorded);
    }
    let mut found = Vec::new();
    for (line, came) in came {
        match came {
            Came::New { key, .. } if dry && !seen.recorded.insert(key.clone()) => {
                repeat(job, &mut found, line);
            }
            Came::New {
                position, mismatch, ..
            } => {
                job.counts.recorded += 1;
                job.position = job.position.max(position);
                if mismatch {
                    job.counts.warned += 1;
                    let detail =
                        "HOURS_MISMATCH: hours and credits do not agree; the credits count";
                    found.push(RowError::new(line, "I12", None, detail));
                }
            }
            Came::So(key) if seen.recorded.contains(&key) || !seen.found.insert(key.clone()) => {
                repeat(job, &mut found, line);
            }
            Came::So(_) => job.counts.already += 1,
            Came::Refused(error) => {
                job.counts.refused += 1;
                found.push(error);
            }
        }
    }
    found
}

fn repeat(job: &mut Job, found: &mut Vec<RowError>, line: u64) {
    job.counts.repeated += 1;
    let detail = "the same record stands in this file before";
    found.push(RowError::new(line, "I09", None, detail));
}
