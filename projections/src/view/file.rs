//! The writer's side of a view's file.
//!
//! Invariant: table `fold` says how far the rows are folded and is written with them; `closed` is 1
//! only while no writer has the file open, so a file that was not closed is checked before use.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ledger::store::{ReadError, Store};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::entry::Entry;
use crate::projection::{Projection, Share};
use crate::sql::{Columns as _, change_one, int, stable_plans};

/// Statements kept prepared.
const STATEMENTS_MAX: usize = 64;
/// Pages of WAL after which SQLite writes them into the file: rarely, for each time it syncs.
const WAL_PAGES: i64 = 8_192;

const FOLD: &str = "
CREATE TABLE fold (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    view TEXT NOT NULL,
    version INTEGER NOT NULL,
    share TEXT NOT NULL,
    next INTEGER NOT NULL,
    leaf BLOB,
    closed INTEGER NOT NULL
) STRICT;";

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Read by others meanwhile.
    Serving,
    /// Read by nobody until it is whole; worthless after a crash.
    Building,
}

/// Why there is no usable file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Log(#[from] ReadError),
}

/// How far a file has come that is a fold of this log.
pub(crate) struct Standing {
    /// The first position that is not folded.
    pub(crate) next: u64,
    /// Whether its last writer closed it.
    closed: bool,
}

impl Standing {
    /// Reads it; `None` = the rows are of another view, version, share or log.
    pub(crate) fn of(
        rows: &Connection,
        projection: &dyn Projection,
        share: Share,
        store: &dyn Store,
    ) -> Result<Option<Self>, FileError> {
        let (view, version, of, next, closed) = rows.query_row(
            "SELECT view, version, share, next, closed FROM fold",
            [],
            |row| {
                let (view, of): (String, String) = (row.get(0)?, row.get(2)?);
                Ok((
                    view,
                    row.get::<_, u32>(1)?,
                    of,
                    row.count(3)?,
                    row.get::<_, bool>(4)?,
                ))
            },
        )?;
        if view != projection.form().name
            || version != projection.form().version
            || of != part(share)
        {
            return Ok(None);
        }
        if let Some(last) = next.checked_sub(1) {
            let leaf = rows.query_row("SELECT leaf FROM fold", [], |row| row.digest(0))?;
            let record = store.read(last, 1)?.into_iter().next();
            if record.is_none_or(|record| record.leaf_hash != leaf) {
                return Ok(None);
            }
        }
        Ok(Some(Self { next, closed }))
    }
}

/// An open file.
pub(crate) struct File {
    rows: Connection,
    share: Share,
    next: u64,
}

impl File {
    /// Makes a new file at `path` in the place of whatever is there.
    pub(crate) fn create(
        path: &Path,
        projection: &dyn Projection,
        share: Share,
        mode: Mode,
    ) -> Result<Self, FileError> {
        remove(path)?;
        let rows = connect(path, mode)?;
        rows.execute_batch(&format!("BEGIN;{FOLD}{}", projection.form().schema))?;
        rows.execute(
            "INSERT INTO fold VALUES (1, ?1, ?2, ?3, 0, NULL, 0)",
            params![
                projection.form().name,
                projection.form().version,
                part(share)
            ],
        )?;
        rows.execute_batch("COMMIT")?;
        Ok(Self {
            rows,
            share,
            next: 0,
        })
    }

    /// Opens the file at `path` if it is the fold of the log in `store`; `None` = it is not there
    /// or must be made anew.
    pub(crate) fn open(
        path: &Path,
        projection: &dyn Projection,
        share: Share,
        store: &dyn Store,
    ) -> Result<Option<Self>, FileError> {
        if !path.try_exists()? {
            return Ok(None);
        }
        match Self::usable(path, projection, share, store) {
            Err(FileError::Sqlite(error)) if !is_busy(&error) => Ok(None),
            usable => usable,
        }
    }

    fn usable(
        path: &Path,
        projection: &dyn Projection,
        share: Share,
        store: &dyn Store,
    ) -> Result<Option<Self>, FileError> {
        let rows = connect(path, Mode::Serving)?;
        let Some(Standing { next, closed }) = Standing::of(&rows, projection, share, store)? else {
            return Ok(None);
        };
        if !closed {
            let found: String = rows.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            if found != "ok" {
                return Ok(None);
            }
        }
        rows.execute("UPDATE fold SET closed = 0", [])?;
        Ok(Some(Self { rows, share, next }))
    }

    /// The position of the first commit that is not folded.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Folds those of `entries` that are not folded yet, in one transaction.
    pub(crate) fn apply(
        &mut self,
        projection: &dyn Projection,
        entries: &[Entry],
    ) -> rusqlite::Result<()> {
        let from = entries.partition_point(|entry| entry.position() < self.next);
        let Some((new, last)) = entries.get(from..).and_then(|new| Some((new, new.last()?))) else {
            return Ok(());
        };
        let rows = self
            .rows
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let share = self.share;
        let kept: Vec<&Entry> = new
            .iter()
            .filter(|entry| share.keeps(projection, entry))
            .collect();
        projection.apply(&rows, &kept)?;
        let next = last.position().saturating_add(1);
        change_one(
            &rows,
            "UPDATE fold SET next = ?1, leaf = ?2",
            params![int(next), last.leaf.0],
        )?;
        rows.commit()?;
        self.next = next;
        Ok(())
    }

    /// Closes this file, then puts the one that `make` opens in its place.
    ///
    /// In this order: the last connection to close a file removes what stands beside it by name.
    pub(crate) fn replace(
        &mut self,
        make: impl FnOnce() -> Result<Self, FileError>,
    ) -> Result<(), FileError> {
        let nothing = Self {
            rows: Connection::open_in_memory()?,
            share: self.share,
            next: 0,
        };
        drop(std::mem::replace(self, nothing));
        *self = make()?;
        Ok(())
    }

    /// Marks the file as whole and closes it.
    pub(crate) fn close(self) -> rusqlite::Result<()> {
        self.rows.execute("UPDATE fold SET closed = 1", [])?;
        self.rows.close().map_err(|(_, error)| error)
    }

    /// Closes a file that was built aside and sees it onto the disk, to be renamed.
    pub(crate) fn finish(self, path: &Path) -> Result<(), FileError> {
        self.close()?;
        Ok(fs::File::open(path)?.sync_all()?)
    }
}

fn connect(path: &Path, mode: Mode) -> rusqlite::Result<Connection> {
    let rows = Connection::open(path)?;
    stable_plans(&rows)?;
    rows.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    match mode {
        Mode::Serving => {
            rows.pragma_update(None, "journal_mode", "WAL")?;
            rows.pragma_update(None, "synchronous", "NORMAL")?;
            rows.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
            rows.pragma_update(None, "cache_size", -32_768)?;
        }
        Mode::Building => {
            rows.pragma_update(None, "journal_mode", "OFF")?;
            rows.pragma_update(None, "synchronous", "OFF")?;
            rows.pragma_update(None, "cache_size", -65_536)?;
        }
    }
    Ok(rows)
}

/// Another process has the file: a mistake of the operator, no reason to delete it.
fn is_busy(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseBusy | DatabaseLocked)
    )
}

fn part(share: Share) -> String {
    format!("{}/{}", share.index, share.count)
}

/// Removes a view's file and what SQLite keeps beside it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    for path in [
        path.to_path_buf(),
        beside(path, "-wal"),
        beside(path, "-shm"),
        beside(path, "-journal"),
    ] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The name of a file that stands beside `path`.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
