//! The job of an import: its state lies in the side store, its effects in the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use identity::did::IssuerNumber;
use identity::role::Role;
use ledger::assertion::By;
use ledger::side::Side;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::queue::Queue;
pub use super::remembered::Told;
pub use super::row::{Finding, RowError};
use super::table::{Encoding, Format, Named, Reading, What};
pub use super::totals::{Sample, Totals};
use crate::extract::Caller;
use crate::problem::{Problem, Reason};
use crate::seal::SealKey;
use crate::side;
use crate::sign_in::Signed;

const JOBS: &str = "import";
const ERRORS: &str = "import-error";
/// Job → what whoever works on it is asked to do.
const SIGNALS: &str = "import-signal";
const PAUSE: &[u8] = b"pause";
const CANCEL: &[u8] = b"cancel";
/// How long a finished job and its file are kept, in milliseconds.
pub(super) const KEPT_MS: i64 = 30 * 86_400_000;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// The dry run is under way.
    Checking,
    /// The dry run is done; nothing was recorded.
    Checked,
    /// More rows than one person may record alone: somebody else of the institution must run it.
    Waiting,
    /// Rows are being recorded.
    Running,
    /// It stopped between two batches because it was asked to; a run goes on behind the last one.
    Paused,
    /// It was given up; what was recorded stays, and the counts say how much.
    Cancelled,
    /// Everything that can be recorded is.
    Done,
    /// It could not go on; what was recorded stays.
    Failed,
}

/// What whoever works on a job is asked to do between two batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Pause,
    Cancel,
}

/// How many rows came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Rows in the file.
    pub rows: u64,
    /// Rows looked at so far.
    pub seen: u64,
    /// Rows that can be recorded (dry run) or were (run).
    pub recorded: u64,
    /// Rows recorded, or known before, with a warning (I12).
    pub warned: u64,
    /// Rows that repeat one of this file (I09).
    pub repeated: u64,
    /// Rows recorded before (I10).
    pub already: u64,
    /// Rows that come back with a reason.
    pub refused: u64,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Its number.
    pub id: Uuid,
    /// What its file lists.
    #[serde(default)]
    pub what: What,
    /// Where it stands.
    pub state: JobState,
    /// Name of the file as sent; never used as a path.
    pub file_name: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// As what it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// In which encoding, if it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Which of its sheets, if it is a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The fields found in it, each with the header of its column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
    /// The awarder.
    #[schema(value_type = u32)]
    pub institution: IssuerNumber,
    /// How the person was known.
    #[serde(default = "by_token")]
    #[schema(value_type = String)]
    pub by: By,
    /// Who imports.
    pub person: Uuid,
    /// In which role.
    #[schema(value_type = String)]
    pub role: Role,
    /// How many rows came to what, of the run under way or the last one.
    pub counts: Counts,
    /// What the file comes to, by its dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// What the dry run rests on. Send `check` as `If-Match` with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Who asked for a run that somebody else must confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Uuid>,
    /// Who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<Uuid>,
    /// Where the file lies; another one when it was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<Uuid>,
    /// First row not yet durable.
    pub next_row: u64,
    /// Size of the log when its first run began: what it finds recorded behind that, it recorded
    /// itself before a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<u64>,
    /// When it was sent, Unix milliseconds.
    pub created_at_ms: i64,
    /// Position of the last commit it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// What a dry run rests on: the run is refused when one of them changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Basis {
    /// Changes with file and policy.
    pub check: String,
    /// SHA-256 of the file, base64url. Records of an old system (kind `migrated`) commit to it.
    #[serde(default)]
    pub file: String,
    /// The policy by which its rows were judged.
    pub policy: String,
    /// Its version.
    pub version: u32,
}

const fn by_token() -> By {
    By::Token
}

impl Job {
    /// Where the file lies.
    pub(super) fn file(&self) -> Uuid {
        self.file.unwrap_or(self.id)
    }

    /// Who imports.
    pub fn caller(&self) -> Caller {
        Caller {
            person: self.person,
            role: self.role,
            institution: Some(self.institution),
            signed: Signed::Earlier(self.by),
        }
    }

    /// Ends it; what a dry run counted was never recorded.
    pub(super) fn give_up(&mut self) {
        self.state = JobState::Cancelled;
        if self.begun.is_none() {
            self.counts = Counts {
                rows: self.counts.rows,
                ..Counts::default()
            };
        }
    }

    /// Whether a thread works on it, or will.
    pub(super) fn is_worked_on(&self) -> bool {
        matches!(self.state, JobState::Checking | JobState::Running)
    }

    /// How its file was read when it came: it is read no other way later.
    pub(super) fn reading(&self) -> Reading {
        Reading {
            encoding: self.encoding,
            columns: Named::exactly(&self.columns).in_file_of(self.what),
        }
    }
}

/// The jobs of one node; one thread works on them, one after another.
///
/// Invariant: jobs and findings stand sealed: the name of a file is often a person's name.
pub struct Jobs {
    pub(super) side: Arc<dyn Side>,
    sealed: SealKey,
    running: Mutex<()>,
    pub(super) queue: Queue,
}

impl Jobs {
    /// The jobs in this side store.
    pub(crate) fn new(side: Arc<dyn Side>, sealed: SealKey) -> Self {
        Self {
            side,
            sealed,
            running: Mutex::default(),
            queue: Queue::default(),
        }
    }

    /// Only one import works at a time.
    pub(super) fn alone(&self) -> MutexGuard<'_, ()> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job with this number.
    pub fn get(&self, id: Uuid) -> Result<Option<Job>, Problem> {
        let bytes = self.side.get(JOBS, id.as_bytes())?;
        bytes
            .map(|bytes| self.open(JOBS, id.as_bytes(), &bytes))
            .transpose()
    }

    pub(super) fn seal<T: Serialize>(
        &self,
        space: &str,
        key: &[u8],
        value: &T,
    ) -> Result<Vec<u8>, Problem> {
        let bytes = serde_json::to_vec(value).map_err(Problem::internal)?;
        let sealed = self.sealed.seal(&[space.as_bytes(), key], &bytes);
        sealed.map_err(Problem::internal)
    }

    pub(super) fn open<T: DeserializeOwned>(
        &self,
        space: &str,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<T, Problem> {
        let bytes = self.sealed.open(&[space.as_bytes(), key], sealed);
        serde_json::from_slice(&bytes.map_err(Problem::internal)?).map_err(Problem::internal)
    }

    /// Stores the job and the rows found since it was stored last, in one transaction.
    pub(super) fn put(&self, job: &Job, found: &[Finding]) -> Result<(), Problem> {
        let bytes = self.seal(JOBS, job.id.as_bytes(), job)?;
        let found = found
            .iter()
            .map(|error| {
                let key = error_key(job.id, error.row);
                let value = self.seal(ERRORS, &key, error)?;
                Ok((key, value))
            })
            .collect::<Result<Vec<_>, Problem>>()?;
        let expires = Some(job.created_at_ms.saturating_add(KEPT_MS));
        let written = self.side.write(&mut |transaction| {
            transaction.put(JOBS, job.id.as_bytes(), &bytes, expires)?;
            if !job.is_worked_on() {
                transaction.delete(SIGNALS, job.id.as_bytes())?;
            }
            for (key, value) in &found {
                transaction.put(ERRORS, key, value, expires)?;
            }
            Ok(())
        });
        written.map_err(Problem::from)
    }

    /// What whoever works on the job is asked to do at the next batch.
    pub(super) fn signal(&self, id: Uuid) -> Result<Option<Signal>, Problem> {
        let kept = self.side.get(SIGNALS, id.as_bytes())?;
        Ok(kept.map(|kept| {
            if kept == PAUSE {
                Signal::Pause
            } else {
                Signal::Cancel
            }
        }))
    }

    /// Asks whoever works on the job, if somebody does, after `change` has looked at it and changed it
    /// (true) or not; says how it stands. A pause never takes a cancel back.
    pub(super) fn ask(
        &self,
        id: Uuid,
        signal: Signal,
        mut change: impl FnMut(&mut Job) -> Result<bool, Problem>,
    ) -> Result<Job, Problem> {
        side::write(&*self.side, |transaction| {
            let kept = transaction.get(JOBS, id.as_bytes())?;
            let kept = kept.ok_or(Problem::of(Reason::NotFound))?;
            let mut job: Job = self.open(JOBS, id.as_bytes(), &kept)?;
            let expires = Some(job.created_at_ms.saturating_add(KEPT_MS));
            if change(&mut job)? {
                let bytes = self.seal(JOBS, id.as_bytes(), &job)?;
                transaction.put(JOBS, id.as_bytes(), &bytes, expires)?;
            }
            if job.is_worked_on() {
                let before = transaction.get(SIGNALS, id.as_bytes())?;
                let word = match signal {
                    Signal::Pause if before.as_deref() == Some(CANCEL) => CANCEL,
                    Signal::Pause => PAUSE,
                    Signal::Cancel => CANCEL,
                };
                transaction.put(SIGNALS, id.as_bytes(), word, expires)?;
            }
            Ok(job)
        })
    }

    /// Changes the job with this number as `change` says, unless that answers false or refuses; nothing
    /// comes between what `change` sees and what it leaves.
    pub(super) fn change(
        &self,
        id: Uuid,
        mut change: impl FnMut(&mut Job) -> Result<bool, Problem>,
    ) -> Result<(Job, bool), Problem> {
        side::write(&*self.side, |transaction| {
            let kept = transaction.get(JOBS, id.as_bytes())?;
            let kept = kept.ok_or(Problem::of(Reason::NotFound))?;
            let mut job: Job = self.open(JOBS, id.as_bytes(), &kept)?;
            let changed = change(&mut job)?;
            if changed {
                let bytes = self.seal(JOBS, id.as_bytes(), &job)?;
                let expires = Some(job.created_at_ms.saturating_add(KEPT_MS));
                transaction.put(JOBS, id.as_bytes(), &bytes, expires)?;
            }
            Ok((job, changed))
        })
    }

    /// Forgets the findings of an earlier run.
    pub(super) fn clear_errors(&self, id: Uuid) -> Result<(), Problem> {
        loop {
            let found = self.side.scan(ERRORS, id.as_bytes(), None, 500)?;
            if found.is_empty() {
                return Ok(());
            }
            let cleared = self.side.write(&mut |transaction| {
                for (key, _) in &found {
                    transaction.delete(ERRORS, key)?;
                }
                Ok(())
            });
            cleared?;
        }
    }

    /// Up to `limit` findings behind row `after`.
    pub fn errors(
        &self,
        id: Uuid,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Finding>, Problem> {
        let after = after.map(|row| error_key(id, row));
        let found = self
            .side
            .scan(ERRORS, id.as_bytes(), after.as_deref(), limit)?;
        found
            .iter()
            .map(|(key, value)| self.open(ERRORS, key, value))
            .collect()
    }

    /// Jobs that a stop or crash interrupted; one that does not open is told to the log and left.
    pub(super) fn interrupted(&self) -> Result<Vec<Job>, Problem> {
        let mut jobs = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.side.scan(JOBS, &[], after.as_deref(), 200)?;
            let Some((last, _)) = page.last() else {
                return Ok(jobs);
            };
            after = Some(last.clone());
            for (key, value) in &page {
                match self.open::<Job>(JOBS, key, value) {
                    Ok(job) if job.is_worked_on() => jobs.push(job),
                    Ok(_) => {}
                    // It is no record: nothing else may wait for it.
                    Err(problem) => {
                        let job = Uuid::from_slice(key).unwrap_or_default();
                        let why = problem.internal.unwrap_or_default();
                        tracing::warn!(%job, why, "an import in side.db does not open and is left alone: restore side.db from a backup, or send the file again");
                    }
                }
            }
        }
    }
}

fn error_key(id: Uuid, row: u64) -> Vec<u8> {
    let mut key = id.as_bytes().to_vec();
    key.extend_from_slice(&row.to_be_bytes());
    key
}
