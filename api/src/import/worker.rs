//! Working through a file in chunks: each chunk's rows side by side, its account in one transaction.

use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use axum::http::StatusCode;
use ledger::batch;

use super::control;
use super::file;
use super::job::{Job, JobState, Signal};
use super::look::{Came, Pass};
use super::looker::Looker;
use super::row::Finding;
use super::table::Table;
use crate::app::App;
use crate::problem::{Problem, Reason};

/// Rows of one chunk: one signed batch, and what a crash makes us look at again.
const CHUNK_ROWS: usize = batch::MEMBERS_MAX;

/// How long a row waits for room, at first and at most.
const WAIT_MIN: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Works on the job until it is checked, done or stopped. A panic is ours and no row's: what its memory
/// held is forgotten, and the job goes on behind its last durable chunk; one that gets no further fails.
pub(super) fn work(app: &App, mut job: Job, progress: &dyn Fn(&Job)) -> Job {
    let _alone = app.jobs.alone();
    let mut panicked_at = None;
    loop {
        let kept = job.clone();
        let worked = panic::catch_unwind(AssertUnwindSafe(|| once(app, kept, progress)));
        if let Ok(worked) = worked {
            return worked;
        }
        match patiently(app, || app.jobs.get(job.id)) {
            Ok(Some(kept)) => job = kept,
            // The server stops: the next start goes on with it.
            Ok(None) | Err(_) => return job,
        }
        if !job.is_worked_on() {
            return job;
        }
        let row = job.next_row;
        if panicked_at.replace(row) == Some(row) {
            return failed(
                app,
                job,
                &Problem::internal("it panicked twice in one chunk"),
            );
        }
        tracing::error!(job = %job.id, row, "an import panicked: it goes on behind its last chunk");
    }
}

fn once(app: &App, mut job: Job, progress: &dyn Fn(&Job)) -> Job {
    match run(app, &mut job, progress) {
        Ok(()) => job,
        Err(problem) if is_passing(&problem) => {
            // It only comes here when the server stops: the next start goes on with it.
            tracing::info!(job = %job.id, reason = problem.reason.slug(), "an import waits for the next start");
            job
        }
        Err(problem) => failed(app, job, &problem),
    }
}

/// Ends the job; what was recorded stays, and a run counts it again from the first row.
fn failed(app: &App, mut job: Job, problem: &Problem) -> Job {
    let why = problem.internal.as_deref().unwrap_or(&problem.detail.en);
    tracing::error!(job = %job.id, reason = problem.reason.slug(), why, "an import failed");
    job.state = JobState::Failed;
    job.failure = Some(problem.reason.slug().into());
    if let Err(problem) = app.jobs.put(&job, &[]) {
        tracing::error!(job = %job.id, reason = problem.reason.slug(), "its state could not be stored");
    }
    job
}

/// Whether the same row may succeed later: the job is not to blame.
pub(super) fn is_passing(problem: &Problem) -> bool {
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
                if is_passing(&problem)
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
    let bytes = patiently(app, || file::get(app, job.file()))?;
    let table = Table::read_as(&bytes, &job.reading())?;
    let pass = match job.state {
        JobState::Checking => Pass::Dry,
        _ => Pass::Record {
            // One that was begun before this was kept has nothing that it could tell for its own.
            begun: job.begun.unwrap_or(u64::MAX),
        },
    };
    if pass == Pass::Dry {
        job.basis = Some(control::basis(job, &bytes, app.policy()?));
    }
    drop(bytes);
    let (kid, _) = app.signer(job.institution)?;
    let looking = Looker::new(app, job, &kid, &table, pass);
    let mut next = usize::try_from(job.next_row).unwrap_or_default();
    if next == 0 {
        // What the dry run found, a run that failed, or another file that lay here.
        patiently(app, || app.jobs.clear_errors(job.id))?;
    }
    if pass == Pass::Dry {
        // Again in chunks, for what they would have recorded; their account stands already.
        for from in (0..next).step_by(CHUNK_ROWS) {
            looking.look(from..next.min(from + CHUNK_ROWS))?;
        }
    } else {
        looking.remember(next);
    }
    let chunk_at = |at: usize| at..table.len().min(at + CHUNK_ROWS);
    let mut prepared = looking.prepare(chunk_at(next))?;
    while next < table.len() {
        if let Some(stopped) = stopped(app, job)? {
            if stopped == JobState::Cancelled {
                job.give_up();
            } else {
                job.state = stopped;
            }
            patiently(app, || app.jobs.put(job, &[]))?;
            progress(job);
            return Ok(());
        }
        let chunk = chunk_at(next);
        // While this chunk is written the next one is read.
        let (came, behind) = std::thread::scope(|scope| {
            let looking = &looking;
            let behind = chunk_at(chunk.end);
            let reading = std::thread::Builder::new()
                .name("import ahead".into())
                .spawn_scoped(scope, {
                    let behind = behind.clone();
                    move || looking.prepare(behind)
                });
            let came = looking.finish(prepared);
            let behind = match reading {
                Ok(reading) => reading
                    .join()
                    .unwrap_or_else(|_| Err(Problem::internal("an import's reader panicked"))),
                Err(_) => looking.prepare(behind),
            };
            (came, behind)
        });
        let found = account(job, chunk.clone().zip(came?), &table);
        next = chunk.end;
        job.next_row = next as u64;
        job.counts.seen = next as u64;
        patiently(app, || app.jobs.put(job, &found))?;
        progress(job);
        if app.metrics.is_stopping() {
            return Ok(());
        }
        // Only now: what was recorded is in the account, whatever the next rows are.
        prepared = behind?;
    }
    if pass == Pass::Dry {
        job.totals = Some(looking.totals());
        job.state = JobState::Checked;
    } else {
        job.state = JobState::Done;
    }
    job.next_row = 0;
    patiently(app, || app.jobs.put(job, &[]))?;
    progress(job);
    Ok(())
}

/// Where the job stands if somebody asked it to stop.
fn stopped(app: &App, job: &Job) -> Result<Option<JobState>, Problem> {
    Ok(match patiently(app, || app.jobs.signal(job.id))? {
        Some(Signal::Cancel) => Some(JobState::Cancelled),
        Some(Signal::Pause) if job.state == JobState::Running => Some(JobState::Paused),
        Some(Signal::Pause) | None => None,
    })
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
        let came = match came {
            Came::Noted(came, note) => {
                job.counts.warned += 1;
                found.push(note);
                *came
            }
            came => came,
        };
        match came {
            // Of two notes the first is told.
            Came::Noted(..) => {}
            Came::RepeatedAs(finding) => {
                job.counts.repeated += 1;
                found.push(finding);
            }
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
