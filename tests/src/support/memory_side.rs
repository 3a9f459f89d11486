//! A side store in memory whose writes fail on order and whose rows can be altered.
//!
//! Invariant: a write is whole or absent, whatever it answers. Cloning shares the rows: a clone is
//! the same disk after a crash.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::clock::Clock;
use ledger::side::{Entry, Side, SideError, Transaction};

/// Space and key.
pub type Place = (String, Vec<u8>);

/// Value and expiry (Unix milliseconds).
type Row = (Vec<u8>, Option<i64>);

/// What becomes of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and is not stored.
    Lost,
    /// It is stored, but answers an error, as when the machine dies before the answer.
    Unanswered,
}

#[derive(Default)]
struct Disk {
    rows: BTreeMap<Place, Row>,
    writes: usize,
    fault: Option<(usize, Fault)>,
}

/// The store.
#[derive(Clone)]
pub struct MemorySide {
    disk: Arc<Mutex<Disk>>,
    clock: Arc<dyn Clock>,
}

impl MemorySide {
    /// An empty store; entries expire by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            disk: Arc::default(),
            clock,
        }
    }

    /// The `n`th write from now (0 = the next) meets `fault`.
    pub fn fail(&self, n: usize, fault: Fault) {
        let mut disk = self.disk();
        disk.fault = Some((disk.writes + n, fault));
    }

    /// No write fails any more.
    pub fn heal(&self) {
        self.disk().fault = None;
    }

    /// How many writes were asked for.
    pub fn writes(&self) -> usize {
        self.disk().writes
    }

    /// Every row: place and value.
    pub fn rows(&self) -> Vec<(Place, Vec<u8>)> {
        let disk = self.disk();
        disk.rows
            .iter()
            .map(|(place, (value, _))| (place.clone(), value.clone()))
            .collect()
    }

    /// Puts back every row as [`MemorySide::rows`] gave them.
    pub fn restore(&self, rows: &[(Place, Vec<u8>)]) {
        self.disk().rows = rows
            .iter()
            .map(|(place, value)| (place.clone(), (value.clone(), None)))
            .collect();
    }

    /// Replaces the value of a row behind everybody's back.
    pub fn alter(&self, place: &Place, value: Vec<u8>) {
        self.disk().rows.insert(place.clone(), (value, None));
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Side for MemorySide {
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), SideError>,
    ) -> Result<(), SideError> {
        let mut disk = self.disk();
        let now_ms = self.clock.now_ms();
        let mut tx = Open {
            rows: disk.rows.clone(),
            now_ms,
        };
        let fault = disk.fault.filter(|(n, _)| *n == disk.writes);
        disk.writes += 1;
        let failed = || Err(SideError::Io(std::io::Error::other("injected fault")));
        match fault {
            Some((_, Fault::Lost)) => return failed(),
            Some((_, Fault::Unanswered)) => {
                work(&mut tx)?;
                disk.rows = tx.rows;
                return failed();
            }
            None => {}
        }
        work(&mut tx)?;
        disk.rows = tx.rows;
        Ok(())
    }

    fn get(&self, space: &str, key: &[u8]) -> Result<Option<Vec<u8>>, SideError> {
        Ok(get(&self.disk().rows, self.clock.now_ms(), space, key))
    }

    fn scan(
        &self,
        space: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, SideError> {
        let now_ms = self.clock.now_ms();
        Ok(scan(&self.disk().rows, now_ms, space, prefix, after, limit))
    }

    fn sweep(&self) -> Result<(), SideError> {
        self.scrub()
    }

    fn scrub(&self) -> Result<(), SideError> {
        let now_ms = self.clock.now_ms();
        self.disk().rows.retain(|_, row| is_live(row, now_ms));
        Ok(())
    }
}

struct Open {
    rows: BTreeMap<Place, Row>,
    now_ms: i64,
}

impl Transaction for Open {
    fn get(&mut self, space: &str, key: &[u8]) -> Result<Option<Vec<u8>>, SideError> {
        Ok(get(&self.rows, self.now_ms, space, key))
    }

    fn put(
        &mut self,
        space: &str,
        key: &[u8],
        value: &[u8],
        expires_at_ms: Option<i64>,
    ) -> Result<(), SideError> {
        let place = (space.to_owned(), key.to_vec());
        self.rows.insert(place, (value.to_vec(), expires_at_ms));
        Ok(())
    }

    fn put_new(
        &mut self,
        space: &str,
        key: &[u8],
        value: &[u8],
        expires_at_ms: Option<i64>,
    ) -> Result<bool, SideError> {
        let absent = get(&self.rows, self.now_ms, space, key).is_none();
        if absent {
            self.put(space, key, value, expires_at_ms)?;
        }
        Ok(absent)
    }

    fn delete(&mut self, space: &str, key: &[u8]) -> Result<bool, SideError> {
        let row = self.rows.remove(&(space.to_owned(), key.to_vec()));
        Ok(row.is_some_and(|row| is_live(&row, self.now_ms)))
    }

    fn scan(
        &mut self,
        space: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, SideError> {
        Ok(scan(&self.rows, self.now_ms, space, prefix, after, limit))
    }
}

fn is_live((_, expires_at_ms): &Row, now_ms: i64) -> bool {
    expires_at_ms.is_none_or(|end| now_ms < end)
}

fn get(rows: &BTreeMap<Place, Row>, now_ms: i64, space: &str, key: &[u8]) -> Option<Vec<u8>> {
    rows.get(&(space.to_owned(), key.to_vec()))
        .filter(|row| is_live(row, now_ms))
        .map(|(value, _)| value.clone())
}

fn scan(
    rows: &BTreeMap<Place, Row>,
    now_ms: i64,
    space: &str,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Vec<Entry> {
    rows.range((space.to_owned(), prefix.to_vec())..)
        .take_while(|((found, key), _)| found == space && key.starts_with(prefix))
        .filter(|((_, key), row)| {
            is_live(row, now_ms) && after.is_none_or(|after| key.as_slice() > after)
        })
        .take(limit)
        .map(|((_, key), (value, _))| (key.clone(), value.clone()))
        .collect()
}
