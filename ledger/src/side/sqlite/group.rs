//! Group commit: writers that wait for each other anyway share one transaction and one sync.
//!
//! Invariant: each member's work runs alone, in a savepoint of its own; the member that finds nobody
//! waiting behind it commits for all, and no member is answered before that.
//! A crash before the commit leaves nothing of the whole group.
//!
//! The work is borrowed from its caller's stack, so it cannot be sent to a writer thread: callers
//! run it themselves, one after the other, and the last one of a queue leads.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::Connection;

use super::table::Table;
use super::{failed, is_full};
use crate::side::{SideError, Transaction};

/// Members after which a group is committed although others wait: bounds the wait of the first.
const MEMBERS_MAX: usize = 256;

type Work<'a> = dyn FnMut(&mut dyn Transaction) -> Result<(), SideError> + 'a;

/// Whether a group became durable; set once, before its members wake.
type Outcome = Arc<OnceLock<Result<(), Lost>>>;

/// Why a whole group was lost.
#[derive(Debug, Clone)]
enum Lost {
    /// No room: told apart, because waiting cures it.
    Full(String),
    Otherwise(Arc<rusqlite::Error>),
}

impl From<rusqlite::Error> for Lost {
    fn from(error: rusqlite::Error) -> Self {
        if is_full(&error) {
            Self::Full(error.to_string())
        } else {
            Self::Otherwise(Arc::new(error))
        }
    }
}

impl From<Lost> for SideError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Full(what) => Self::Full(what),
            Lost::Otherwise(error) => Self::Database(Box::new(error)),
        }
    }
}

pub(super) struct Writer {
    seat: Mutex<Seat>,
    decided: Condvar,
    /// Callers on their way to the seat: while there is one, it will come and may lead.
    coming: AtomicUsize,
}

struct Seat {
    connection: Connection,
    group: Option<Group>,
}

#[derive(Default)]
struct Group {
    outcome: Outcome,
    members: usize,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            seat: Mutex::new(Seat {
                connection,
                group: None,
            }),
            decided: Condvar::new(),
            coming: AtomicUsize::new(0),
        }
    }

    /// Runs `work` in a transaction; durable on `Ok`, without a trace on `Err`.
    pub(super) fn write(&self, now_ms: i64, work: &mut Work<'_>) -> Result<(), SideError> {
        let mut seat = self.sit_down();
        let joined = seat.join();
        let (outcome, done) = match joined {
            Ok(outcome) => (Some(outcome), seat.run(now_ms, work)),
            Err(error) => (None, Ok(Err(failed(error)))),
        };
        let full = seat
            .group
            .as_ref()
            .is_some_and(|group| group.members >= MEMBERS_MAX);
        if full || self.coming.load(Ordering::SeqCst) == 0 {
            seat.commit();
            self.decided.notify_all();
        }
        let fate = outcome.map(|outcome| self.wait(seat, &outcome));
        match (done, fate) {
            (Err(panic), _) => resume_unwind(panic),
            // What this member saw was never durable: its own refusal may rest on it.
            (Ok(_), Some(Err(error))) => Err(error.into()),
            (Ok(answer), _) => answer,
        }
    }

    /// Runs `work` between groups, outside of any transaction.
    pub(super) fn alone<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, SideError>,
    ) -> Result<T, SideError> {
        let mut seat = self.sit_down();
        seat.commit();
        self.decided.notify_all();
        work(&seat.connection)
    }

    fn sit_down(&self) -> MutexGuard<'_, Seat> {
        self.coming.fetch_add(1, Ordering::SeqCst);
        let seat = self.seat.lock().unwrap_or_else(PoisonError::into_inner);
        self.coming.fetch_sub(1, Ordering::SeqCst);
        seat
    }

    fn wait(&self, mut seat: MutexGuard<'_, Seat>, outcome: &Outcome) -> Result<(), Lost> {
        loop {
            if let Some(result) = outcome.get() {
                return result.clone();
            }
            seat = self
                .decided
                .wait(seat)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Seat {
    /// Joins the open group, or opens one.
    fn join(&mut self) -> Result<Outcome, rusqlite::Error> {
        if self.group.is_none() {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
        }
        let group = self.group.get_or_insert_default();
        group.members += 1;
        Ok(Arc::clone(&group.outcome))
    }

    /// Runs `work` in a savepoint; the outer error is a panic of the work.
    fn run(
        &mut self,
        now_ms: i64,
        work: &mut Work<'_>,
    ) -> std::thread::Result<Result<(), SideError>> {
        if let Err(error) = self.connection.execute_batch("SAVEPOINT member") {
            return Ok(Err(failed(error)));
        }
        let connection = &self.connection;
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut Table { connection, now_ms })));
        let end = if matches!(done, Ok(Ok(()))) {
            "RELEASE member"
        } else {
            "ROLLBACK TO member; RELEASE member"
        };
        if let Err(error) = self.connection.execute_batch(end) {
            // Some failures (a full disk) end the whole transaction; and a savepoint that cannot be
            // undone must not be committed.
            let full = done
                .as_ref()
                .is_ok_and(|it| matches!(it, Err(SideError::Full(_))));
            self.abandon(if full {
                Lost::Full(error.to_string())
            } else {
                error.into()
            });
        }
        done
    }

    /// Makes the open group durable, or undone, and says so.
    fn commit(&mut self) {
        let Some(group) = self.group.take() else {
            return;
        };
        let result = self.connection.execute_batch("COMMIT");
        if result.is_err() && !self.connection.is_autocommit() {
            // If this fails too the next BEGIN does, and every write is refused.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        let _ = group.outcome.set(result.map_err(Lost::from));
    }

    fn abandon(&mut self, lost: Lost) {
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        if let Some(group) = self.group.take() {
            let _ = group.outcome.set(Err(lost));
        }
    }
}
