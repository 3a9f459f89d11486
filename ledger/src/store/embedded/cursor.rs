//! Walks the records of a segment in order through a buffer, for recovery, audit and reading alike.
//!
//! Invariant: a record is shown only after its length and CRC fitted; what stands behind the first
//! misfit is never looked at.
//! A crash shows here as zeros or as a misfit; the caller knows which side of the head it is on.

use std::io;

use super::damage::Fault;
use super::disk::DiskFile;
use super::layout::{RECORD_HEADER_BYTES, View};

/// Bytes read at once: large enough that system calls do not count, small enough for a core's cache.
const CHUNK_BYTES: usize = 256 << 10;

/// A place in a segment file.
pub(super) struct Cursor<'f, F> {
    file: &'f F,
    check_crc: bool,
    /// Offset of the buffer's first byte.
    base: usize,
    /// The next record's place in the buffer.
    at: usize,
    /// Offset behind the last byte that may belong to a record.
    limit: usize,
    buffer: Vec<u8>,
}

/// What stands at the cursor.
pub(super) enum Step<'a> {
    /// A record; the cursor stands behind it now.
    Record(View<'a>),
    /// Zeros where a length would be, or too little room: no record. The cursor stays.
    End,
    /// Not a record. The cursor stays.
    Bad(Fault),
}

impl<'f, F: DiskFile> Cursor<'f, F> {
    pub(super) fn new(file: &'f F, start: usize, limit: usize, check_crc: bool) -> Self {
        Self {
            file,
            check_crc,
            base: start,
            at: 0,
            limit,
            buffer: Vec::new(),
        }
    }

    /// Offset in the file of what comes next.
    pub(super) fn offset(&self) -> usize {
        self.base + self.at
    }

    /// Reads on.
    pub(super) fn step(&mut self) -> io::Result<Step<'_>> {
        if !self.fill(RECORD_HEADER_BYTES)? {
            return Ok(Step::End);
        }
        let stored = View::length(&self.buffer[self.at..self.at + RECORD_HEADER_BYTES]);
        if stored == 0 {
            return Ok(Step::End);
        }
        let length = stored as usize;
        if length < RECORD_HEADER_BYTES || !self.fill(length)? {
            return Ok(Step::Bad(Fault::Length(stored)));
        }
        let bytes = &self.buffer[self.at..self.at + length];
        match View::decode(bytes, self.check_crc) {
            Ok(view) => {
                self.at += length;
                Ok(Step::Record(view))
            }
            Err(fault) => Ok(Step::Bad(fault)),
        }
    }

    /// Makes `need` bytes from the cursor on available; `false` if the limit comes before.
    fn fill(&mut self, need: usize) -> io::Result<bool> {
        let kept = self.buffer.len() - self.at;
        if kept >= need {
            return Ok(true);
        }
        let offset = self.offset();
        let room = self.limit.saturating_sub(offset);
        if room < need {
            return Ok(false);
        }
        self.buffer.copy_within(self.at.., 0);
        self.buffer.resize(room.min(need.max(CHUNK_BYTES)), 0);
        self.base = offset;
        self.at = 0;
        let from = (offset + kept) as u64;
        self.file.read_exact_at(&mut self.buffer[kept..], from)?;
        Ok(true)
    }
}
