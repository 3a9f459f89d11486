//! The scrub: reads everything below the head again and holds it against every check there is.
//!
//! Invariant: `Ok` means that each byte below the head is one that the writer wrote, in its place.
//! A crash loses nothing: the scrub only reads.

use std::io;
use std::sync::Arc;

use super::cursor::{Cursor, Step};
use super::damage::{Damage, Fault};
use super::disk::{Disk, DiskFile};
use super::layout::{FOOTER_BYTES, Footer, HEADER_BYTES, Header, RUNNING_START, running_after};
use super::log::Log;
use super::scan::not_zero;
use super::segment::Segment;
use crate::hash::Digest;
use crate::merkle;
use crate::store::ReadError;

/// What a scrub went through without finding damage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Segments, the growing one included.
    pub segments: usize,
    /// Commits, which is the head the scrub began with.
    pub commits: u64,
    /// Groups they were appended in.
    pub groups: u64,
    /// Bytes of their records.
    pub record_bytes: u64,
    /// Running hash behind the last one (docs/FORMAT.md).
    pub running: Digest,
}

/// Why a segment did not pass.
enum Stop {
    Damage(Damage),
    Read(ReadError),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Read(error.into())
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<Damage> for Stop {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

/// Scrubs the log up to the head it has now; reports the first damage.
pub(super) fn verify<D: Disk>(log: &Log<D>) -> Result<Verified, ReadError> {
    let (segments, next, running) = {
        let state = log.state();
        (state.segments.clone(), state.next, state.running)
    };
    let mut done = Verified {
        segments: segments.len(),
        commits: 0,
        groups: 0,
        record_bytes: 0,
        running: RUNNING_START,
    };
    for segment in &segments {
        verify_segment(log, segment, next, &mut done).map_err(|stop| match stop {
            Stop::Damage(damage) => damage.into(),
            Stop::Read(ReadError::Io(e)) if e.kind() == io::ErrorKind::UnexpectedEof => {
                let expected = u64::from(segment.bytes);
                let found = 0;
                segment
                    .damage(0, segment.first, Fault::Size { expected, found })
                    .into()
            }
            Stop::Read(error) => error,
        })?;
    }
    if let Some(last) = segments.last()
        && (done.commits, done.running) != (next, running)
    {
        return Err(last.damage(0, done.commits, Fault::Running).into());
    }
    Ok(done)
}

fn verify_segment<D: Disk>(
    log: &Log<D>,
    segment: &Arc<Segment<D::File>>,
    next: u64,
    done: &mut Verified,
) -> Result<(), Stop> {
    let held = log.hold(segment)?;
    let file = &held.file;
    let damage = |offset, position, fault| Stop::from(segment.damage(offset, position, fault));
    let found = file.size()?;
    if found != u64::from(segment.bytes) {
        let expected = u64::from(segment.bytes);
        return Err(damage(0, segment.first, Fault::Size { expected, found }));
    }
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0)?;
    let expected = Header {
        bytes: segment.bytes,
        first: done.commits,
        running: done.running,
    };
    if header != expected.encode() {
        return Err(damage(0, segment.first, Fault::Header));
    }
    let (until, limit) = match &segment.footer {
        Some(footer) => (segment.first + u64::from(footer.count), footer.end as usize),
        None => (next, segment.bytes as usize - FOOTER_BYTES),
    };
    let offsets = verify_records(log, segment, file, until, limit, done)?;
    if let Some(footer) = &segment.footer {
        verify_end(segment, file, footer, &offsets, done)?;
    }
    Ok(())
}

/// Walks the records up to position `until`; answers their offsets.
fn verify_records<D: Disk>(
    log: &Log<D>,
    segment: &Segment<D::File>,
    file: &D::File,
    until: u64,
    limit: usize,
    done: &mut Verified,
) -> Result<Vec<u32>, Stop> {
    let mut cursor = Cursor::new(file, HEADER_BYTES, limit, log.check_crc());
    let mut offsets = Vec::new();
    let mut left = 0;
    while done.commits < until {
        let offset = cursor.offset();
        let fault = match cursor.step()? {
            Step::Record(view) if view.position != done.commits => Fault::Position(view.position),
            Step::Record(view) if left != 0 && view.left != left - 1 => Fault::Group,
            Step::Record(view) => {
                left = view.left;
                done.groups += u64::from(left == 0);
                done.running = running_after(&done.running, &merkle::leaf_hash(view.leaf));
                done.commits += 1;
                done.record_bytes += (cursor.offset() - offset) as u64;
                offsets.push(u32::try_from(offset).unwrap_or(u32::MAX));
                continue;
            }
            Step::End => Fault::NoRecord,
            Step::Bad(fault) => fault,
        };
        return Err(segment.damage(offset, done.commits, fault).into());
    }
    if left != 0 {
        let offset = cursor.offset();
        return Err(segment.damage(offset, done.commits, Fault::Group).into());
    }
    Ok(offsets)
}

/// Checks what stands behind the records of a closed segment.
fn verify_end<F: DiskFile>(
    segment: &Segment<F>,
    file: &F,
    footer: &Footer,
    offsets: &[u32],
    done: &Verified,
) -> Result<(), Stop> {
    let damage = |offset, fault| Stop::from(segment.damage(offset, done.commits, fault));
    let at = segment.bytes as usize - FOOTER_BYTES;
    let mut bytes = [0; FOOTER_BYTES];
    file.read_exact_at(&mut bytes, at as u64)?;
    if bytes != footer.encode() {
        return Err(damage(at, Fault::Footer));
    }
    if footer.running != done.running {
        return Err(damage(at, Fault::Running));
    }
    let table_at = segment.table_offset(footer);
    if segment.load_table(file, footer)? != offsets {
        return Err(damage(table_at, Fault::Table));
    }
    if let Some((from, _)) = not_zero(file, footer.end as usize, table_at)? {
        return Err(damage(from, Fault::NotZero));
    }
    Ok(())
}
