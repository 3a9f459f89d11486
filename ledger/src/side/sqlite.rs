//! The side store over SQLite: one file, one writer, group commit.
//!
//! Invariant: a `write` that returns `Ok` is durable (WAL, synchronous=FULL) and stands alone:
//! writers that share a transaction have a savepoint each, and what one of them saw of another is
//! answered only when both are durable. After [`Side::scrub`] no byte of a deleted, replaced or
//! expired value is left in the file or its `-wal`; it rewrites the file.
//! A crash leaves each `write` whole or absent.

mod group;
mod table;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Entry, Side, SideError, Transaction};
use crate::clock::Clock;
use group::Writer;
use table::Table;

/// Marks the file as ours: "XFSD".
const APPLICATION_ID: i32 = 0x5846_5344;
/// Version of the table's form.
const FORM: i32 = 1;
/// Idle read connections that are kept.
const READERS_MAX: usize = 4;
/// No room for the index of the write-ahead log (SQLite, "Result and Error Codes", 4874).
const IOERR_SHMSIZE: i32 = 4_874;
/// How long a scrub waits for readers, and an opening for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A side store in one SQLite file.
pub struct SqliteSide {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    /// Changes made over the writer's connection up to the last scrub.
    scrubbed: Mutex<Option<u64>>,
}

impl SqliteSide {
    /// Opens or creates the file at `path`; entries expire by `clock`.
    ///
    /// A file that is not a side store, or is visibly damaged, is refused with
    /// [`SideError::Damaged`]; damage further in is reported by the first read that meets it, or by
    /// [`SqliteSide::check`].
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, SideError> {
        Self::opened(path, OpenFlags::SQLITE_OPEN_CREATE, clock)
    }

    /// As [`SqliteSide::open`], for whoever only looks: where there is no file none is made.
    pub fn open_existing(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, SideError> {
        Self::opened(path, OpenFlags::empty(), clock)
    }

    fn opened(path: &Path, create: OpenFlags, clock: Arc<dyn Clock>) -> Result<Self, SideError> {
        let connection = connect(path, create)?;
        prepare(&connection)?;
        Ok(Self {
            path: path.to_path_buf(),
            clock,
            writer: Writer::new(connection),
            readers: Mutex::new(Vec::new()),
            scrubbed: Mutex::new(None),
        })
    }

    /// Bounds the file to `pages` of 4096 bytes; a write that needs more is refused with
    /// [`SideError::Full`], as on a full disk.
    pub fn limit(&self, pages: u32) -> Result<(), SideError> {
        self.writer.alone(|connection| {
            connection
                .query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(()))
                .map_err(failed)
        })
    }

    /// Reads the whole file and checks its structure (not the values: SQLite keeps no checksums).
    pub fn check(&self) -> Result<(), SideError> {
        self.read(|connection| {
            let found: String = connection
                .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
                .map_err(failed)?;
            if found == "ok" {
                Ok(())
            } else {
                Err(SideError::Damaged(found))
            }
        })
    }

    fn read<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, SideError>,
    ) -> Result<T, SideError> {
        let idle = self.readers().pop();
        let connection = idle.map_or_else(|| reader(&self.path), Ok)?;
        // A connection whose question failed is not kept.
        let answer = ask(&connection)?;
        let mut readers = self.readers();
        if readers.len() < READERS_MAX {
            readers.push(connection);
        }
        Ok(answer)
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Side for SqliteSide {
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), SideError>,
    ) -> Result<(), SideError> {
        self.writer.write(self.clock.now_ms(), work)
    }

    fn get(&self, space: &str, key: &[u8]) -> Result<Option<Vec<u8>>, SideError> {
        let now_ms = self.clock.now_ms();
        self.read(|connection| Table { connection, now_ms }.get(space, key))
    }

    fn scan(
        &self,
        space: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, SideError> {
        let now_ms = self.clock.now_ms();
        self.read(|connection| Table { connection, now_ms }.scan(space, prefix, after, limit))
    }

    fn sweep(&self) -> Result<(), SideError> {
        let now_ms = self.clock.now_ms();
        self.writer
            .alone(|connection| Table { connection, now_ms }.delete_expired())
    }

    fn scrub(&self) -> Result<(), SideError> {
        let now_ms = self.clock.now_ms();
        self.writer.alone(|connection| {
            Table { connection, now_ms }.delete_expired()?;
            let mut scrubbed = self.scrubbed.lock().unwrap_or_else(PoisonError::into_inner);
            let changes = connection.total_changes();
            if *scrubbed != Some(changes) {
                rewrite(connection)?;
            }
            truncate_wal(connection)?;
            *scrubbed = Some(changes);
            Ok(())
        })
    }
}

fn connect(path: &Path, create: OpenFlags) -> Result<Connection, SideError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    // One plan a statement: else some are prepared again whenever other values are bound.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(failed)?;
    Ok(connection)
}

fn reader(path: &Path) -> Result<Connection, SideError> {
    let connection = connect(path, OpenFlags::empty())?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(failed)?;
    Ok(connection)
}

/// Makes the writer's settings and, in a new file, the table.
fn prepare(connection: &Connection) -> Result<(), SideError> {
    let number = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i32>(0))
            .map_err(failed)
    };
    let (application, form) = (number("application_id")?, number("user_version")?);
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    let new = (application, form, tables) == (0, 0, 0);
    if !new && (application, form) != (APPLICATION_ID, FORM) {
        return Err(SideError::Damaged(format!(
            "not a side store of form {FORM} (application {application:#x}, form {form})"
        )));
    }
    let mode: String = connection
        .query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))
        .map_err(failed)?;
    if mode != "wal" {
        let why = format!("the file system allows no write-ahead log (mode {mode})");
        return Err(SideError::Database(why.into()));
    }
    connection
        .execute_batch(
            "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;
             -- Values must not reach temporary files, which no scrub would find.
             PRAGMA temp_store=MEMORY;",
        )
        .map_err(failed)?;
    if new {
        connection
            .execute_batch(&format!(
                "BEGIN IMMEDIATE;
                 CREATE TABLE entry (
                     space TEXT NOT NULL,
                     key BLOB NOT NULL,
                     value BLOB NOT NULL,
                     expires_at INTEGER, -- Unix milliseconds; NULL = never
                     PRIMARY KEY (space, key)
                 ) STRICT, WITHOUT ROWID;
                 CREATE INDEX entry_expiry ON entry (expires_at) WHERE expires_at IS NOT NULL;
                 PRAGMA application_id={APPLICATION_ID};
                 PRAGMA user_version={FORM};
                 COMMIT;"
            ))
            .map_err(failed)?;
    }
    Ok(())
}

/// Writes the file anew, live entries only.
///
/// `secure_delete` alone is not enough: when pages split or merge, copies of moved entries stay in
/// the unused middle of a page, out of reach of a later delete (SQLite 3.54.1; the test
/// `pages_that_split_and_merge_leave_no_copy` finds them without this). Needs twice the file's size
/// on disk and keeps writers waiting: scrub once after a round of erasures, not after each.
fn rewrite(connection: &Connection) -> Result<(), SideError> {
    // The copy may be larger than memory; its file has no name and holds live entries only.
    let done = connection.execute_batch("PRAGMA temp_store=FILE; VACUUM;");
    let back = connection.execute_batch("PRAGMA temp_store=MEMORY");
    done.and(back).map_err(failed)
}

/// Copies the write-ahead log into the file and cuts it to nothing.
fn truncate_wal(connection: &Connection) -> Result<(), SideError> {
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(failed)?;
    if busy == 0 {
        Ok(())
    } else {
        let why = "a reader kept the write-ahead log busy: deleted values may still stand in it";
        Err(SideError::Database(why.into()))
    }
}

/// Damage asks for a restore, a full disk for patience: both are told apart from other failures.
fn failed(error: rusqlite::Error) -> SideError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            SideError::Damaged(error.to_string())
        }
        _ if is_full(&error) => SideError::Full(error.to_string()),
        _ => SideError::Database(Box::new(error)),
    }
}

/// Whether room on the disk would cure it.
fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::DiskFull || error.extended_code == IOERR_SHMSIZE
    })
}
