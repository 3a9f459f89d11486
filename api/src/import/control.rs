//! What people do with an import: send a file, run, pause, cancel, replace the file.
//!
//! Invariant: a run records only what a dry run of this very file by the policy in force looked at;
//! of several who ask at once, one begins it. A pause or cancel takes effect between two batches, so
//! the account is exact. After a crash a job goes on as it was last asked to.

use std::sync::Arc;

use credentials::policy::{Act, Policy};
use ledger::clock;
use ledger::hash::Digest;
use uuid::Uuid;

use super::file;
use super::job::{Basis, Counts, Job, JobState, KEPT_MS, Signal, Told};
use super::queue;
use super::table::{Reading, Table};
use super::worker;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};

/// Rows above which a policy may ask for a second person.
pub const ALONE_MAX: u64 = 1_000;

/// Takes a file in and begins its dry run.
pub fn start(
    app: &Arc<App>,
    caller: &Caller,
    file_name: &str,
    bytes: &[u8],
    told: &Told,
) -> Result<Job, Problem> {
    let job = take_in(app, caller, file_name, bytes, told)?;
    queue::add(app, job.clone());
    Ok(job)
}

/// Takes a file in; the caller runs it.
pub fn take_in(
    app: &App,
    caller: &Caller,
    file_name: &str,
    bytes: &[u8],
    told: &Told,
) -> Result<Job, Problem> {
    let institution = caller
        .institution
        .ok_or_else(|| Problem::of(Reason::NotAllowed))?;
    let now_ms = app.now_ms();
    let mut job = Job {
        by: caller.act().by,
        id: clock::uuid_v7(now_ms),
        what: told.what.unwrap_or_default(),
        state: JobState::Checking,
        file_name: String::new(),
        bytes: 0,
        format: None,
        encoding: None,
        sheet: None,
        columns: std::collections::BTreeMap::new(),
        institution,
        person: caller.person,
        role: caller.role,
        counts: Counts::default(),
        totals: None,
        basis: None,
        asked_by: None,
        confirmed_by: None,
        file: None,
        next_row: 0,
        begun: None,
        created_at_ms: now_ms,
        position: None,
        failure: None,
    };
    read_into(app, &mut job, file_name, bytes, told)?;
    file::put(app, job.id, bytes, now_ms.saturating_add(KEPT_MS))?;
    app.jobs.put(&job, &[])?;
    app.jobs.remember_columns(institution, &told.columns)?;
    Ok(job)
}

/// What the file itself says, before any of its rows is judged.
fn read_into(
    app: &App,
    job: &mut Job,
    file_name: &str,
    bytes: &[u8],
    told: &Told,
) -> Result<(), Problem> {
    if bytes.len() > file::BYTES_MAX {
        return Err(file::too_large());
    }
    let reading = Reading {
        encoding: told.encoding,
        columns: app
            .jobs
            .columns_of(job.institution, &told.columns)?
            .in_file_of(job.what),
    };
    let table = Table::read_as(bytes, &reading)?;
    let found = table.found();
    job.file_name = safe_name(file_name);
    job.bytes = bytes.len() as u64;
    job.format = Some(found.format);
    job.encoding = found.encoding;
    job.sheet.clone_from(&found.sheet);
    job.columns = table.columns();
    job.counts = Counts {
        rows: table.len() as u64,
        ..Counts::default()
    };
    Ok(())
}

/// Puts another file in the place of the job's, as a clerk does with corrected rows, and begins its
/// dry run. What was recorded stays and is known.
pub fn replace(
    app: &Arc<App>,
    caller: &Caller,
    id: Uuid,
    file_name: &str,
    bytes: &[u8],
    told: &Told,
) -> Result<Job, Problem> {
    let mut job = app.jobs.get(id)?.ok_or(Problem::of(Reason::NotFound))?;
    if told.what.is_some_and(|what| what != job.what) {
        let words = (
            "名单和成果不能互换：请作为新的导入上传",
            "a roster does not become a file of outcomes, nor the reverse: send it as a new import",
        );
        return Err(Problem::invalid("/what", words));
    }
    read_into(app, &mut job, file_name, bytes, told)?;
    let put = clock::uuid_v7(app.now_ms());
    let expires_at_ms = job.created_at_ms.saturating_add(KEPT_MS);
    file::put(app, put, bytes, expires_at_ms)?;
    let mut before = None;
    let changed = app.jobs.change(id, |kept| {
        if kept.is_worked_on() || kept.state == JobState::Cancelled {
            return Err(not_now(kept));
        }
        before = Some(kept.file());
        *kept = Job {
            state: JobState::Checking,
            person: caller.person,
            role: caller.role,
            totals: None,
            basis: None,
            asked_by: None,
            confirmed_by: None,
            file: Some(put),
            next_row: 0,
            begun: None,
            failure: None,
            position: kept.position,
            ..job.clone()
        };
        Ok(true)
    });
    match changed {
        Ok((job, _)) => {
            if let Some(before) = before {
                file::remove(app, before)?;
            }
            app.jobs.remember_columns(job.institution, &told.columns)?;
            queue::add(app, job.clone());
            Ok(job)
        }
        Err(problem) => {
            file::remove(app, put)?;
            Err(problem)
        }
    }
}

/// Begins the run of a checked job, or goes on with a paused one; the job as it stands, and whether
/// this call began it. `check` = what the caller's dry run rested on.
pub fn run(
    app: &Arc<App>,
    caller: &Caller,
    id: Uuid,
    check: Option<&str>,
) -> Result<(Job, bool), Problem> {
    let (job, begun) = begin(app, caller, id, check)?;
    if begun {
        queue::add(app, job.clone());
    }
    Ok((job, begun))
}

/// Turns a checked or paused job into a running one: of several that ask at once, one does.
pub fn begin(
    app: &App,
    caller: &Caller,
    id: Uuid,
    check: Option<&str>,
) -> Result<(Job, bool), Problem> {
    let size = app.ledger.head().size;
    let policy = app.policy()?;
    let needs_second = policy.needs_two_officers(Act::Import);
    let (job, changed) = app.jobs.change(id, |job| {
        let step = next(job, caller.person, needs_second);
        if step == Step::Nothing {
            return Ok(false);
        }
        if step == Step::Check {
            job.state = JobState::Checking;
            job.next_row = 0;
            job.failure = None;
            job.counts = Counts {
                rows: job.counts.rows,
                ..Counts::default()
            };
            return Ok(true);
        }
        holds(job, policy, check)?;
        match step {
            Step::Nothing | Step::Check => return Ok(false),
            Step::Another => return Err(Problem::of(Reason::SamePerson)),
            Step::Wait => {
                job.state = JobState::Waiting;
                job.asked_by = Some(caller.person);
                return Ok(true);
            }
            Step::Begin => {
                job.counts = Counts {
                    rows: job.counts.rows,
                    ..Counts::default()
                };
                job.next_row = 0;
            }
            Step::GoOn => {}
        }
        if job.state == JobState::Waiting {
            job.confirmed_by = Some(caller.person);
        }
        job.state = JobState::Running;
        job.failure = None;
        job.begun.get_or_insert(size);
        Ok(true)
    })?;
    let begun = changed && job.is_worked_on();
    Ok((job, begun))
}

/// What asking for a run comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It runs, ran, or cannot.
    Nothing,
    /// Its dry run failed: it is checked anew.
    Check,
    /// From its first row.
    Begin,
    /// Behind its last batch.
    GoOn,
    /// Somebody else must confirm.
    Wait,
    /// The one who asks is the one who asked.
    Another,
}

/// What it comes to when `person` asks for the job's run under a policy that asks for a second person
/// or not.
pub fn next(job: &Job, person: Uuid, needs_second: bool) -> Step {
    match job.state {
        // Nobody has seen what the whole file comes to.
        JobState::Failed if job.totals.is_none() && job.begun.is_none() => Step::Check,
        JobState::Checked | JobState::Failed
            if needs_second && job.counts.rows > ALONE_MAX && job.confirmed_by.is_none() =>
        {
            Step::Wait
        }
        JobState::Waiting if job.asked_by == Some(person) => Step::Another,
        JobState::Checked | JobState::Failed | JobState::Waiting => Step::Begin,
        JobState::Paused => Step::GoOn,
        JobState::Checking | JobState::Running | JobState::Cancelled | JobState::Done => {
            Step::Nothing
        }
    }
}

/// Whether what the dry run rested on still holds.
fn holds(job: &Job, policy: &Policy, check: Option<&str>) -> Result<(), Problem> {
    // A job that was checked before this was kept rests on nothing that could have changed.
    let Some(basis) = &job.basis else {
        return Ok(());
    };
    if check.is_some_and(|check| check != basis.check) {
        return Err(Problem::of(Reason::Precondition).detail((
            "文件在您查看预检之后被换过：请再看一次预检",
            "the file was replaced after the dry run that you saw: look at its dry run again",
        )));
    }
    if basis.policy != policy.id || basis.version != policy.version {
        return Err(Problem::of(Reason::ImportPolicyChanged).detail((
            format!(
                "预检依据 {} 第 {} 版，现行 {} 第 {} 版",
                basis.policy, basis.version, policy.id, policy.version
            ),
            format!(
                "checked by {} version {}; {} version {} is in force",
                basis.policy, basis.version, policy.id, policy.version
            ),
        )));
    }
    Ok(())
}

/// What a dry run of these bytes by this policy rests on.
pub(super) fn basis(job: &Job, bytes: &[u8], policy: &Policy) -> Basis {
    let reference = policy.reference();
    let file = Digest::of(bytes);
    let check = Digest::of_parts(&[job.id.as_bytes(), &file.0, &reference.hash.0]);
    Basis {
        check: check.to_string(),
        file: file.to_string(),
        policy: reference.id,
        version: reference.version,
    }
}

/// Asks a running job to stop between two batches, so that it can go on later.
pub fn pause(app: &App, id: Uuid) -> Result<Job, Problem> {
    app.jobs.ask(id, Signal::Pause, |job| match job.state {
        JobState::Running | JobState::Paused => Ok(false),
        _ => Err(not_now(job)),
    })
}

/// Gives a job up: at once if nobody works on it, else between two batches.
pub fn cancel(app: &App, id: Uuid) -> Result<Job, Problem> {
    app.jobs.ask(id, Signal::Cancel, |job| match job.state {
        JobState::Checking | JobState::Running | JobState::Cancelled => Ok(false),
        JobState::Done => Err(not_now(job)),
        _ => {
            job.give_up();
            Ok(true)
        }
    })
}

fn not_now(job: &Job) -> Problem {
    let (zh, en) = match job.state {
        JobState::Checking => ("正在预检", "its dry run is under way"),
        JobState::Checked => ("已预检，尚未登记", "it is checked and does not run"),
        JobState::Waiting => ("等待第二人确认", "it waits for a second person"),
        JobState::Running => ("正在登记", "it is running"),
        JobState::Paused => ("已暂停", "it is paused"),
        JobState::Cancelled => ("已取消", "it was cancelled"),
        JobState::Done => ("已完成", "it is done"),
        JobState::Failed => ("已失败", "it failed"),
    };
    Problem::of(Reason::ImportNotNow).detail((zh, en))
}

/// Works on the job until it is checked, done or stopped, in this thread; `progress` after each chunk.
pub fn work(app: &App, job: Job, progress: &dyn Fn(&Job)) -> Job {
    worker::work(app, job, progress)
}

/// Goes on with what a stop or crash interrupted.
pub fn resume(app: &Arc<App>) -> Result<usize, Problem> {
    let interrupted = app.jobs.interrupted()?;
    let count = interrupted.len();
    for job in interrupted {
        tracing::info!(job = %job.id, next_row = job.next_row, "an import goes on");
        queue::add(app, job);
    }
    Ok(count)
}

/// The last part of a name, without characters that have no shape or turn it around: it is shown,
/// never opened.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last
        .chars()
        .filter(|c| !identity::value::is_invisible(*c))
        .take(200)
        .collect();
    if shown.trim_matches('.').is_empty() {
        "unnamed".into()
    } else {
        shown
    }
}
