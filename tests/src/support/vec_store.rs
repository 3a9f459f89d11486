//! The smallest log there is: records in memory, which a test may also cut or damage.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ledger::store::{AppendError, ReadError, Record, Store};

/// A log in a `Vec`.
#[derive(Default)]
pub struct VecStore(RwLock<Vec<Record>>);

impl VecStore {
    /// A log that holds `records`.
    pub fn of(records: Vec<Record>) -> Self {
        Self(RwLock::new(records))
    }

    /// The records, to be damaged.
    pub fn records_mut(&self) -> RwLockWriteGuard<'_, Vec<Record>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn records(&self) -> RwLockReadGuard<'_, Vec<Record>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for VecStore {
    fn append_at(&self, position: u64, records: &[Record]) -> Result<(), AppendError> {
        let mut all = self.records_mut();
        let next = all.len() as u64;
        if position != next {
            let asked = position;
            return Err(AppendError::NotNext { asked, next });
        }
        all.extend_from_slice(records);
        Ok(())
    }

    fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, ReadError> {
        let all = self.records();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(all.iter().skip(from).take(limit).cloned().collect())
    }

    fn head(&self) -> u64 {
        self.records().len() as u64
    }
}
