//! What the parts of a running log share: the store, its caches, and how they are asked.
//!
//! Invariant: a state is the fold of its stream up to the head it names; an index in doubt is built
//! anew before it answers. A crash loses caches only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;

use super::Health;
use crate::assertion::{Assertion, Seen};
use crate::clock::Clock;
use crate::commit::Commit;
use crate::decision::{Fold, Occurred, Rules};
use crate::execute::{Corrupt, ExecuteError, Refused};
use crate::fact::Stream;
use crate::hash::Digest;
use crate::history;
use crate::index::{Index, IndexError, StreamHead};
use crate::key::{PublicKey, SigningKey};
use crate::merkle;
use crate::proofs::{Head, Proofs};
use crate::states::{Loaded, States};
use crate::store::Store;
use crate::tail::Tail;

/// Checkpoint sizes whose root and age are remembered.
const SEEN_MAX: usize = 4_096;

pub(crate) struct Shared<R: Rules> {
    pub(crate) origin: String,
    pub(crate) rules: R,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) index: Index,
    pub(crate) states: States,
    /// States that readers loaded: never the sequencer's own, and held against the index each time.
    pub(super) reads: States,
    pub(crate) proofs: Proofs,
    pub(crate) tail: Arc<Tail>,
    pub(crate) checkpoint_key: SigningKey,
    pub(super) head: RwLock<Arc<Head>>,
    /// One rebuild of the index at a time.
    pub(super) rebuilding: Mutex<()>,
    /// size → (root, recording time of the commit at that position).
    pub(super) seen: Mutex<HashMap<u64, (Digest, Option<i64>)>>,
    pub(super) health: watch::Sender<Health>,
}

impl<R: Rules> Shared<R> {
    pub(crate) fn stop(&self, why: String) {
        self.health.send_replace(Health::Stopped(why));
    }

    pub(crate) fn set_head(&self, head: Arc<Head>) {
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = head;
    }

    pub(super) fn head(&self) -> Arc<Head> {
        Arc::clone(&self.head.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn record(&self, position: u64) -> Result<crate::store::Record, Corrupt> {
        let record = self.store.read(position, 1)?.into_iter().next();
        record.ok_or_else(|| Corrupt::Leaf {
            position,
            what: "it is not there".into(),
        })
    }

    pub(crate) fn commit(&self, position: u64) -> Result<Commit, Corrupt> {
        let record = self.record(position)?;
        Commit::decode(&record.leaf).map_err(|error| Corrupt::Leaf {
            position,
            what: error.to_string(),
        })
    }

    /// Asks the index. Where it is in doubt it is built anew from the log, however long that takes,
    /// and asked again: no answer of a doubtful index ever counts.
    pub(crate) fn ask_index<T>(
        &self,
        ask: impl Fn(&Index) -> Result<T, IndexError>,
    ) -> Result<T, Corrupt> {
        let doubtful = |answer: &Result<T, IndexError>| matches!(answer, Err(IndexError::Doubt(_)));
        let answer = ask(&self.index);
        if !doubtful(&answer) {
            return Ok(answer?);
        }
        let _alone = self
            .rebuilding
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Somebody who was first may have done it.
        let answer = ask(&self.index);
        if !doubtful(&answer) {
            return Ok(answer?);
        }
        self.index.rebuild()?;
        Ok(ask(&self.index)?)
    }

    /// The state of a stream: the sequencer's, or one read before whose head is still the stream's,
    /// or read from the log.
    pub(super) fn state_of(&self, stream: &Stream) -> Result<Loaded, Corrupt> {
        if let Some(loaded) = self.states.get(stream) {
            return Ok(loaded);
        }
        let head = self.ask_index(|index| index.stream(stream))?;
        let known = self.reads.get(stream).filter(|loaded| loaded.head == head);
        if let Some(loaded) = known {
            return Ok(loaded);
        }
        let loaded = self.load_at(stream, head)?;
        self.reads.put(loaded.clone());
        self.reads.age_of(stream);
        Ok(loaded)
    }

    /// The fold of a stream.
    pub(crate) fn fold(&self, stream: &Stream) -> Result<&dyn Fold, Corrupt> {
        self.rules
            .fold(stream.noun())
            .ok_or_else(|| Corrupt::NoFold(stream.clone()))
    }

    /// How many commits were recorded up to and with that time: recording times never decrease.
    pub(super) fn size_as_of(&self, recorded_at_ms: i64) -> Result<u64, Corrupt> {
        let (mut from, mut to) = (0, self.store.head());
        while from < to {
            let middle = from + (to - from) / 2;
            if self.commit(middle)?.recorded_at_ms <= recorded_at_ms {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        Ok(from)
    }

    /// The state of a stream as it was when the log had `size` commits.
    pub(super) fn state_below(&self, stream: &Stream, size: u64) -> Result<Loaded, Corrupt> {
        let head = self.ask_index(|index| index.stream(stream))?;
        self.load_below(stream, head, size)
    }

    /// Where a stream's commits stand, oldest first.
    pub(super) fn positions_of(&self, stream: &Stream) -> Result<Vec<u64>, Corrupt> {
        let head = self.ask_index(|index| index.stream(stream))?;
        let steps = match head {
            Some(head) => history::before(self.store.as_ref(), head, stream)?,
            None => Vec::new(),
        };
        Ok(steps.into_iter().map(|step| step.position).collect())
    }

    /// Folds a stream's history up to `head`.
    pub(crate) fn load_at(
        &self,
        stream: &Stream,
        head: Option<StreamHead>,
    ) -> Result<Loaded, Corrupt> {
        self.load_below(stream, head, u64::MAX)
    }

    /// Folds what of a stream's history up to `head` stands below `size`.
    fn load_below(
        &self,
        stream: &Stream,
        head: Option<StreamHead>,
        size: u64,
    ) -> Result<Loaded, Corrupt> {
        let fold = self.fold(stream)?;
        let mut state = fold.empty();
        let steps = match head {
            Some(head) => history::before(self.store.as_ref(), head, stream)?,
            None => Vec::new(),
        };
        for step in steps.into_iter().take_while(|step| step.position < size) {
            let position = step.position;
            let commit = Commit::decode(&step.record.leaf).map_err(|error| Corrupt::Leaf {
                position,
                what: error.to_string(),
            })?;
            let at = Occurred {
                position,
                recorded_at_ms: commit.recorded_at_ms,
                leaf: step.record.leaf_hash,
                assertion: &commit.assertion,
            };
            for fact in commit.facts.iter().filter(|fact| &fact.stream == stream) {
                let data = fact.data.as_deref().unwrap_or(commit.assertion.data());
                state = fold.evolve(state, &fold.read(&fact.kind, data.get())?, &at);
            }
        }
        Ok(Loaded {
            stream: stream.clone(),
            state,
            head,
        })
    }

    pub(super) fn key(&self, assertion: &Assertion) -> Result<PublicKey, ExecuteError<R::Refusal>> {
        let unknown = || Refused::KeyUnknown(assertion.kid().to_string());
        let stream = self.rules.signer(assertion.kid()).ok_or_else(unknown)?;
        let signer = self.state_of(&stream)?.state;
        Ok(self.rules.key(assertion, &signer).ok_or_else(unknown)?)
    }

    /// Whether this log had that root at that size; the recording time of the commit at that
    /// position, if there is one.
    pub(super) fn check_seen(&self, seen: Seen) -> Result<Option<i64>, ExecuteError<R::Refusal>> {
        let unknown = Refused::SeenUnknown(seen.size);
        let head = self.head();
        if seen.size > head.size {
            return Err(unknown.into());
        }
        if seen.size == head.size {
            return if seen.root == head.root {
                Ok(None)
            } else {
                Err(unknown.into())
            };
        }
        let known = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&seen.size)
            .copied();
        let (root, recorded_at_ms) = match known {
            Some(known) => known,
            None => self.look_up_seen(seen.size)?,
        };
        if root == seen.root {
            Ok(recorded_at_ms)
        } else {
            Err(unknown.into())
        }
    }

    fn look_up_seen(&self, size: u64) -> Result<(Digest, Option<i64>), Corrupt> {
        let root = if size == 0 {
            merkle::empty_root()
        } else {
            self.proofs.root_at(size)?
        };
        let known = (root, Some(self.commit(size)?.recorded_at_ms));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN_MAX {
            seen.clear();
        }
        seen.insert(size, known);
        Ok(known)
    }
}
