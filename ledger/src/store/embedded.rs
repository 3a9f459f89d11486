//! Commits in segment files of our own: the default store, and the reference for correctness.
//!
//! A directory holds `segment-<first position>.xfs` files, preallocated with zeros, of which only
//! the last one grows; `head`, which says how far the log is acknowledged; `lock`; a `spare` that
//! becomes the next segment; and `aside-<position>-<n>.bin` with what was cut after a crash. The
//! bytes are told in `layout.rs` and docs/FORMAT.md. An append is one write and one
//! `fdatasync` of the segment, then one write and one `fdatasync` of the head file.
//!
//! Invariant: what `append_at` acknowledged is found again byte for byte, or opening or reading
//! refuses and names file, offset and what to do; it is never left out and never served altered.
//! It rests on the disk's word that a synced byte stays and that an overwritten 512-byte sector is
//! the old or the new one.
//! A crash leaves the group that was being written whole or not at all; the next open finishes.

mod cursor;
mod damage;
mod disk;
mod head;
mod layout;
mod log;
mod recover;
mod scan;
mod segment;
mod spare;
mod verify;
mod writer;

use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub use damage::{Damage, Fault, OpenError};
pub use disk::{Disk, DiskFile, OsDisk, OsLock};
pub use verify::Verified;

use self::log::Log;
use self::writer::Writer;
use super::{AppendError, ReadError, Record, Store};

/// Smallest segment: a few records and its ends.
const SEGMENT_BYTES_MIN: u32 = 512;
/// Largest segment: opening reads one whole.
const SEGMENT_BYTES_MAX: u32 = 1 << 30;
/// Name of the lock file.
const LOCK_NAME: &str = "lock";

/// How a writer lays out new segments. Existing segments keep the size they were made with.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Bytes of a segment file; also bounds a group. 64 MiB unless told otherwise.
    pub segment_bytes: u32,
    /// Prepare the next segment in a thread once the growing one is half full, so that no group
    /// waits for the zeros; else the group that needs it makes it.
    pub prepare_ahead: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            prepare_ahead: true,
        }
    }
}

/// Which of its defences a store is compiled with.
///
/// No configuration reaches them: production names [`Strict`], which has all. The tests compile
/// stores that lack one and prove that a test notices.
pub trait Checks: Send + Sync + 'static {
    /// Hold every record read against its CRC.
    const CRC: bool = true;
    /// Believe the head file about what is acknowledged.
    const HEAD: bool = true;
    /// Refuse an append that is not at the next position.
    const COMPARE: bool = true;
}

/// All defences.
#[derive(Debug)]
pub struct Strict;

impl Checks for Strict {}

/// A log in segment files. Readers never wait for the writer's disk.
pub struct EmbeddedStore<D: Disk = OsDisk, C: Checks = Strict> {
    log: Log<D>,
    /// `None` when opened for reading only. Dropped before the lock: its thread may still write.
    writer: Option<Mutex<Writer<D>>>,
    _lock: Option<D::Lock>,
    _checks: PhantomData<fn() -> C>,
}

impl EmbeddedStore {
    /// Opens the log in the directory `dir`, makes both if they are not there, and repairs what a
    /// crash left above the head. Reads each segment's ends and all of the last segment.
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        Self::open_on(OsDisk::make(dir)?, options)
    }

    /// Opens the log in `dir` for reading what is acknowledged now, while a writer may be at work;
    /// takes no lock, changes nothing and passes over what stands above the head.
    pub fn open_read_only(dir: &Path) -> Result<Self, OpenError> {
        Self::open_read_only_on(OsDisk::at(dir))
    }
}

impl<D: Disk, C: Checks> EmbeddedStore<D, C> {
    /// As [`EmbeddedStore::open`], on `disk`.
    pub fn open_on(disk: D, options: Options) -> Result<Self, OpenError> {
        let asked = options.segment_bytes;
        let (min, max) = (SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
        if !(min..=max).contains(&asked) {
            return Err(OpenError::SegmentBytes { asked, min, max });
        }
        let lock = disk.try_lock(LOCK_NAME)?.ok_or(OpenError::InUse)?;
        let recover::Opened {
            state,
            head,
            handle,
        } = recover::open_writable::<D, C>(&disk, options)?;
        let writer = Writer::new(disk.clone(), options, C::COMPARE, head, handle);
        Ok(Self {
            log: Log::new(disk, C::CRC, state),
            writer: Some(Mutex::new(writer)),
            _lock: Some(lock),
            _checks: PhantomData,
        })
    }

    /// As [`EmbeddedStore::open_read_only`], on `disk`.
    pub fn open_read_only_on(disk: D) -> Result<Self, OpenError> {
        let state = recover::open_read_only::<D, C>(&disk)?;
        Ok(Self {
            log: Log::new(disk, C::CRC, state),
            writer: None,
            _lock: None,
            _checks: PhantomData,
        })
    }

    /// Reads all of the log again up to the head and checks every byte: CRCs, positions, groups,
    /// running hash, tables and footers. Reports the first damage. Appends go on meanwhile.
    pub fn verify(&self) -> Result<Verified, ReadError> {
        verify::verify(&self.log)
    }
}

impl<D: Disk, C: Checks> Store for EmbeddedStore<D, C> {
    fn append_at(&self, position: u64, records: &[Record]) -> Result<(), AppendError> {
        let writer = self.writer.as_ref().ok_or(AppendError::ReadOnly)?;
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.append(&self.log, position, records)
    }

    fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, ReadError> {
        self.log.read(from, limit)
    }

    fn head(&self) -> u64 {
        self.log.state().next
    }
}

impl<D: Disk, C: Checks> std::fmt::Debug for EmbeddedStore<D, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("head", &self.log.state().next)
            .finish_non_exhaustive()
    }
}
