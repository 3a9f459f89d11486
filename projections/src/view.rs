//! The file of one view and the connections that read it.
//!
//! Invariant: a file serves only if it is of this projection and version, was folded from this very
//! log (the leaf hash of its last commit is the log's), and is not ahead of it; any other is thrown
//! away. It answers only once it has folded every commit that there was when its file was opened or
//! made: rows that are still being folded would look like a record that is empty. WAL with synchronous=NORMAL: after a power cut the file is whole, if older.
//! A crash here loses the newest transactions, which are folded again.

pub mod audit;
pub(crate) mod file;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::sql::stable_plans;

/// Idle read connections that are kept, each with a cache of about one MiB.
const READERS_MAX: usize = 8;

/// Why a view does not answer.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// It has not folded what there was when its file was opened or made.
    #[error("view {view} answers from position {needed} on, and is at {next}")]
    Behind {
        /// Its name.
        view: &'static str,
        /// Its first position not folded.
        next: u64,
        /// What that must be.
        needed: u64,
    },
    /// Its file cannot be read.
    #[error("view {view} does not answer: {source}")]
    File {
        /// Its name.
        view: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// The readers of one view's file.
#[derive(Debug)]
pub struct View {
    name: &'static str,
    path: PathBuf,
    /// Held for reading by every query, for writing while the file is exchanged.
    gate: RwLock<()>,
    idle: Mutex<Vec<Connection>>,
    suspect: AtomicBool,
    /// Its first position not folded, as told by the follower.
    next: AtomicU64,
    /// What `next` must be before it answers.
    needed: AtomicU64,
}

impl View {
    /// The view `name` under `directory`; its file is opened by the follower.
    pub(crate) fn new(directory: &Path, name: &'static str) -> Self {
        Self {
            name,
            path: directory.join(format!("{name}.db")),
            gate: RwLock::default(),
            idle: Mutex::default(),
            suspect: AtomicBool::new(false),
            next: AtomicU64::new(0),
            needed: AtomicU64::new(u64::MAX),
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// From now on its file has folded the commits below `next`, and answers once it has those below
    /// `needed`.
    pub(crate) fn begins(&self, next: u64, needed: u64) {
        self.next.store(next, Ordering::SeqCst);
        self.needed.store(needed, Ordering::SeqCst);
    }

    /// Its file has folded the commits below `next`.
    pub(crate) fn has_folded(&self, next: u64) {
        self.next.store(next, Ordering::SeqCst);
    }

    /// Whether it answers.
    pub(crate) fn check(&self) -> Result<(), ViewError> {
        let next = self.next.load(Ordering::SeqCst);
        let needed = self.needed.load(Ordering::SeqCst);
        if next >= needed {
            return Ok(());
        }
        Err(ViewError::Behind {
            view: self.name,
            next,
            needed,
        })
    }

    /// Asks in one snapshot of the file.
    pub(crate) fn read<T>(
        &self,
        ask: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, ViewError> {
        let _open = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        self.check()?;
        let answer = self.reader().and_then(|mut connection| {
            let snapshot = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            let answer = ask(&snapshot)?;
            drop(snapshot);
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < READERS_MAX {
                idle.push(connection);
            }
            Ok(answer)
        });
        answer.map_err(|source| {
            if is_damage(&source) {
                self.suspect.store(true, Ordering::Relaxed);
            }
            ViewError::File {
                view: self.name,
                source,
            }
        })
    }

    fn reader(&self) -> rusqlite::Result<Connection> {
        if let Some(idle) = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
        {
            return Ok(idle);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        stable_plans(&connection)?;
        connection.pragma_update(None, "cache_size", -1_024)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    }

    /// Whether a reader met damage since this was last asked.
    pub(crate) fn take_suspicion(&self) -> bool {
        self.suspect.swap(false, Ordering::Relaxed)
    }

    /// Runs `change` while nobody reads and no connection of a reader is open.
    pub(crate) fn exchange<T>(&self, change: impl FnOnce(&Path) -> T) -> T {
        let _closed = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        change(&self.path)
    }
}

/// Whether the error says that the file itself is bad, or does not hold what this program wrote.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(
                failure.code,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
            )
        }
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::StatementChangedRows(_) => true,
        _ => false,
    }
}
