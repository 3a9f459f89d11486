//! The lines of a CSV file: a stray quote breaks its own line and not those behind it.
//!
//! Invariant: every line is in exactly one part, in order; each is looked at a bounded number of
//! times, whatever the quotes. What a quoted cell holds across lines is never read as rows.

use std::borrow::Cow;

use super::Broken;

/// Lines over which a quoted cell is followed before its quote is taken for a stray one: bounds the
/// work on a file in which no quote is ever closed.
const FOLLOWED_MAX: usize = 16;

/// A run of a file.
pub(super) enum Part<'a> {
    /// Rows that stand on a line each.
    Sound {
        /// Their bytes.
        bytes: &'a [u8],
        /// The first one's line.
        line: u64,
    },
    /// A row that does not.
    Broken(Broken),
}

/// What is left of a file.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    /// Line of the first byte of `rest`, from 1.
    line: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            line: 1,
        }
    }

    /// Takes the first line that is not blank.
    pub(super) fn header(&mut self) -> &'a [u8] {
        loop {
            let line = self.take(end_of_line(self.rest), 1);
            if self.rest.is_empty() || !line.trim_ascii().is_empty() {
                return line;
            }
        }
    }

    /// The next part of a file whose rows have so many cells.
    pub(super) fn next_part(&mut self, cells: usize) -> Option<Part<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let (mut end, mut count) = (0, 0);
        while end < self.rest.len() {
            let next = end + end_of_line(&self.rest[end..]);
            if leaves_open(&self.rest[end..next], false) {
                break;
            }
            end = next;
            count += 1;
        }
        if end > 0 {
            let bytes = self.take(end, count);
            return Some(Part::Sound { bytes, line });
        }
        let (bytes, lines) = self.broken(cells);
        self.take(bytes, lines);
        Some(Part::Broken(Broken {
            line,
            last: line + lines - 1,
            quote: true,
        }))
    }

    /// How far the row reaches that begins here and leaves a quote open: to where the quote is closed
    /// if that makes a row, else to the end of its own line.
    fn broken(&self, cells: usize) -> (usize, u64) {
        let own = end_of_line(self.rest);
        let (mut end, mut lines) = (own, 1);
        for _ in 0..FOLLOWED_MAX {
            let next = end + end_of_line(&self.rest[end..]);
            if next == end {
                break;
            }
            let closed = !leaves_open(&self.rest[end..next], true);
            end = next;
            lines += 1;
            if closed {
                let mut rows = reader(&self.rest[..end]).into_byte_records();
                let first = rows.next().and_then(Result::ok);
                if first.is_some_and(|row| row.len() == cells) && rows.next().is_none() {
                    return (end, lines);
                }
                break;
            }
        }
        (own, 1)
    }

    fn take(&mut self, bytes: usize, lines: u64) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        self.line += lines;
        taken
    }
}

/// The file with lines that end in line feeds: some spreadsheets end them in carriage returns alone.
pub(super) fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.contains(&b'\n') || !bytes.contains(&b'\r') {
        return Cow::Borrowed(bytes);
    }
    let fed = bytes
        .iter()
        .map(|byte| if *byte == b'\r' { b'\n' } else { *byte });
    Cow::Owned(fed.collect())
}

/// A reader of rows without a header.
pub(super) fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .buffer_capacity(bytes.len().clamp(64, 64 << 10))
        .from_reader(bytes)
}

/// Where the next line begins.
fn end_of_line(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    end.map_or(bytes.len(), |end| end + 1)
}

/// Whether a quote is open at the end of the line, which begins inside a quoted cell or not
/// (RFC 4180: a cell is quoted if it begins with a quote; two quotes in it are one of its text).
fn leaves_open(line: &[u8], begins_quoted: bool) -> bool {
    let (mut quoted, mut at_start) = (begins_quoted, !begins_quoted);
    let mut bytes = line.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            // The second of two is passed over.
            b'"' if quoted && bytes.next_if_eq(&&b'"').is_none() => quoted = false,
            b'"' if at_start => quoted = true,
            _ => {}
        }
        at_start = !quoted && *byte == b',';
    }
    quoted
}
