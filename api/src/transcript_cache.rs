//! Rendered transcripts, kept until something in them changes.
//!
//! Invariant: an entry is served only while the views know of no change behind the position it was
//! rendered at, and on the day it was rendered. It holds opened values, so it lives in memory alone and is bounded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use jiff::civil::Date;
use uuid::Uuid;

use crate::read::Access;

/// Most bytes kept.
const BYTES_MAX: usize = 64 << 20;

/// Which transcript, and how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// Whose.
    pub person: Uuid,
    /// How much of it.
    pub access: Access,
    /// On which day: credit expires with days and not with changes.
    pub today: Date,
}

#[derive(Default)]
struct Entries {
    bytes: usize,
    by_key: HashMap<Key, (u64, Bytes)>,
}

/// The cache.
#[derive(Default)]
pub struct TranscriptCache(Mutex<Entries>);

impl TranscriptCache {
    /// The body kept, if nothing changed since: `last_change` is before the views' next position
    /// when it was rendered.
    pub fn get(&self, key: Key, last_change: u64) -> Option<Bytes> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, body) = entries.by_key.get(&key)?;
        (last_change < *next).then(|| body.clone())
    }

    /// Keeps a body rendered when the views were at `next`; when full, everything is forgotten and gathered anew.
    pub fn put(&self, key: Key, next: u64, body: Bytes) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.bytes.saturating_add(body.len()) > BYTES_MAX {
            *entries = Entries::default();
        }
        entries.bytes = entries.bytes.saturating_add(body.len());
        if let Some((_, old)) = entries.by_key.insert(key, (next, body)) {
            entries.bytes = entries.bytes.saturating_sub(old.len());
        }
    }

    /// Forgets a person's transcripts: their values changed without a commit (erasure).
    pub fn forget(&self, person: Uuid) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut forgotten = 0;
        entries.by_key.retain(|key, (_, body)| {
            let keep = key.person != person;
            if !keep {
                forgotten += body.len();
            }
            keep
        });
        entries.bytes = entries.bytes.saturating_sub(forgotten);
    }
}
