//! Values between Rust and SQLite: one way for every view.
//!
//! Invariant: what was written reads back equal; a column that does not is an error of the view,
//! which is then folded again, never a default.

use std::error::Error;
use std::str::FromStr;

use ledger::hash::Digest;
use rusqlite::config::DbConfig;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, Transaction};
use serde::Serialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as NotAWord, StrDeserializer};
use uuid::Uuid;

/// One plan a statement, whatever is bound to it: else SQLite prepares some of them again at every
/// use, for it may choose another plan by what was bound.
pub(crate) fn stable_plans(rows: &Connection) -> rusqlite::Result<()> {
    rows.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A count or position as SQLite's signed integer; positions stay far below its limit.
pub(crate) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A row count as SQLite's integer.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The wire name of a value of a closed list.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// That a statement changed exactly one row: a fact about something the view does not hold means
/// that the view is not the fold of this log.
pub(crate) fn one(changed: usize) -> rusqlite::Result<()> {
    if changed == 1 {
        Ok(())
    } else {
        Err(rusqlite::Error::StatementChangedRows(changed))
    }
}

/// Runs a statement that must change exactly one row.
pub(crate) fn change_one(
    rows: &Transaction<'_>,
    sql: &str,
    with: impl rusqlite::Params,
) -> rusqlite::Result<()> {
    one(rows.prepare_cached(sql)?.execute(with)?)
}

/// Runs a statement.
pub(crate) fn change(
    rows: &Transaction<'_>,
    sql: &str,
    with: impl rusqlite::Params,
) -> rusqlite::Result<usize> {
    rows.prepare_cached(sql)?.execute(with)
}

/// The digests one behind the other, 32 bytes each.
pub(crate) fn join(digests: &[Digest]) -> Vec<u8> {
    digests.iter().flat_map(|digest| digest.0).collect()
}

/// Reads columns of a row.
pub(crate) trait Columns {
    /// A count or position.
    fn count(&self, at: usize) -> rusqlite::Result<u64>;
    /// A count or position that may be missing.
    fn count_if(&self, at: usize) -> rusqlite::Result<Option<u64>>;
    /// An id of 16 bytes.
    fn id(&self, at: usize) -> rusqlite::Result<Uuid>;
    /// An id that may be missing.
    fn id_if(&self, at: usize) -> rusqlite::Result<Option<Uuid>>;
    /// A hash of 32 bytes.
    fn digest(&self, at: usize) -> rusqlite::Result<Digest>;
    /// Hashes one behind the other.
    fn digests(&self, at: usize) -> rusqlite::Result<Vec<Digest>>;
    /// A text with a form.
    fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(
        &self,
        at: usize,
    ) -> rusqlite::Result<T>;
    /// A value of a closed list by its wire name.
    fn word<T: serde::de::DeserializeOwned>(&self, at: usize) -> rusqlite::Result<T>;
    /// The same where the list's name may be missing.
    fn word_if<T: serde::de::DeserializeOwned>(&self, at: usize) -> rusqlite::Result<Option<T>>;
}

/// The error of a column that holds something else than what was written there.
pub(crate) fn wrong(
    at: usize,
    kind: Type,
    error: impl Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, kind, Box::new(error))
}

/// A value that is out of its range.
#[derive(Debug, thiserror::Error)]
#[error("a stored value is not of its form")]
pub(crate) struct NotOfForm;

fn unsigned(n: i64, at: usize) -> rusqlite::Result<u64> {
    u64::try_from(n).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, n))
}

fn from_word<T: serde::de::DeserializeOwned>(text: &str, at: usize) -> rusqlite::Result<T> {
    let text: StrDeserializer<'_, NotAWord> = text.into_deserializer();
    T::deserialize(text).map_err(|error| wrong(at, Type::Text, error))
}

impl Columns for Row<'_> {
    fn count(&self, at: usize) -> rusqlite::Result<u64> {
        unsigned(self.get(at)?, at)
    }

    fn count_if(&self, at: usize) -> rusqlite::Result<Option<u64>> {
        self.get::<_, Option<i64>>(at)?
            .map(|n| unsigned(n, at))
            .transpose()
    }

    fn id(&self, at: usize) -> rusqlite::Result<Uuid> {
        self.get(at).map(Uuid::from_bytes)
    }

    fn id_if(&self, at: usize) -> rusqlite::Result<Option<Uuid>> {
        Ok(self.get::<_, Option<[u8; 16]>>(at)?.map(Uuid::from_bytes))
    }

    fn digest(&self, at: usize) -> rusqlite::Result<Digest> {
        self.get(at).map(Digest)
    }

    fn digests(&self, at: usize) -> rusqlite::Result<Vec<Digest>> {
        let bytes = self
            .get_ref(at)?
            .as_blob()
            .map_err(|error| wrong(at, Type::Blob, error))?;
        let (digests, rest) = bytes.as_chunks::<32>();
        if rest.is_empty() {
            Ok(digests.iter().copied().map(Digest).collect())
        } else {
            Err(wrong(at, Type::Blob, NotOfForm))
        }
    }

    fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(
        &self,
        at: usize,
    ) -> rusqlite::Result<T> {
        let text = self
            .get_ref(at)?
            .as_str()
            .map_err(|error| wrong(at, Type::Text, error))?;
        text.parse().map_err(|error| wrong(at, Type::Text, error))
    }

    fn word<T: serde::de::DeserializeOwned>(&self, at: usize) -> rusqlite::Result<T> {
        from_word(
            self.get_ref(at)?
                .as_str()
                .map_err(|error| wrong(at, Type::Text, error))?,
            at,
        )
    }

    fn word_if<T: serde::de::DeserializeOwned>(&self, at: usize) -> rusqlite::Result<Option<T>> {
        let text = self
            .get_ref(at)?
            .as_str_or_null()
            .map_err(|error| wrong(at, Type::Text, error))?;
        text.map(|text| from_word(text, at)).transpose()
    }
}
