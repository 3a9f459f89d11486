//! Is a view's file what the log folds to? Folded again beside it and compared row by row.
//!
//! Invariant: the file itself is only read; what is folded beside it is removed again. Order and
//! number of rows in SQLite are no content: rows are compared as sets with their numbers.

use std::path::{Path, PathBuf};

use ledger::store::Store;
use rusqlite::{Connection, OpenFlags};

use super::file::{File, FileError, Mode, Standing, beside, remove};
use crate::entry::{Entry, EntryError};
use crate::follow::CATCH_UP_COMMITS_MAX;
use crate::projection::{Projection, Share};

/// What the audit of one view came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Its rows are the fold of the commits below this position.
    Equal(u64),
    /// It would not be served: it is missing, of another version or log, and is made at a start.
    NotServed,
    /// It says something else than the log.
    Differs {
        /// In which table.
        table: String,
    },
    /// SQLite cannot read it.
    Unreadable(String),
}

/// Why an audit of views did not finish.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A commit cannot be read.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ledger::store::ReadError),
    /// The fold beside the view cannot be made.
    #[error("the view cannot be folded again beside its file: {0}")]
    Fold(rusqlite::Error),
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<FileError> for AuditError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Sqlite(error) => Self::Fold(error),
            FileError::Io(error) => Self::Io(error),
            FileError::Log(error) => Self::Log(error),
        }
    }
}

/// Audits the view of `projection` under `directory`, which nobody writes meanwhile.
pub(crate) fn audit(
    directory: &Path,
    projection: &dyn Projection,
    store: &dyn Store,
) -> Result<Verdict, AuditError> {
    let path = directory.join(format!("{}.db", projection.form().name));
    if !path.try_exists()? {
        return Ok(Verdict::NotServed);
    }
    let served = match open(&path) {
        Ok(served) => served,
        Err(error) => return Ok(Verdict::Unreadable(error.to_string())),
    };
    let next = match Standing::of(&served, projection, Share::default(), store) {
        Ok(Some(standing)) => standing.next,
        Ok(None) => return Ok(Verdict::NotServed),
        Err(FileError::Sqlite(error)) => return Ok(Verdict::Unreadable(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let again = Again(beside(&path, ".audit"));
    fold(&again.0, projection, store, next)?;
    Ok(match differing(&served, &again.0) {
        Ok(None) => Verdict::Equal(next),
        Ok(Some(table)) => Verdict::Differs { table },
        Err(error) => Verdict::Unreadable(error.to_string()),
    })
}

/// The file that is folded beside the view, gone when the audit is over.
struct Again(PathBuf);

impl Drop for Again {
    fn drop(&mut self) {
        // What is left is thrown away by the next audit.
        let _left = remove(&self.0);
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

fn fold(
    path: &Path,
    projection: &dyn Projection,
    store: &dyn Store,
    until: u64,
) -> Result<(), AuditError> {
    let mut file = File::create(path, projection, Share::default(), Mode::Building)?;
    while file.next() < until {
        let left = usize::try_from(until - file.next()).unwrap_or(usize::MAX);
        let records = store.read(file.next(), left.min(CATCH_UP_COMMITS_MAX))?;
        let entries = (file.next()..)
            .zip(&records)
            .map(|(position, record)| Entry::decode(position, record))
            .collect::<Result<Vec<_>, _>>()?;
        let before = file.next();
        file.apply(projection, &entries).map_err(AuditError::Fold)?;
        if file.next() == before {
            let short = "the log ended while a view was folded";
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, short).into());
        }
    }
    file.close().map_err(AuditError::Fold)
}

/// The first table whose rows or form are not those of the file at `again`.
fn differing(served: &Connection, again: &Path) -> rusqlite::Result<Option<String>> {
    served.execute("ATTACH DATABASE ?1 AS again", [again.to_string_lossy()])?;
    let same = |one: &str, other: &str| -> rusqlite::Result<bool> {
        let rest = format!("SELECT EXISTS (SELECT * FROM ({one}) EXCEPT SELECT * FROM ({other}))");
        served.query_row(&rest, [], |row| row.get::<_, bool>(0).map(|more| !more))
    };
    let equal = |one: &str, other: &str| -> rusqlite::Result<bool> {
        Ok(same(one, other)? && same(other, one)?)
    };
    let form = |schema: &str| format!("SELECT type, name, sql FROM {schema}.sqlite_master");
    if !equal(&form("main"), &form("again"))? {
        return Ok(Some("sqlite_master".into()));
    }
    let names = "SELECT name FROM again.sqlite_master WHERE type = 'table' ORDER BY name";
    let tables: Vec<String> = served
        .prepare(names)?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for table in tables {
        // Whether a file was closed is no content.
        let columns = if table == "fold" {
            "view, version, share, next, leaf"
        } else {
            "*"
        };
        let rows = |schema: &str| format!("SELECT {columns} FROM {schema}.\"{table}\"");
        let count = |schema: &str| format!("SELECT count(*) FROM {schema}.\"{table}\"");
        if !equal(&rows("main"), &rows("again"))? || !equal(&count("main"), &count("again"))? {
            return Ok(Some(table));
        }
    }
    Ok(None)
}
