//! The statements over the one table.
//!
//! Invariant: an entry is expired iff `expires_at <= now`, and an expired one is never seen.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::failed;
use crate::side::{Entry, SideError, Transaction};

/// The table as seen at `now_ms` over a connection, inside whatever transaction it has open.
pub(super) struct Table<'a> {
    pub(super) connection: &'a Connection,
    pub(super) now_ms: i64,
}

impl Table<'_> {
    pub(super) fn get(&self, space: &str, key: &[u8]) -> Result<Option<Vec<u8>>, SideError> {
        self.statement(
            "SELECT value FROM entry
             WHERE space = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
        )?
        .query_row(params![space, key, self.now_ms], |row| row.get(0))
        .optional()
        .map_err(failed)
    }

    pub(super) fn scan(
        &self,
        space: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, SideError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let from = match after {
            // The next key behind `after`.
            Some(after) if after >= prefix => [after, &[0]].concat(),
            _ => prefix.to_vec(),
        };
        let entry = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        // Two statements, because only a plain bound lets SQLite stop at the end of the prefix.
        let entries = if let Some(end) = behind(prefix) {
            self.statement(
                "SELECT key, value FROM entry
                 WHERE space = ?1 AND key >= ?2 AND key < ?5
                   AND (expires_at IS NULL OR expires_at > ?3)
                 ORDER BY key LIMIT ?4",
            )?
            .query_map(params![space, from, self.now_ms, limit, end], entry)
            .and_then(Iterator::collect)
        } else {
            self.statement(
                "SELECT key, value FROM entry
                 WHERE space = ?1 AND key >= ?2
                   AND (expires_at IS NULL OR expires_at > ?3)
                 ORDER BY key LIMIT ?4",
            )?
            .query_map(params![space, from, self.now_ms, limit], entry)
            .and_then(Iterator::collect)
        };
        entries.map_err(failed)
    }

    pub(super) fn delete_expired(&self) -> Result<(), SideError> {
        self.statement("DELETE FROM entry WHERE expires_at IS NOT NULL AND expires_at <= ?1")?
            .execute([self.now_ms])
            .map_err(failed)?;
        Ok(())
    }

    fn statement(&self, sql: &str) -> Result<CachedStatement<'_>, SideError> {
        self.connection.prepare_cached(sql).map_err(failed)
    }
}

impl Transaction for Table<'_> {
    fn get(&mut self, space: &str, key: &[u8]) -> Result<Option<Vec<u8>>, SideError> {
        Table::get(self, space, key)
    }

    fn put(
        &mut self,
        space: &str,
        key: &[u8],
        value: &[u8],
        expires_at_ms: Option<i64>,
    ) -> Result<(), SideError> {
        self.statement(
            "INSERT INTO entry (space, key, value, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (space, key)
             DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
        )?
        .execute(params![space, key, value, expires_at_ms])
        .map_err(failed)?;
        Ok(())
    }

    fn put_new(
        &mut self,
        space: &str,
        key: &[u8],
        value: &[u8],
        expires_at_ms: Option<i64>,
    ) -> Result<bool, SideError> {
        let changed = self
            .statement(
                "INSERT INTO entry (space, key, value, expires_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (space, key)
                 DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
                 WHERE entry.expires_at IS NOT NULL AND entry.expires_at <= ?5",
            )?
            .execute(params![space, key, value, expires_at_ms, self.now_ms])
            .map_err(failed)?;
        Ok(changed == 1)
    }

    fn delete(&mut self, space: &str, key: &[u8]) -> Result<bool, SideError> {
        let was_seen: Option<bool> = self
            .statement(
                "DELETE FROM entry WHERE space = ?1 AND key = ?2
                 RETURNING expires_at IS NULL OR expires_at > ?3",
            )?
            .query_row(params![space, key, self.now_ms], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        Ok(was_seen.unwrap_or(false))
    }

    fn scan(
        &mut self,
        space: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, SideError> {
        Table::scan(self, space, prefix, after, limit)
    }
}

/// The first key behind all that start with `prefix`; `None` = there is no such key.
fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.last_mut() {
        if *last < u8::MAX {
            *last += 1;
            return Some(end);
        }
        end.pop();
    }
    None
}
