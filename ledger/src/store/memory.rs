//! The model: a log in a vector under a lock, against which every other store is measured.
//!
//! Invariant: element `p` of the vector is the commit at position `p`.
//! A crash here loses everything: it stands in for a store in tests and for nothing else.

use std::sync::{PoisonError, RwLock};

use super::{AppendError, LEAVES_BYTES_MAX, ReadError, Record, Store};
use crate::commit::LEAF_BYTES_MAX;

/// A log in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(RwLock<Vec<Record>>);

impl MemoryStore {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn append_at(&self, position: u64, records: &[Record]) -> Result<(), AppendError> {
        let mut log = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let next = log.len() as u64;
        if position != next {
            return Err(AppendError::NotNext {
                asked: position,
                next,
            });
        }
        for record in records {
            if record.leaf.len() > LEAF_BYTES_MAX {
                return Err(AppendError::TooLarge {
                    what: "a leaf",
                    size: record.leaf.len(),
                    max: LEAF_BYTES_MAX,
                });
            }
        }
        log.extend_from_slice(records);
        Ok(())
    }

    fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, ReadError> {
        let log = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(log.len());
        let mut bytes = 0;
        let fitting = log[from..].iter().take(limit).take_while(|record| {
            let first = bytes == 0;
            bytes += record.leaf.len();
            first || bytes <= LEAVES_BYTES_MAX
        });
        Ok(fitting.cloned().collect())
    }

    fn head(&self) -> u64 {
        let log = self.0.read().unwrap_or_else(PoisonError::into_inner);
        log.len() as u64
    }
}
