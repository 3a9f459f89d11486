//! The log as readers see it: the segments, where the records of the growing one lie, the head.
//!
//! Invariant: readers see a group only after its head slot is durable, and then at once; no lock is
//! held while a file is read.
//! A crash loses nothing here: all of it is rebuilt from the files on open.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::cursor::{Cursor, Step};
use super::damage::Fault;
use super::disk::Disk;
use super::layout::{ENTRY_BYTES, Footer};
use super::segment::{Handle, Segment};
use crate::hash::Digest;
use crate::store::{LEAVES_BYTES_MAX, ReadError, Record};

/// Closed segments whose files are held open: below the usual limit of 1,024 for a process.
const HELD_MAX: usize = 512;
/// Bytes of offset tables held in memory (16 million positions); more are looked up on disk.
const TABLES_BYTES_MAX: usize = 64 << 20;

/// What the writer publishes.
pub(super) struct State<F> {
    /// In order; never empty; the last one grows.
    pub(super) segments: Vec<Arc<Segment<F>>>,
    /// Offset of each record of the last segment.
    pub(super) offsets: Vec<u32>,
    /// Offset behind its last record.
    pub(super) end: u32,
    /// Next position.
    pub(super) next: u64,
    /// Running hash at that position.
    pub(super) running: Digest,
}

/// The reading side of a store.
pub(super) struct Log<D: Disk> {
    disk: D,
    check_crc: bool,
    state: RwLock<State<D::File>>,
    held_count: AtomicUsize,
    tables_bytes: AtomicUsize,
}

/// Records that follow each other in one segment.
struct Span<F> {
    segment: Arc<Segment<F>>,
    held: Arc<Handle<F>>,
    /// Positions, the second one excluded.
    from: u64,
    to: u64,
    /// Offsets, the second one excluded.
    start: usize,
    end: usize,
}

/// Memory indexes are as wide as positions on every machine we run on.
fn index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

impl<D: Disk> Log<D> {
    pub(super) fn new(disk: D, check_crc: bool, state: State<D::File>) -> Self {
        Self {
            disk,
            check_crc,
            state: RwLock::new(state),
            held_count: AtomicUsize::new(0),
            tables_bytes: AtomicUsize::new(0),
        }
    }

    pub(super) fn state(&self) -> RwLockReadGuard<'_, State<D::File>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn check_crc(&self) -> bool {
        self.check_crc
    }

    /// Shows readers a group that is durable.
    pub(super) fn publish_group(&self, offsets: &[u32], end: u32, next: u64, running: Digest) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.offsets.extend_from_slice(offsets);
        state.end = end;
        state.next = next;
        state.running = running;
    }

    /// Closes the last segment for readers and shows them the next one, which is empty.
    pub(super) fn publish_segment(&self, footer: Footer, next: Segment<D::File>, end: u32) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let table = std::mem::take(&mut state.offsets);
        if let Some(last) = state.segments.pop() {
            let held = last.held();
            if let Some(held) = &held
                && self.reserve(table.len())
            {
                self.held_count.fetch_add(1, Ordering::Relaxed);
                // The table of a segment that grew was empty: this is the first value.
                let _ = held.table.set(table);
            }
            state.segments.push(Arc::new(Segment {
                name: last.name.clone(),
                first: last.first,
                bytes: last.bytes,
                footer: Some(footer),
                held: RwLock::new(held),
            }));
        }
        state.segments.push(Arc::new(next));
        state.end = end;
    }

    /// As [`crate::store::Store::read`].
    pub(super) fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, ReadError> {
        let to = from.saturating_add(limit as u64);
        let mut answer = Answer::default();
        let mut at = from;
        while let Some(span) = self.span(at, to)? {
            if !self.read_span(&span, &mut answer)? {
                break;
            }
            at = span.to;
        }
        Ok(answer.records)
    }

    /// The records from `at` on, up to `to`, the head or the end of the segment.
    fn span(&self, at: u64, to: u64) -> Result<Option<Span<D::File>>, ReadError> {
        let state = self.state();
        let to = to.min(state.next);
        if at >= to {
            return Ok(None);
        }
        let i = state.segments.partition_point(|s| s.first <= at) - 1;
        let segment = Arc::clone(&state.segments[i]);
        let from = index(at - segment.first);
        let Some(footer) = segment.footer else {
            let until = index(to - segment.first);
            let start = state.offsets[from] as usize;
            let end = *state.offsets.get(until).unwrap_or(&state.end) as usize;
            drop(state);
            let held = self.hold(&segment)?;
            return Ok(Some(Span {
                segment,
                held,
                from: at,
                to,
                start,
                end,
            }));
        };
        drop(state);
        let to = to.min(segment.first + u64::from(footer.count));
        let until = index(to - segment.first);
        let held = self.hold(&segment)?;
        let (start, end) = match self.table(&segment, &held, &footer)? {
            Some(table) => (table[from], *table.get(until).unwrap_or(&footer.end)),
            None => segment.entries(&held.file, &footer, from, until)?,
        };
        Ok(Some(Span {
            segment,
            held,
            from: at,
            to,
            start: start as usize,
            end: end as usize,
        }))
    }

    /// Adds the span's records to the answer; `false` when the answer is full.
    fn read_span(&self, span: &Span<D::File>, answer: &mut Answer) -> Result<bool, ReadError> {
        answer.records.reserve(index(span.to - span.from).min(4096));
        let mut cursor = Cursor::new(&span.held.file, span.start, span.end, self.check_crc);
        for position in span.from..span.to {
            let offset = cursor.offset();
            let fault = match cursor.step() {
                Ok(Step::Record(view)) if view.position == position => {
                    if !answer.fits(view.leaf.len()) {
                        return Ok(false);
                    }
                    answer.records.push(view.to_record());
                    continue;
                }
                Ok(Step::Record(view)) => Fault::Position(view.position),
                Ok(Step::End) => Fault::NoRecord,
                Ok(Step::Bad(fault)) => fault,
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Fault::Size {
                    expected: u64::from(span.segment.bytes),
                    found: super::disk::DiskFile::size(&span.held.file)?,
                },
                Err(e) => return Err(e.into()),
            };
            return Err(span.segment.damage(offset, position, fault).into());
        }
        Ok(true)
    }

    /// The segment's handle; opens the file if it is not held.
    pub(super) fn hold(
        &self,
        segment: &Segment<D::File>,
    ) -> Result<Arc<Handle<D::File>>, ReadError> {
        if let Some(held) = segment.held() {
            return Ok(held);
        }
        let file = self.disk.open(&segment.name, false).map_err(|e| {
            if e.kind() == io::ErrorKind::NotFound {
                segment.damage(0, segment.first, Fault::Missing).into()
            } else {
                ReadError::from(e)
            }
        })?;
        if self.held_count.fetch_add(1, Ordering::Relaxed) >= HELD_MAX {
            self.let_go();
        }
        let held = Handle::new(file);
        segment.hold(Some(Arc::clone(&held)));
        Ok(held)
    }

    /// Closes every held file of closed segments: cheaper than keeping an order of use, and rare.
    fn let_go(&self) {
        let closed: Vec<_> = {
            let state = self.state();
            let closed = state.segments.iter().filter(|s| s.footer.is_some());
            closed.cloned().collect()
        };
        for segment in closed {
            segment.hold(None);
        }
        self.held_count.store(1, Ordering::Relaxed);
        self.tables_bytes.store(0, Ordering::Relaxed);
    }

    /// The offset table of a closed segment, if memory for it is left.
    fn table<'h>(
        &self,
        segment: &Segment<D::File>,
        held: &'h Handle<D::File>,
        footer: &Footer,
    ) -> Result<Option<&'h Vec<u32>>, ReadError> {
        if let Some(table) = held.table.get() {
            return Ok(Some(table));
        }
        if !self.reserve(footer.count as usize) {
            return Ok(None);
        }
        let table = segment.load_table(&held.file, footer)?;
        Ok(Some(held.table.get_or_init(|| table)))
    }

    /// Counts a table of so many entries against the limit; `false` if it does not fit any more.
    fn reserve(&self, entries: usize) -> bool {
        let bytes = ENTRY_BYTES * entries;
        let before = self.tables_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes <= TABLES_BYTES_MAX {
            return true;
        }
        self.tables_bytes.fetch_sub(bytes, Ordering::Relaxed);
        false
    }
}

/// Records gathered for one answer.
#[derive(Default)]
struct Answer {
    records: Vec<Record>,
    leaves_bytes: usize,
}

impl Answer {
    /// Counts a leaf; `false` if the answer is complete without it.
    fn fits(&mut self, leaf_bytes: usize) -> bool {
        self.leaves_bytes += leaf_bytes;
        self.records.is_empty() || self.leaves_bytes <= LEAVES_BYTES_MAX
    }
}
