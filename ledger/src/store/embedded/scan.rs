//! Walks the last segment on open: what is acknowledged, what a whole group adds, what is not zero.
//!
//! Invariant: below the head every misfit is damage; above it only whole groups count.
//! A crash shows here as what stands behind the last whole group.

use std::io;
use std::sync::Arc;

use super::cursor::{Cursor, Step};
use super::damage::{Fault, OpenError};
use super::disk::DiskFile;
use super::layout::{FOOTER_BYTES, HEADER_BYTES, Header, Slot, running_after};
use super::log::State;
use super::segment::Segment;
use crate::hash::Digest;
use crate::merkle;

/// Bytes looked at at once in space that should be zero.
const CHUNK_BYTES: usize = 256 << 10;

/// What the last segment holds up to its last whole group.
pub(super) struct Scan {
    /// Offset of each record.
    offsets: Vec<u32>,
    /// Offset behind the last acknowledged record.
    pub(super) head_end: usize,
    /// Offset behind the last record of a whole group.
    pub(super) end: usize,
    /// Position behind it.
    pub(super) next: u64,
    /// Running hash behind it.
    pub(super) running: Digest,
}

impl Scan {
    /// What readers see of a log that ends with this segment.
    pub(super) fn into_state<F>(self, segments: Vec<Arc<Segment<F>>>) -> State<F> {
        State {
            segments,
            offsets: self.offsets,
            end: offset32(self.end),
            next: self.next,
            running: self.running,
        }
    }
}

fn offset32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Walks the last segment; any misfit below `base` is damage. Above it, whole groups are counted in
/// if `accept`.
pub(super) fn scan<F: DiskFile>(
    segment: &Segment<F>,
    header: &Header,
    file: &F,
    base: &Slot,
    check_crc: bool,
    accept: bool,
) -> Result<Scan, OpenError> {
    let limit = header.bytes as usize - FOOTER_BYTES;
    let mut cursor = Cursor::new(file, HEADER_BYTES, limit, check_crc);
    let mut offsets = Vec::new();
    let (mut position, mut running, mut left) = (header.first, header.running, 0);
    let mut head_end = HEADER_BYTES;
    let mut whole = None;
    loop {
        let offset = cursor.offset();
        if position == base.next {
            head_end = offset;
            if left != 0 || running != base.running {
                let fault = if left == 0 {
                    Fault::Running
                } else {
                    Fault::Group
                };
                return Err(segment.damage(offset, position, fault).into());
            }
        }
        if left == 0 && position >= base.next {
            whole = Some((offsets.len(), offset, position, running));
            if !accept {
                break;
            }
        }
        let fault = match cursor.step()? {
            Step::Record(view) if view.position != position => Fault::Position(view.position),
            Step::Record(view) if left != 0 && view.left != left - 1 => Fault::Group,
            Step::Record(view) => {
                running = running_after(&running, &merkle::leaf_hash(view.leaf));
                left = view.left;
                position += 1;
                offsets.push(offset32(offset));
                continue;
            }
            Step::End => Fault::NoRecord,
            Step::Bad(fault) => fault,
        };
        if position < base.next {
            return Err(segment.damage(offset, position, fault).into());
        }
        break;
    }
    // The loop ends only at or above the head, where a whole group ended last at the head itself.
    let (count, end, next, running) =
        whole.unwrap_or((0, HEADER_BYTES, header.first, header.running));
    offsets.truncate(count);
    Ok(Scan {
        offsets,
        head_end,
        end,
        next,
        running,
    })
}

/// The smallest range of offsets in `start..end` outside of which all bytes are zero.
pub(super) fn not_zero<F: DiskFile>(
    file: &F,
    start: usize,
    end: usize,
) -> io::Result<Option<(usize, usize)>> {
    let zeros = vec![0; CHUNK_BYTES.min(end - start)];
    let mut chunk = zeros.clone();
    let mut found: Option<(usize, usize)> = None;
    let mut at = start;
    while at < end {
        let part = chunk.len().min(end - at);
        file.read_exact_at(&mut chunk[..part], at as u64)?;
        if chunk[..part] != zeros[..part] {
            let is_set = |byte: &u8| *byte != 0;
            let first = chunk[..part].iter().position(is_set).unwrap_or(0);
            let last = chunk[..part].iter().rposition(is_set).unwrap_or(0);
            found = Some((found.map_or(at + first, |(from, _)| from), at + last + 1));
        }
        at += part;
    }
    Ok(found)
}
