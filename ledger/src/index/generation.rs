//! One set of index files with what is known beyond them: opened, checked, asked, grown, thrown away.
//!
//! Invariant: entries, bucket rows and mark change in one batch; the sums in memory are those of the
//! files, or for the time of a flush the files' are `sums.buckets` or `sums.pending`.
//! A crash leaves some batch's state; open sees whether it is whole and replays the rest.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use uuid::Uuid;

use super::disk::{BucketSums, Disk, View};
use super::entry::{
    BUCKETS, Mark, Shelf, Sum, bucket_of, decode_position, id_key, stream_key,
};
use super::overlay::{Delta, Overlay};
use super::{Doubt, IndexError, Opened, StreamHead};
use crate::commit::{NotACommit, Outline, Touch, distinct_streams};
use crate::fact::Stream;
use crate::hash::Digest;
use crate::store::{Record, Store};

/// Records read from the log at a time.
const REPLAY_RECORDS: usize = 1_024;
/// Commits replayed between two flushes; larger runs write each bucket's row less often.
const REPLAY_FLUSH: usize = 65_536;

pub(super) struct Generation {
    disk: Disk,
    sums: RwLock<Sums>,
    number: u64,
    dir: PathBuf,
    /// Buckets whose sum was compared with their entries since open, by shelf.
    checked: [Vec<AtomicBool>; 2],
    overlay: RwLock<Overlay>,
    flushing: Mutex<()>,
    doubt: OnceLock<Doubt>,
}

/// What the files must sum up to.
#[derive(Clone)]
pub(super) struct Sums {
    /// Grows when a flush begins and when it ends.
    epoch: u64,
    pub(super) mark: Mark,
    buckets: [Vec<Sum>; 2],
    /// What a flush is making of some of the buckets.
    pending: BucketSums,
}

impl Generation {
    /// Opens the newest files in `dir`, or builds new ones; catches up; removes the others.
    pub(super) fn open_newest(
        dir: &Path,
        log: &dyn Store,
    ) -> Result<(Self, Opened), IndexError> {
        std::fs::create_dir_all(dir)?;
        let mut numbers = numbers_in(dir)?;
        numbers.sort_unstable();
        let newest = numbers.last().copied();
        let doubt = match newest.map(|number| Self::open_and_catch_up(dir, number, log)) {
            None => Doubt::Missing,
            Some(Err(IndexError::Doubt(doubt))) => doubt,
            Some(Err(other)) => return Err(other),
            Some(Ok((live, replayed))) => {
                remove_others(dir, live.number)?;
                let rebuilt = None;
                return Ok((live, Opened { replayed, rebuilt }));
            }
        };
        let live = Self::create(dir, newest.map_or(0, |number| number.saturating_add(1)))?;
        let replayed = live.catch_up(log)?;
        remove_others(dir, live.number)?;
        let rebuilt = (newest.is_some() || replayed > 0).then_some(doubt);
        Ok((live, Opened { replayed, rebuilt }))
    }

    fn open_and_catch_up(
        dir: &Path,
        number: u64,
        log: &dyn Store,
    ) -> Result<(Self, u64), IndexError> {
        let live = Self::open(dir, number)?;
        live.bind(log)?;
        let replayed = live.catch_up(log)?;
        Ok((live, replayed))
    }

    /// New, empty files.
    pub(super) fn create(dir: &Path, number: u64) -> Result<Self, IndexError> {
        match Self::open(dir, number) {
            // Files that were never there cannot be damaged: it is the disk that fails.
            Err(IndexError::Doubt(doubt)) => {
                Err(IndexError::Io(std::io::Error::other(doubt.to_string())))
            }
            other => other,
        }
    }

    fn open(dir: &Path, number: u64) -> Result<Self, IndexError> {
        let dir = dir.join(number.to_string());
        let disk = Disk::open(&dir)?;
        let loaded = disk.load()?;
        if loaded.mark.is_none() && !disk.is_empty()? {
            return Err(Doubt::Mark("there is none beside the entries").into());
        }
        let mark = loaded.mark.unwrap_or(Mark::EMPTY);
        for (total, buckets) in mark.totals.iter().zip(&loaded.buckets) {
            let mut sum = Sum::default();
            for bucket in buckets {
                sum.replace(Sum::default(), *bucket);
            }
            if sum != *total {
                return Err(Doubt::Mark("the rows of the buckets do not sum up to it").into());
            }
        }
        let unchecked = || (0..BUCKETS).map(|_| AtomicBool::new(false)).collect();
        Ok(Self {
            disk,
            sums: RwLock::new(Sums {
                epoch: 0,
                mark,
                buckets: loaded.buckets,
                pending: BucketSums::new(),
            }),
            number,
            dir,
            checked: [unchecked(), unchecked()],
            overlay: RwLock::new(Overlay::new(mark.complete_to)),
            flushing: Mutex::new(()),
            doubt: OnceLock::new(),
        })
    }

    /// Compares the mark with the log it claims to index.
    fn bind(&self, log: &dyn Store) -> Result<(), IndexError> {
        let mark = self.sums().mark;
        let head = log.head();
        if mark.complete_to > head {
            let complete_to = mark.complete_to;
            return Err(Doubt::Ahead { complete_to, head }.into());
        }
        if mark.last_leaf != last_leaf(log, mark.complete_to)? {
            let position = mark.complete_to.saturating_sub(1);
            return Err(Doubt::OtherLog { position }.into());
        }
        Ok(())
    }

    /// Closes the files and removes them. What cannot be removed is removed at the next open.
    pub(super) fn discard(self) {
        let Self { disk, dir, .. } = self;
        drop(disk);
        let _ = std::fs::remove_dir_all(dir);
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn complete_to(&self) -> u64 {
        self.overlay().complete_to()
    }

    pub(super) fn stream(
        &self,
        log: &dyn Store,
        stream: &Stream,
    ) -> Result<Option<StreamHead>, IndexError> {
        self.certain()?;
        let key = stream_key(stream);
        if let Some(head) = self.overlay().stream(&key) {
            return Ok(Some(head));
        }
        let Some(value) = self.stored(Shelf::Streams, &key)? else {
            return Ok(None);
        };
        let head = StreamHead::decode(&value).ok_or_else(|| self.altered(Shelf::Streams, &key))?;
        let record = self.record(log, Shelf::Streams, head.position)?;
        let last = Touch::all(&record.leaf)
            .map_err(|source| leaf_error(head.position, source))?
            .iter()
            .rfind(|touch| touch.stream == stream.as_str())
            .map(|touch| touch.revision.wrapping_add(1));
        if last == Some(head.revisions) {
            return Ok(Some(head));
        }
        Err(self.distrust(Doubt::Entry {
            shelf: Shelf::Streams,
            position: head.position,
        }))
    }

    pub(super) fn id(&self, log: &dyn Store, id: Uuid) -> Result<Option<u64>, IndexError> {
        self.certain()?;
        if let Some(position) = self.overlay().id(id) {
            return Ok(Some(position));
        }
        let key = id_key(id);
        let Some(value) = self.stored(Shelf::Ids, &key)? else {
            return Ok(None);
        };
        let position = decode_position(&value).ok_or_else(|| self.altered(Shelf::Ids, &key))?;
        let record = self.record(log, Shelf::Ids, position)?;
        if outline(position, &record)?.id == id {
            return Ok(Some(position));
        }
        Err(self.distrust(Doubt::Entry {
            shelf: Shelf::Ids,
            position,
        }))
    }

    /// Takes a commit into memory; says how many are gathered there.
    pub(super) fn add(
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
            let heads = heads.iter().map(|(stream, head)| (stream_key(stream), *head));
            overlay.add(id, heads);
        }
        Ok(overlay.len())
    }

    /// Reads what the log has beyond [`Generation::complete_to`].
    pub(super) fn catch_up(&self, log: &dyn Store) -> Result<u64, IndexError> {
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
    pub(super) fn view(&self) -> (View, Sums) {
        let _one = self.quiet();
        (self.disk.view(), self.sums().clone())
    }

    /// While the guard lives no flush begins.
    fn quiet(&self) -> MutexGuard<'_, ()> {
        self.flushing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is gathered; lookups go on meanwhile. After a failure everything is as before.
    pub(super) fn flush(&self, log: &dyn Store) -> Result<(), IndexError> {
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
            .map(|(key, head)| (Shelf::Streams, key.to_vec(), head.encode().to_vec()));
        let ids = run.ids.iter().map(|(id, position)| {
            let value = position.to_be_bytes().to_vec();
            (Shelf::Ids, id_key(*id).to_vec(), value)
        });
        let written = self.disk.write(streams.chain(ids), &changed, &mark);
        let mut sums = self.sums_mut();
        sums.epoch += 1;
        sums.pending.clear();
        if written.is_ok() {
            for ((shelf, bucket), sum) in changed {
                if let Some(place) = sums.buckets[shelf.number()].get_mut(usize::from(bucket)) {
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
            let sum = self.sum_in(&mut changed, Shelf::Streams, key);
            let old = self.disk.get(Shelf::Streams, key);
            if let Some(old) = old.map_err(|doubt| self.distrust(doubt))? {
                sum.remove(key, &old);
            }
            sum.insert(key, &head.encode());
        }
        for (id, position) in &run.ids {
            let key = id_key(*id);
            self.sum_in(&mut changed, Shelf::Ids, &key)
                .insert(&key, &position.to_be_bytes());
        }
        let sums = self.sums();
        let mut mark = sums.mark;
        for (&(shelf, bucket), new) in &changed {
            mark.totals[shelf.number()].replace(sums.bucket(shelf, bucket), *new);
        }
        mark.complete_to = run.complete_to;
        mark.last_leaf = last_leaf;
        Ok((changed, mark))
    }

    fn sum_in<'a>(&self, changed: &'a mut BucketSums, shelf: Shelf, key: &[u8]) -> &'a mut Sum {
        let bucket = bucket_of(key);
        changed
            .entry((shelf, bucket))
            .or_insert_with(|| self.sums().bucket(shelf, bucket))
    }

    /// The value of `key`, out of a bucket that is what was written.
    fn stored(&self, shelf: Shelf, key: &[u8]) -> Result<Option<fjall::Slice>, IndexError> {
        self.check_bucket(shelf, bucket_of(key))?;
        self.disk
            .get(shelf, key)
            .map_err(|doubt| self.distrust(doubt))
    }

    /// Compares a bucket with its sum, once after open.
    fn check_bucket(&self, shelf: Shelf, bucket: u16) -> Result<(), IndexError> {
        let Some(checked) = self.checked[shelf.number()].get(usize::from(bucket)) else {
            return Ok(());
        };
        while !checked.load(Ordering::Acquire) {
            let (epoch, expected) = {
                let sums = self.sums();
                let pending = sums.pending.get(&(shelf, bucket)).copied();
                (sums.epoch, [Some(sums.bucket(shelf, bucket)), pending])
            };
            let found = self.disk.scan(shelf, bucket);
            let found = found.map_err(|doubt| self.distrust(doubt))?;
            if expected.contains(&Some(found)) {
                checked.store(true, Ordering::Release);
            } else if self.sums().epoch == epoch {
                return Err(self.distrust(Doubt::Bucket { shelf, bucket }));
            }
            // Else a flush began or ended meanwhile: what was expected is out of date.
        }
        Ok(())
    }

    fn record(&self, log: &dyn Store, shelf: Shelf, position: u64) -> Result<Record, IndexError> {
        let record = log.read(position, 1)?.into_iter().next();
        record.ok_or_else(|| self.distrust(Doubt::Entry { shelf, position }))
    }

    pub(super) fn certain(&self) -> Result<(), IndexError> {
        match self.doubt.get() {
            Some(doubt) => Err(doubt.clone().into()),
            None => Ok(()),
        }
    }

    /// From now on every lookup fails.
    pub(super) fn distrust(&self, doubt: Doubt) -> IndexError {
        self.doubt.get_or_init(|| doubt).clone().into()
    }

    fn altered(&self, shelf: Shelf, key: &[u8]) -> IndexError {
        let bucket = bucket_of(key);
        self.distrust(Doubt::Bucket { shelf, bucket })
    }

    fn sums(&self) -> RwLockReadGuard<'_, Sums> {
        self.sums.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn sums_mut(&self) -> RwLockWriteGuard<'_, Sums> {
        self.sums.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn overlay(&self) -> RwLockReadGuard<'_, Overlay> {
        self.overlay.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn overlay_mut(&self) -> RwLockWriteGuard<'_, Overlay> {
        self.overlay.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sums {
    pub(super) fn bucket(&self, shelf: Shelf, bucket: u16) -> Sum {
        let sum = self.buckets[shelf.number()].get(usize::from(bucket));
        sum.copied().unwrap_or_default()
    }
}

/// Reads a record of the log.
pub(super) fn outline(position: u64, record: &Record) -> Result<Outline, IndexError> {
    let outline = Outline::read(&record.leaf).map_err(|source| leaf_error(position, source))?;
    if outline.position == position {
        Ok(outline)
    } else {
        let says = outline.position;
        Err(IndexError::Misplaced { position, says })
    }
}

fn leaf_error(position: u64, source: NotACommit) -> IndexError {
    IndexError::Leaf { position, source }
}

/// Leaf hash of the last commit below `complete_to`; zeros if there is none.
fn last_leaf(log: &dyn Store, complete_to: u64) -> Result<Digest, IndexError> {
    let Some(last) = complete_to.checked_sub(1) else {
        return Ok(Mark::EMPTY.last_leaf);
    };
    let record = log.read(last, 1)?.into_iter().next();
    record.map(|record| record.leaf_hash).ok_or_else(|| {
        let head = log.head();
        Doubt::Ahead { complete_to, head }.into()
    })
}

/// The generations in `dir`.
fn numbers_in(dir: &Path) -> Result<Vec<u64>, IndexError> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    Ok(numbers)
}

fn remove_others(dir: &Path, keep: u64) -> Result<(), IndexError> {
    for number in numbers_in(dir)? {
        if number != keep {
            std::fs::remove_dir_all(dir.join(number.to_string()))?;
        }
    }
    Ok(())
}
