//! The states of recently used streams: the sequencer's, and apart from them those of readers.
//!
//! Invariant: an entry is the fold of its stream up to `head`. Into the sequencer's own only the
//! sequencer, which decides in order, puts one; readers' entries count only while their head is
//! still the stream's. Losing an entry costs a read from the log, nothing else.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::RwLock;

use crate::decision::{AnyState, Known};
use crate::fact::Stream;
use crate::index::StreamHead;

const SHARDS: usize = 16;

/// One stream's state and how far it is folded.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// The stream.
    pub(crate) stream: Stream,
    /// Its state.
    pub(crate) state: AnyState,
    /// Its last commit and count of facts; `None` = no facts yet.
    pub(crate) head: Option<StreamHead>,
}

impl Loaded {
    /// As a decision sees it.
    pub(crate) fn known(&self) -> Known {
        Known {
            stream: self.stream.clone(),
            state: self.state.clone(),
            revisions: self.head.map_or(0, |head| head.revisions),
        }
    }
}

/// A bounded cache in two generations: what is used again survives, the rest is forgotten.
pub(crate) struct States {
    shards: Vec<RwLock<Shard>>,
    hasher: RandomState,
    young_max: usize,
}

#[derive(Default)]
struct Shard {
    young: HashMap<Stream, Loaded>,
    old: HashMap<Stream, Loaded>,
}

impl States {
    /// A cache of about `streams_max` streams.
    pub(crate) fn new(streams_max: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            hasher: RandomState::new(),
            young_max: (streams_max / SHARDS / 2).max(8),
        }
    }

    fn shard(&self, stream: &Stream) -> Option<&RwLock<Shard>> {
        let hash = self.hasher.hash_one(stream);
        self.shards
            .get(usize::try_from(hash % SHARDS as u64).unwrap_or_default())
    }

    /// The entry of `stream`.
    pub(crate) fn get(&self, stream: &Stream) -> Option<Loaded> {
        let shard = self.shard(stream)?.read().ok()?;
        shard
            .young
            .get(stream)
            .or_else(|| shard.old.get(stream))
            .cloned()
    }

    /// Takes the entry out, so that its state can be changed without a copy.
    pub(crate) fn take(&self, stream: &Stream) -> Option<Loaded> {
        let mut shard = self.shard(stream)?.write().ok()?;
        let young = shard.young.remove(stream);
        let old = shard.old.remove(stream);
        young.or(old)
    }

    /// Puts an entry in.
    pub(crate) fn put(&self, loaded: Loaded) {
        let Some(mut shard) = self
            .shard(&loaded.stream)
            .and_then(|shard| shard.write().ok())
        else {
            return;
        };
        shard.old.remove(&loaded.stream);
        shard.young.insert(loaded.stream.clone(), loaded);
    }

    /// Forgets the older generation of the shard of `stream` if the younger one is full.
    pub(crate) fn age_of(&self, stream: &Stream) {
        if let Some(mut shard) = self.shard(stream).and_then(|shard| shard.write().ok())
            && shard.young.len() > self.young_max
        {
            shard.old = std::mem::take(&mut shard.young);
        }
    }

    /// Forgets the older generation where the younger one is full. Never called inside a group:
    /// the entries of a group that is not yet durable exist nowhere else.
    pub(crate) fn age(&self) {
        for shard in &self.shards {
            if let Ok(mut shard) = shard.write()
                && shard.young.len() > self.young_max
            {
                shard.old = std::mem::take(&mut shard.young);
            }
        }
    }
}
