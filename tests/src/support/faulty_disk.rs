//! A disk on which one chosen call fails, in every way a call can, or on which space runs out.
//!
//! Invariant: apart from the chosen call it is the [`PowerDisk`] below it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ledger::store::embedded::{Disk, DiskFile};

use super::power_disk::{PowerDisk, PowerFile};

/// How the chosen call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// An I/O error; nothing happened. A failed sync also leaves its pages marked clean.
    NotStored,
    /// An I/O error; it happened all the same.
    Stored,
    /// No space; nothing happened.
    NoSpace,
    /// No space; it happened all the same.
    NoSpaceStored,
    /// Half of the bytes are written and the call says so; the rest goes through.
    Short,
    /// Half of the bytes are written and the call says so; the next call finds no space.
    ShortThenNoSpace,
    /// Half of the bytes are written and the call says so; the next call fails.
    ShortThenError,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NotStored,
        Self::Stored,
        Self::NoSpace,
        Self::NoSpaceStored,
        Self::Short,
        Self::ShortThenNoSpace,
        Self::ShortThenError,
    ];

    fn error(self) -> io::Error {
        match self {
            Self::NoSpace | Self::NoSpaceStored | Self::ShortThenNoSpace => {
                io::ErrorKind::StorageFull.into()
            }
            _ => io::Error::other("input/output error"),
        }
    }

    fn is_short(self) -> bool {
        matches!(
            self,
            Self::Short | Self::ShortThenNoSpace | Self::ShortThenError
        )
    }

    fn stores(self) -> bool {
        matches!(self, Self::Stored | Self::NoSpaceStored)
    }
}

#[derive(Debug)]
struct Plan {
    calls: AtomicUsize,
    fail_at: usize,
    failure: Failure,
    was_short: AtomicBool,
    no_new_space: AtomicBool,
}

/// The disk; clones are the same disk.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    inner: PowerDisk,
    plan: Arc<Plan>,
}

/// A file of it.
#[derive(Debug)]
pub struct FaultyFile {
    inner: PowerFile,
    plan: Arc<Plan>,
}

/// What happens to a call.
enum Fate {
    Works,
    Fails,
    /// The call after a short write.
    FailsAfterShort,
}

impl Plan {
    fn fate(&self) -> Fate {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if call == self.fail_at {
            Fate::Fails
        } else if self.was_short.swap(false, Ordering::Relaxed) && self.failure != Failure::Short {
            Fate::FailsAfterShort
        } else {
            Fate::Works
        }
    }

    /// A call that cannot be short.
    fn whole<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.fate() {
            Fate::Works => work(),
            _ if self.failure == Failure::Short => work(),
            _ => {
                if self.failure.stores() {
                    work()?;
                }
                Err(self.failure.error())
            }
        }
    }
}

impl FaultyDisk {
    /// `inner`, on which changing call number `fail_at` (from 0) fails by `failure`.
    pub fn new(inner: PowerDisk, fail_at: usize, failure: Failure) -> Self {
        let plan = Plan {
            calls: AtomicUsize::new(0),
            fail_at,
            failure,
            was_short: AtomicBool::new(false),
            no_new_space: AtomicBool::new(false),
        };
        let plan = Arc::new(plan);
        Self { inner, plan }
    }

    /// `inner`, on which nothing fails until space runs out.
    pub fn sound(inner: PowerDisk) -> Self {
        Self::new(inner, usize::MAX, Failure::NotStored)
    }

    /// Changing calls so far.
    pub fn calls(&self) -> usize {
        self.plan.calls.load(Ordering::Relaxed)
    }

    /// From now on (`true`) files cannot grow, or can again (`false`).
    pub fn fill(&self, full: bool) {
        self.plan.no_new_space.store(full, Ordering::Relaxed);
    }

    fn wrap(&self, inner: PowerFile) -> FaultyFile {
        let plan = Arc::clone(&self.plan);
        FaultyFile { inner, plan }
    }
}

impl Disk for FaultyDisk {
    type File = FaultyFile;
    type Lock = ();

    fn open(&self, name: &str, writable: bool) -> io::Result<FaultyFile> {
        Ok(self.wrap(self.inner.open(name, writable)?))
    }

    fn create(&self, name: &str) -> io::Result<FaultyFile> {
        let file = self.plan.whole(|| self.inner.create(name))?;
        Ok(self.wrap(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.plan.whole(|| self.inner.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.plan.whole(|| self.inner.remove(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.plan.whole(|| self.inner.sync_dir())
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<()>> {
        self.inner.try_lock(name)
    }
}

impl DiskFile for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let grows = offset + bytes.len() as u64 > self.inner.size()?;
        if grows && self.plan.no_new_space.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        match self.plan.fate() {
            Fate::Works => self.inner.write_at(bytes, offset),
            Fate::Fails if self.plan.failure.is_short() && bytes.len() > 1 => {
                self.plan.was_short.store(true, Ordering::Relaxed);
                self.inner.write_at(&bytes[..bytes.len() / 2], offset)
            }
            Fate::Fails | Fate::FailsAfterShort => {
                if self.plan.failure.stores() {
                    self.inner.write_at(bytes, offset)?;
                }
                Err(self.plan.failure.error())
            }
        }
    }

    fn size(&self) -> io::Result<u64> {
        self.inner.size()
    }

    fn sync_data(&self) -> io::Result<()> {
        let result = self.plan.whole(|| self.inner.sync_data());
        if result.is_err() {
            self.inner.forget_unsynced();
        }
        result
    }
}
