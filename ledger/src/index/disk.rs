//! The index's files: three fjall keyspaces and nothing that trusts them.
//!
//! Invariant: whatever a damaged file makes fjall do (an error, a panic, a wrong answer), the caller
//! gets a [`Doubt`] or bytes that it still has to check.
//! A crash leaves each batch whole, absent, or the files unreadable; nothing is ever synced.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, Readable as _};

use super::entry::{BUCKETS, MARK_KEY, Mark, Part, Sum, bucket_of, parse_row_key, row_key};
use super::sieve::look_through;
use super::{Doubt, IndexError};

/// Small memtables: what lies in them must be read back from the journal at the next start.
const MEMTABLE_BYTES_MAX: u64 = 8 << 20;
/// Room for hot blocks; heads in use are cached by their readers anyway.
const CACHE_BYTES: u64 = 32 << 20;
/// The least that fjall takes.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// New rows and new sums by bucket, to be written as one batch.
pub(super) type BucketSums = HashMap<(Part, u16), Sum>;

/// What the sums' keyspace holds.
pub(super) struct Loaded {
    /// `None` = never written.
    pub(super) mark: Option<Mark>,
    /// Sums of all buckets, by [`Part::number`].
    pub(super) buckets: [Vec<Sum>; 2],
}

pub(super) struct Disk {
    // Declared before the database, so that handles are gone when it closes.
    parts: [Keyspace; 2],
    sums: Keyspace,
    database: Closing,
}

/// A database that may have stopped at an assertion: closing it then stops at the next, over a lock
/// that the first one poisoned.
struct Closing(Option<Database>);

impl Drop for Closing {
    fn drop(&mut self) {
        let database = self.0.take();
        // Nothing is lost: whoever stopped it is in doubt already.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
    }
}

impl Closing {
    fn open(&self) -> fjall::Result<&Database> {
        self.0.as_ref().ok_or(fjall::Error::Poisoned)
    }
}

impl Disk {
    /// Opens or creates the files in `dir`.
    pub(super) fn open(dir: &Path) -> Result<Self, IndexError> {
        look_through(dir)?;
        // fjall asserts on some damaged files instead of failing; a disposable index must not
        // keep its owner from starting.
        let opened = catch_unwind(|| {
            Database::builder(dir)
                .worker_threads(2)
                .cache_size(CACHE_BYTES)
                .max_journaling_size(JOURNAL_BYTES_MAX)
                .open()
        });
        let database = match opened {
            Ok(Ok(database)) => database,
            Ok(Err(fjall::Error::Locked)) => return Err(IndexError::Locked),
            Ok(Err(e)) => return Err(Doubt::Unreadable(e.to_string()).into()),
            Err(_) => return Err(asserted().into()),
        };
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES_MAX);
        let keyspaces = guarded(|| {
            Ok((
                [
                    database.keyspace(Part::Streams.name(), options)?,
                    database.keyspace(Part::Ids.name(), options)?,
                ],
                database.keyspace("sums", options)?,
            ))
        });
        let database = Closing(Some(database));
        let (parts, sums) = keyspaces?;
        Ok(Self {
            parts,
            sums,
            database,
        })
    }

    /// Reads mark and bucket rows.
    pub(super) fn load(&self) -> Result<Loaded, Doubt> {
        let mut loaded = Loaded {
            mark: None,
            buckets: [vec![Sum::default(); BUCKETS], vec![Sum::default(); BUCKETS]],
        };
        let rows = guarded(|| {
            let mut rows = Vec::new();
            for row in self.sums.iter() {
                rows.push(row.into_inner()?);
            }
            Ok(rows)
        })?;
        for (key, value) in rows {
            if key[..] == MARK_KEY {
                loaded.mark = Some(Mark::decode(&value).ok_or(Doubt::Mark("its check fails"))?);
                continue;
            }
            let place = parse_row_key(&key)
                .and_then(|(part, bucket)| {
                    loaded.buckets[part.number()].get_mut(usize::from(bucket))
                })
                .ok_or(Doubt::Mark("a row that nobody wrote"))?;
            *place = Sum::decode(&value).ok_or(Doubt::Mark("a bucket's row has another form"))?;
        }
        Ok(loaded)
    }

    /// Whether there is no entry at all.
    pub(super) fn is_empty(&self) -> Result<bool, Doubt> {
        guarded(|| Ok(self.parts[0].is_empty()? && self.parts[1].is_empty()?))
    }

    /// The value of `key`.
    pub(super) fn get(&self, part: Part, key: &[u8]) -> Result<Option<fjall::Slice>, Doubt> {
        guarded(|| self.parts[part.number()].get(key))
    }

    /// The sum of what really lies in a bucket.
    pub(super) fn scan(&self, part: Part, bucket: u16) -> Result<Sum, Doubt> {
        let mut sum = Sum::default();
        guarded(|| {
            for entry in self.parts[part.number()].prefix(bucket.to_be_bytes()) {
                let (key, value) = entry.into_inner()?;
                sum.insert(&key, &value);
            }
            Ok(())
        })?;
        Ok(sum)
    }

    /// The files as they are now, whatever is written later.
    pub(super) fn view(&self) -> Result<View, Doubt> {
        guarded(|| {
            Ok(View {
                snapshot: self.database.open()?.snapshot(),
                parts: self.parts.clone(),
            })
        })
    }

    /// Writes entries, the rows of their buckets and the mark: all or nothing.
    pub(super) fn write(
        &self,
        entries: impl Iterator<Item = (Part, Vec<u8>, Vec<u8>)>,
        sums: &BucketSums,
        mark: &Mark,
    ) -> Result<(), Doubt> {
        guarded(|| {
            let mut batch = self.database.open()?.batch();
            for (part, key, value) in entries {
                batch.insert(&self.parts[part.number()], key, value);
            }
            for (&(part, bucket), sum) in sums {
                batch.insert(&self.sums, row_key(part, bucket), sum.encode());
            }
            batch.insert(&self.sums, MARK_KEY, mark.encode());
            batch.commit()
        })
    }
}

/// The files at one moment.
pub(super) struct View {
    snapshot: fjall::Snapshot,
    parts: [Keyspace; 2],
}

impl View {
    /// The value of `key`.
    pub(super) fn get(&self, part: Part, key: &[u8]) -> Result<Option<fjall::Slice>, Doubt> {
        guarded(|| self.snapshot.get(&self.parts[part.number()], key))
    }

    /// The sums of what really lies in the buckets of a part.
    pub(super) fn scan(&self, part: Part) -> Result<Vec<Sum>, Doubt> {
        let mut sums = vec![Sum::default(); BUCKETS];
        guarded(|| {
            for entry in self.snapshot.iter(&self.parts[part.number()]) {
                let (key, value) = entry.into_inner()?;
                if let Some(sum) = sums.get_mut(usize::from(bucket_of(&key))) {
                    sum.insert(&key, &value);
                }
            }
            Ok(())
        })?;
        Ok(sums)
    }
}

fn guarded<T>(work: impl FnOnce() -> fjall::Result<T>) -> Result<T, Doubt> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(e)) => Err(Doubt::Unreadable(e.to_string())),
        Err(_) => Err(asserted()),
    }
}

fn asserted() -> Doubt {
    Doubt::Unreadable("the database stopped at one of its own assertions".into())
}
