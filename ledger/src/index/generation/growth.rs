//! How an index grows: commits added or replayed in memory, moved to the files in batches.
//!
//! Invariant: while a run is written, lookups find it in memory; a failed write changes nothing.
//! A crash loses what was not written; the next open replays it.

use std::sync::{MutexGuard, PoisonError};

use uuid::Uuid;

use super::{Generation, Sums, last_leaf, outline};
use crate::commit::distinct_streams;
use crate::fact::Stream;
use crate::hash::Digest;
use crate::index::disk::{BucketSums, View};
use crate::index::entry::{Mark, Part, Sum, bucket_of, id_key, stream_key};
use crate::index::overlay::Delta;
use crate::index::{Doubt, IndexError, StreamHead};
use crate::store::{Record, Store};

/// Records read from the log at a time.
const REPLAY_RECORDS: usize = 1_024;
/// Commits replayed between two flushes; larger runs write each bucket's row less often.
const REPLAY_FLUSH: usize = 65_536;

impl Generation {
    /// Takes a commit into memory; says how many are gathered there.
    pub(in crate::index) fn add(
        &self,
        position: u64,
        id: Uuid,
        heads: &[(Stream, StreamHead)],
    ) -> Result<usize, IndexError> {
        let mut overlay = self.overlay_mut();
        let complete_to = overlay.complete_to();
        if position > complete_to {
            return Err(IndexError::Gap {
                complete_to,
                position,
            });
        }
        if position == complete_to {
            let heads = heads
                .iter()
                .map(|(stream, head)| (stream_key(stream), *head));
            overlay.add(id, heads);
        }
        Ok(overlay.len())
    }

    /// Reads what the log has beyond [`Generation::complete_to`].
    pub(in crate::index) fn catch_up(&self, log: &dyn Store) -> Result<u64, IndexError> {
        let mut replayed = 0;
        let mut gathered = 0;
        loop {
            let from = self.complete_to();
            let records = log.read(from, REPLAY_RECORDS)?;
            if records.is_empty() {
                break;
            }
            for (position, record) in (from..).zip(&records) {
                gathered = self.replay(position, record)?;
                replayed += 1;
            }
            if gathered >= REPLAY_FLUSH {
                self.flush(log)?;
            }
        }
        if replayed > 0 {
            self.flush(log)?;
        }
        Ok(replayed)
    }

    fn replay(&self, position: u64, record: &Record) -> Result<usize, IndexError> {
        let outline = outline(position, record)?;
        let heads: Vec<(Stream, StreamHead)> = distinct_streams(&outline.facts)
            .into_iter()
            .map(|stream| {
                let last = outline.facts.iter().rfind(|fact| fact.stream == *stream);
                let revisions = last.map_or(0, |fact| fact.revision.wrapping_add(1));
                let head = StreamHead {
                    position,
                    revisions,
                };
                (stream.clone(), head)
            })
            .collect();
        self.add(position, outline.id, &heads)
    }

    /// The files and the sums that belong to them, both as of now.
    pub(in crate::index) fn view(&self) -> Result<(View, Sums), Doubt> {
        let _one = self.quiet();
        Ok((self.disk.view()?, self.sums().clone()))
    }

    /// While the guard lives no flush begins.
    fn quiet(&self) -> MutexGuard<'_, ()> {
        self.flushing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is gathered; lookups go on meanwhile. After a failure everything is as before.
    pub(in crate::index) fn flush(&self, log: &dyn Store) -> Result<(), IndexError> {
        let _one = self.quiet();
        self.certain()?;
        let Some(run) = self.overlay_mut().freeze() else {
            return Ok(());
        };
        let result = self.write(log, &run);
        match result {
            Ok(()) => self.overlay_mut().written(),
            Err(_) => self.overlay_mut().thaw(),
        }
        result
    }

    fn write(&self, log: &dyn Store, run: &Delta) -> Result<(), IndexError> {
        let last_leaf = last_leaf(log, run.complete_to)?;
        let (changed, mark) = self.sum_up(run, last_leaf)?;
        {
            let mut sums = self.sums_mut();
            sums.epoch += 1;
            sums.pending.clone_from(&changed);
        }
        let streams = run
            .streams
            .iter()
            .map(|(key, head)| (Part::Streams, key.to_vec(), head.encode().to_vec()));
        let ids = run.ids.iter().map(|(id, position)| {
            let value = position.to_be_bytes().to_vec();
            (Part::Ids, id_key(*id).to_vec(), value)
        });
        let written = self.disk.write(streams.chain(ids), &changed, &mark);
        let mut sums = self.sums_mut();
        sums.epoch += 1;
        sums.pending.clear();
        if written.is_ok() {
            for ((part, bucket), sum) in changed {
                if let Some(place) = sums.buckets[part.number()].get_mut(usize::from(bucket)) {
                    *place = sum;
                }
            }
            sums.mark = mark;
        }
        // A failed write is no doubt: what is in memory answers, and the disk may have room again.
        written.map_err(|doubt| std::io::Error::other(doubt.to_string()).into())
    }

    /// The sums of the buckets that `run` changes, and the mark with them.
    ///
    /// An entry that was altered is taken out with the wrong digest, so its bucket stays wrong and
    /// is found at its first check.
    fn sum_up(&self, run: &Delta, last_leaf: Digest) -> Result<(BucketSums, Mark), IndexError> {
        let mut changed = BucketSums::new();
        for (key, head) in &run.streams {
            let sum = self.sum_in(&mut changed, Part::Streams, key);
            let old = self.disk.get(Part::Streams, key);
            if let Some(old) = old.map_err(|doubt| self.distrust(doubt))? {
                sum.remove(key, &old);
            }
            sum.insert(key, &head.encode());
        }
        for (id, position) in &run.ids {
            let key = id_key(*id);
            self.sum_in(&mut changed, Part::Ids, &key)
                .insert(&key, &position.to_be_bytes());
        }
        let sums = self.sums();
        let mut mark = sums.mark;
        for (&(part, bucket), new) in &changed {
            mark.totals[part.number()].replace(sums.bucket(part, bucket), *new);
        }
        mark.complete_to = run.complete_to;
        mark.last_leaf = last_leaf;
        Ok((changed, mark))
    }

    fn sum_in<'a>(&self, changed: &'a mut BucketSums, part: Part, key: &[u8]) -> &'a mut Sum {
        let bucket = bucket_of(key);
        changed
            .entry((part, bucket))
            .or_insert_with(|| self.sums().bucket(part, bucket))
    }
}
