//! The append: group, sync, head slot, sync, and only then the answer.
//!
//! Invariant: of a group that is answered `Full` or `TooLarge` nothing stays; after a failure whose
//! outcome is unknown nothing more is ever written by this process.
//! A crash before the first sync leaves a torn group above the head, which is cut; one between the
//! syncs leaves a whole group above the head, which is accepted.

use std::io;
use std::sync::Arc;

use super::Options;
use super::disk::{Disk, DiskFile, is_full};
use super::head::HeadFile;
use super::layout::{
    ENTRY_BYTES, FOOTER_BYTES, Footer, HEADER_BYTES, Header, encode_record, encode_table,
    record_bytes, running_after, segment_name,
};
use super::log::Log;
use super::segment::{Handle, Segment};
use super::spare::{SPARE_NAME, Spare};
use crate::commit::LEAF_BYTES_MAX;
use crate::hash::Digest;
use crate::store::{AppendError, Record};

/// Records of a group: the number of those that follow has 16 bits.
const GROUP_RECORDS_MAX: usize = 1 << 16;
/// Links of a record: their number has 16 bits.
const LINKS_MAX: usize = u16::MAX as usize;

/// The one writer of a log.
pub(super) struct Writer<D: Disk> {
    disk: D,
    options: Options,
    compare: bool,
    head: HeadFile<D::File>,
    /// The segment that grows.
    handle: Arc<Handle<D::File>>,
    /// A footer may stand in it: it takes no more records.
    sealed: bool,
    /// A write or sync failed: what is durable is not known.
    poisoned: bool,
    spare: Spare<D::File>,
    group: Group,
}

/// A group as it will stand on disk; kept between appends for its buffers.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    /// Offset of each record in `bytes`.
    offsets: Vec<u32>,
}

/// Why a group was not stored.
enum Stop {
    /// No space; everything is as before.
    Full,
    /// It is not known what is on disk.
    Unknown(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Unknown(error)
    }
}

/// Lack of space before anything of the log was touched.
fn full_or_unknown(error: io::Error) -> Stop {
    if is_full(&error) {
        Stop::Full
    } else {
        Stop::Unknown(error)
    }
}

/// File offsets are below the largest segment, 1 GiB.
fn offset32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Bytes of a segment that `records` records of `bytes` bytes need, closed.
fn needed(end: usize, bytes: usize, records: usize) -> usize {
    end + bytes + ENTRY_BYTES * records + FOOTER_BYTES
}

impl<D: Disk> Writer<D> {
    pub(super) fn new(
        disk: D,
        options: Options,
        compare: bool,
        head: HeadFile<D::File>,
        handle: Arc<Handle<D::File>>,
    ) -> Self {
        Self {
            disk,
            options,
            compare,
            head,
            handle,
            sealed: false,
            poisoned: false,
            spare: Spare::None,
            group: Group::default(),
        }
    }

    /// As [`crate::store::Store::append_at`].
    pub(super) fn append(
        &mut self,
        log: &Log<D>,
        position: u64,
        records: &[Record],
    ) -> Result<(), AppendError> {
        if self.poisoned {
            let source = io::Error::other("an earlier write of this process failed");
            return Err(AppendError::Unknown { position, source });
        }
        let (next, running) = {
            let state = log.state();
            (state.next, state.running)
        };
        if self.compare && position != next {
            let asked = position;
            return Err(AppendError::NotNext { asked, next });
        }
        self.check_sizes(records)?;
        if records.is_empty() {
            return Ok(());
        }
        let running = self.encode(next, &running, records);
        self.store(log, next + records.len() as u64, running)
            .map_err(|stop| match stop {
                Stop::Full => AppendError::Full,
                Stop::Unknown(source) => {
                    self.poisoned = true;
                    AppendError::Unknown { position, source }
                }
            })
    }

    fn check_sizes(&self, records: &[Record]) -> Result<(), AppendError> {
        let within = |what, size, max| {
            if size <= max {
                return Ok(());
            }
            Err(AppendError::TooLarge { what, size, max })
        };
        let mut bytes = 0;
        for record in records {
            within("a leaf", record.leaf.len(), LEAF_BYTES_MAX)?;
            within(
                "a commit's number of streams",
                record.links.len(),
                LINKS_MAX,
            )?;
            bytes += record_bytes(record) + ENTRY_BYTES;
        }
        within(
            "a group's number of records",
            records.len(),
            GROUP_RECORDS_MAX,
        )?;
        let room = self.options.segment_bytes as usize - HEADER_BYTES - FOOTER_BYTES;
        within("a group", bytes, room)
    }

    /// Lays the group out in the buffer; answers the running hash behind it.
    fn encode(&mut self, next: u64, running: &Digest, records: &[Record]) -> Digest {
        let Group { bytes, offsets } = &mut self.group;
        bytes.clear();
        offsets.clear();
        let mut running = *running;
        let positions = next..;
        let left = (0..records.len()).rev();
        for ((record, position), left) in records.iter().zip(positions).zip(left) {
            offsets.push(offset32(bytes.len()));
            let left = u16::try_from(left).unwrap_or(u16::MAX);
            encode_record(bytes, record, position, left);
            running = running_after(&running, &record.leaf_hash);
        }
        running
    }

    fn store(&mut self, log: &Log<D>, next: u64, running: Digest) -> Result<(), Stop> {
        let start = self.room(log)?;
        let bytes = self.group.bytes.len();
        if let Err(e) = self
            .handle
            .file
            .write_all_at(&self.group.bytes, start as u64)
        {
            return Err(self.take_back(start, e));
        }
        self.handle.file.sync_data()?;
        // Only after the group is durable: or a power cut would look like damage.
        if let Err(e) = self.head.write(next, running) {
            if is_full(&e) {
                // The slot first: while it may count, the group has to be there.
                self.head.undo()?;
            }
            return Err(self.take_back(start, e));
        }
        self.head.sync()?;
        for offset in &mut self.group.offsets {
            *offset += offset32(start);
        }
        let end = offset32(start + bytes);
        log.publish_group(&self.group.offsets, end, next, running);
        let half = self.options.segment_bytes / 2;
        if self.options.prepare_ahead && end > half {
            self.spare.begin(&self.disk, self.options.segment_bytes);
        }
        Ok(())
    }

    /// After lack of space: makes the group's place zero again, durably.
    fn take_back(&mut self, start: usize, error: io::Error) -> Stop {
        if !is_full(&error) {
            return Stop::Unknown(error);
        }
        let erased = self
            .handle
            .file
            .write_zeros(start as u64, self.group.bytes.len())
            .and_then(|()| self.handle.file.sync_data());
        match erased {
            Ok(()) => Stop::Full,
            Err(e) => Stop::Unknown(e),
        }
    }

    /// Offset at which the group fits; closes the segment and begins another if it must.
    fn room(&mut self, log: &Log<D>) -> Result<usize, Stop> {
        let (end, count, bytes) = {
            let state = log.state();
            let bytes = state.segments.last().map_or(0, |s| s.bytes as usize);
            (state.end as usize, state.offsets.len(), bytes)
        };
        let records = count + self.group.offsets.len();
        if !self.sealed && needed(end, self.group.bytes.len(), records) <= bytes {
            return Ok(end);
        }
        let spare = self
            .spare
            .take(&self.disk, self.options.segment_bytes)
            .map_err(full_or_unknown)?;
        let (header, footer) = match self.roll(log, &spare) {
            Ok(rolled) => rolled,
            Err(stop) => {
                self.spare = Spare::Ready(spare);
                return Err(stop);
            }
        };
        self.handle = Handle::new(spare);
        self.sealed = false;
        let next = Segment::growing(&header, Arc::clone(&self.handle));
        log.publish_segment(footer, next, offset32(HEADER_BYTES));
        Ok(HEADER_BYTES)
    }

    /// Footer, header, new name: each durable before the next, so that a segment which has a
    /// successor always has its footer.
    fn roll(&mut self, log: &Log<D>, spare: &D::File) -> Result<(Header, Footer), Stop> {
        let state = log.state();
        let header = Header {
            bytes: self.options.segment_bytes,
            first: state.next,
            running: state.running,
        };
        let mut tail = encode_table(&state.offsets);
        let footer = footer_of(&state, &tail);
        tail.extend_from_slice(&footer.encode());
        let bytes = state.segments.last().map_or(0, |s| s.bytes as usize);
        // Nobody else writes, so what was read stays true without the lock.
        drop(state);

        spare
            .write_all_at(&header.encode(), 0)
            .map_err(full_or_unknown)?;
        spare.sync_data()?;
        self.sealed = true;
        let offset = (bytes - tail.len()) as u64;
        let file = &self.handle.file;
        file.write_all_at(&tail, offset).map_err(full_or_unknown)?;
        file.sync_data()?;
        self.disk
            .rename(SPARE_NAME, &segment_name(header.first))
            .map_err(full_or_unknown)?;
        self.disk.sync_dir()?;
        Ok((header, footer))
    }
}

/// The footer that closes the growing segment as it is.
fn footer_of<F>(state: &super::log::State<F>, table: &[u8]) -> Footer {
    Footer {
        count: offset32(state.offsets.len()),
        end: state.end,
        first: state.segments.last().map_or(0, |s| s.first),
        running: state.running,
        table_crc: crc32c::crc32c(table),
    }
}

impl<D: Disk> Drop for Writer<D> {
    fn drop(&mut self) {
        self.spare.settle();
    }
}
