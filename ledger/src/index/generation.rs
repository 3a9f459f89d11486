//! One set of index files with what is known beyond them: opened, checked, asked, grown, thrown away.
//!
//! Invariant: entries, bucket rows and mark change in one batch; the sums in memory are those of the
//! files, or for the time of a flush the files' are `sums.buckets` or `sums.pending`.
//! A crash leaves some batch's state; open sees whether it is whole and replays the rest.

mod growth;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use uuid::Uuid;

use super::disk::{BucketSums, Disk, Loaded};
use super::entry::{BUCKETS, Mark, Part, Sum, bucket_of, decode_position, id_key, stream_key};
use super::overlay::Overlay;
use super::{Doubt, IndexError, Opened, StreamHead};
use crate::commit::{NotACommit, Outline, Touch};
use crate::fact::Stream;
use crate::hash::Digest;
use crate::store::{Record, Store};

pub(super) struct Generation {
    disk: Disk,
    sums: RwLock<Sums>,
    number: u64,
    dir: PathBuf,
    /// Buckets whose sum was compared with their entries since open, by part.
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
    pub(super) fn open_newest(dir: &Path, log: &dyn Store) -> Result<(Self, Opened), IndexError> {
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
        let _ = std::fs::remove_file(opening_mark(dir, number));
        match Self::open(dir, number) {
            // What is empty now is written by this process alone: nothing lay there unwatched.
            Ok(new) if new.complete_to() == 0 => {
                for bucket in new.checked.iter().flatten() {
                    bucket.store(true, Ordering::Release);
                }
                Ok(new)
            }
            // Files that were never there cannot be damaged: it is the disk that fails.
            Err(IndexError::Doubt(doubt)) => {
                Err(IndexError::Io(std::io::Error::other(doubt.to_string())))
            }
            other => other,
        }
    }

    fn open(dir: &Path, number: u64) -> Result<Self, IndexError> {
        let (disk, loaded) = load(dir, number)?;
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
            dir: dir.join(number.to_string()),
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
        let Some(value) = self.stored(Part::Streams, &key)? else {
            return Ok(None);
        };
        let head = StreamHead::decode(&value).ok_or_else(|| self.altered(Part::Streams, &key))?;
        let record = self.record(log, Part::Streams, head.position)?;
        let last = Touch::all(&record.leaf)
            .map_err(|source| leaf_error(head.position, source))?
            .iter()
            .rfind(|touch| touch.stream == stream.as_str())
            .map(|touch| touch.revision.wrapping_add(1));
        if last == Some(head.revisions) {
            return Ok(Some(head));
        }
        Err(self.distrust(Doubt::Entry {
            part: Part::Streams,
            position: head.position,
        }))
    }

    pub(super) fn id(&self, log: &dyn Store, id: Uuid) -> Result<Option<u64>, IndexError> {
        self.certain()?;
        if let Some(position) = self.overlay().id(id) {
            return Ok(Some(position));
        }
        let key = id_key(id);
        let Some(value) = self.stored(Part::Ids, &key)? else {
            return Ok(None);
        };
        let position = decode_position(&value).ok_or_else(|| self.altered(Part::Ids, &key))?;
        let record = self.record(log, Part::Ids, position)?;
        if outline(position, &record)?.id == id {
            return Ok(Some(position));
        }
        Err(self.distrust(Doubt::Entry {
            part: Part::Ids,
            position,
        }))
    }

    /// The value of `key`, out of a bucket that is what was written.
    fn stored(&self, part: Part, key: &[u8]) -> Result<Option<fjall::Slice>, IndexError> {
        self.check_bucket(part, bucket_of(key))?;
        self.disk
            .get(part, key)
            .map_err(|doubt| self.distrust(doubt))
    }

    /// Compares a bucket with its sum, once after open.
    fn check_bucket(&self, part: Part, bucket: u16) -> Result<(), IndexError> {
        let Some(checked) = self.checked[part.number()].get(usize::from(bucket)) else {
            return Ok(());
        };
        while !checked.load(Ordering::Acquire) {
            let (epoch, expected) = {
                let sums = self.sums();
                let pending = sums.pending.get(&(part, bucket)).copied();
                (sums.epoch, [Some(sums.bucket(part, bucket)), pending])
            };
            let found = self.disk.scan(part, bucket);
            let found = found.map_err(|doubt| self.distrust(doubt))?;
            if expected.contains(&Some(found)) {
                checked.store(true, Ordering::Release);
            } else if self.sums().epoch == epoch {
                return Err(self.distrust(Doubt::Bucket { part, bucket }));
            }
            // Else a flush began or ended meanwhile: what was expected is out of date.
        }
        Ok(())
    }

    fn record(&self, log: &dyn Store, part: Part, position: u64) -> Result<Record, IndexError> {
        let record = log.read(position, 1)?.into_iter().next();
        record.ok_or_else(|| self.distrust(Doubt::Entry { part, position }))
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

    fn altered(&self, part: Part, key: &[u8]) -> IndexError {
        let bucket = bucket_of(key);
        self.distrust(Doubt::Bucket { part, bucket })
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
    pub(super) fn bucket(&self, part: Part, bucket: u16) -> Sum {
        let sum = self.buckets[part.number()].get(usize::from(bucket));
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

/// Opens and reads the files, marked as being opened: damage that ends the process right here is
/// found by the next start instead of ending that one too.
fn load(dir: &Path, number: u64) -> Result<(Disk, Loaded), IndexError> {
    let mark = opening_mark(dir, number);
    if mark.try_exists()? {
        return Err(Doubt::Unreadable("an earlier opening of them did not end".into()).into());
    }
    std::fs::write(&mark, [])?;
    let opened = Disk::open(&dir.join(number.to_string())).and_then(|disk| {
        let loaded = disk.load()?;
        Ok((disk, loaded))
    });
    std::fs::remove_file(&mark)?;
    opened
}

fn opening_mark(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number}.opening"))
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
            let _ = std::fs::remove_file(opening_mark(dir, number));
        }
    }
    Ok(())
}
