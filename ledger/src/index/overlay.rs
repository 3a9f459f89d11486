//! What the index knows and its files do not yet.
//!
//! Invariant: an entry is here from the moment it is added until the batch that holds it can be
//! read from the files; whoever misses here and then looks there misses nothing.
//! A crash loses it; the log has it all.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::StreamHead;

/// Entries of a run of commits.
#[derive(Debug, Default)]
pub(super) struct Delta {
    pub(super) streams: HashMap<[u8; 16], StreamHead>,
    pub(super) ids: HashMap<Uuid, u64>,
    /// The next position behind the run.
    pub(super) complete_to: u64,
}

impl Delta {
    fn with_start(complete_to: u64) -> Self {
        Self {
            complete_to,
            ..Self::default()
        }
    }
}

/// The run being gathered and the run being written.
pub(super) struct Overlay {
    active: Delta,
    frozen: Option<Arc<Delta>>,
}

impl Overlay {
    pub(super) fn new(complete_to: u64) -> Self {
        Self {
            active: Delta::with_start(complete_to),
            frozen: None,
        }
    }

    pub(super) fn complete_to(&self) -> u64 {
        self.active.complete_to
    }

    /// Commits gathered and not yet being written.
    pub(super) fn len(&self) -> usize {
        self.active.ids.len()
    }

    /// Takes in the commit at [`Overlay::complete_to`].
    pub(super) fn add(&mut self, id: Uuid, heads: impl Iterator<Item = ([u8; 16], StreamHead)>) {
        self.active.ids.insert(id, self.active.complete_to);
        self.active.streams.extend(heads);
        self.active.complete_to += 1;
    }

    pub(super) fn stream(&self, key: &[u8; 16]) -> Option<StreamHead> {
        let frozen = || self.frozen.as_ref().and_then(|run| run.streams.get(key));
        self.active.streams.get(key).or_else(frozen).copied()
    }

    pub(super) fn id(&self, id: Uuid) -> Option<u64> {
        let frozen = || self.frozen.as_ref().and_then(|run| run.ids.get(&id));
        self.active.ids.get(&id).or_else(frozen).copied()
    }

    /// Closes the gathered run for writing; `None` if there is nothing.
    pub(super) fn freeze(&mut self) -> Option<Arc<Delta>> {
        if self.active.ids.is_empty() {
            return None;
        }
        let next = Delta::with_start(self.active.complete_to);
        let run = Arc::new(std::mem::replace(&mut self.active, next));
        self.frozen = Some(Arc::clone(&run));
        Some(run)
    }

    /// The frozen run is in the files.
    pub(super) fn written(&mut self) {
        self.frozen = None;
    }

    /// The frozen run could not be written: it goes under what was gathered since.
    pub(super) fn thaw(&mut self) {
        let Some(run) = self.frozen.take() else {
            return;
        };
        for (&key, &head) in &run.streams {
            self.active.streams.entry(key).or_insert(head);
        }
        for (&id, &position) in &run.ids {
            self.active.ids.entry(id).or_insert(position);
        }
    }
}
