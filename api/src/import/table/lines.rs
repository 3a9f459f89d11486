//! The lines of a text file: a stray quote breaks its own line and not those behind it.
//!
//! Invariant: every line is in exactly one part, in order; each is looked at three times at most,
//! whatever the quotes. What a quoted cell holds across lines is never read as rows, if its row is
//! otherwise whole and it ends within [`FOLLOWED_MAX`] lines.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::{Broken, Fault, ROWS_MAX};

/// Lines over which a quote is followed before it is taken for a stray one: bounds the memory.
const FOLLOWED_MAX: u64 = ROWS_MAX as u64;

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
    Broken {
        /// Its bytes.
        bytes: &'a [u8],
        /// What is wrong with it.
        broken: Broken,
    },
}

/// A line read from its start, outside quotes or inside.
#[derive(Debug, Clone, Copy)]
struct Scan {
    /// A quote is open at its end.
    open: bool,
    /// Commas, or what else stands between cells, outside quotes.
    commas: usize,
    /// Such a comma or the line's end stands behind every quote that closes.
    clean: bool,
}

/// Where a quote that is open at the end of a line closes. It serves the lines behind that one too:
/// inside the quote all of them are read alike.
#[derive(Default)]
struct Followed {
    /// Line after the last that was looked at.
    until_line: u64,
    /// Byte after it.
    until: usize,
    /// Whether that last line ends outside quotes.
    closes: bool,
    /// Of the lines looked at, those that change what the row has: their number, commas and whether
    /// their quotes close as a cell ends.
    telling: VecDeque<(u64, usize, bool)>,
    /// Commas of `telling`.
    commas: usize,
    /// Lines of `telling` that are not clean.
    unclean: usize,
}

impl Followed {
    /// Forgets the lines before `line`.
    fn forget_before(&mut self, line: u64) {
        while let Some((_, commas, clean)) = self.telling.pop_front_if(|(at, ..)| *at < line) {
            self.commas -= commas;
            self.unclean -= usize::from(!clean);
        }
    }
}

/// What is left of a file.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the next line begins.
    at: usize,
    /// Its number, from 1.
    line: u64,
    /// What stands between cells.
    delimiter: u8,
    followed: Followed,
    /// Bytes looked at to find where rows end.
    pub(super) looked_at: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn of(bytes: &'a [u8], delimiter: u8) -> Self {
        Self {
            bytes,
            at: 0,
            line: 1,
            delimiter,
            followed: Followed::default(),
            looked_at: 0,
        }
    }

    /// Takes the next row that is not blank, over all its lines, empty at the end; `None` = a quote in it is not
    /// closed as a cell ends.
    pub(super) fn header(&mut self) -> Option<&'a [u8]> {
        loop {
            let end = self.end_of_line(self.at);
            let scan = self.scan(self.at, end, false);
            if scan.open {
                self.follow(end);
                let whole = self.followed.closes && scan.clean && self.followed.unclean == 0;
                let (until, until_line) = (self.followed.until, self.followed.until_line);
                return whole.then(|| self.take(until, until_line));
            }
            let line = self.take(end, self.line + 1);
            if self.at == self.bytes.len() || !line.trim_ascii().is_empty() {
                return Some(line);
            }
        }
    }

    /// The next part of a file whose rows have so many cells.
    pub(super) fn next_part(&mut self, cells: usize) -> Option<Part<'a>> {
        let line = self.line;
        let (mut end, mut end_line) = (self.at, self.line);
        while end < self.bytes.len() {
            let next = self.end_of_line(end);
            let scan = self.scan(end, next, false);
            let fault = match scan {
                Scan { open: true, .. } => Some(Fault::QuoteOpen),
                Scan { clean: false, .. } => Some(Fault::QuoteBehind),
                _ => None,
            };
            match fault {
                Some(fault) if end == self.at => {
                    let (until, until_line) = match fault {
                        Fault::QuoteOpen => self.broken(next, scan, cells),
                        Fault::QuoteBehind | Fault::Cells | Fault::Mixed => (next, line + 1),
                    };
                    let bytes = self.take(until, until_line);
                    let broken = Broken {
                        line,
                        last: until_line - 1,
                        fault,
                    };
                    return Some(Part::Broken { bytes, broken });
                }
                Some(_) => break,
                None => {}
            }
            end = next;
            end_line += 1;
        }
        let bytes = self.take(end, end_line);
        (!bytes.is_empty()).then_some(Part::Sound { bytes, line })
    }

    /// How far the row reaches whose first line ends at `own` inside a quote: to where the quote is
    /// closed if that makes a row, else to the end of its own line.
    fn broken(&mut self, own: usize, scan: Scan, cells: usize) -> (usize, u64) {
        self.follow(own);
        let followed = &self.followed;
        let whole = followed.closes
            && scan.clean
            && followed.unclean == 0
            && scan.commas + followed.commas + 1 == cells;
        if whole {
            (followed.until, followed.until_line)
        } else {
            (own, self.line + 1)
        }
    }

    /// Follows a quote that is open at the end of the present line, which is at `own`.
    fn follow(&mut self, own: usize) {
        let next_line = self.line + 1;
        if self.followed.until_line > next_line {
            return self.followed.forget_before(next_line);
        }
        let mut followed = Followed {
            until_line: next_line,
            until: own,
            ..Followed::default()
        };
        while followed.until < self.bytes.len()
            && followed.until_line - next_line < FOLLOWED_MAX
            && !followed.closes
        {
            let end = self.end_of_line(followed.until);
            let scan = self.scan(followed.until, end, true);
            if scan.commas > 0 || !scan.clean {
                let telling = (followed.until_line, scan.commas, scan.clean);
                followed.telling.push_back(telling);
                followed.commas += scan.commas;
                followed.unclean += usize::from(!scan.clean);
            }
            followed.closes = !scan.open;
            followed.until = end;
            followed.until_line += 1;
        }
        self.followed = followed;
    }

    fn take(&mut self, until: usize, until_line: u64) -> &'a [u8] {
        let taken = self.bytes.get(self.at..until).unwrap_or_default();
        self.at = until;
        self.line = until_line;
        taken
    }

    /// Where the line after the one at `from` begins.
    fn end_of_line(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n');
        end.map_or(self.bytes.len(), |end| from + end + 1)
    }

    fn scan(&mut self, from: usize, until: usize, begins_quoted: bool) -> Scan {
        let line = self.bytes.get(from..until).unwrap_or_default();
        self.looked_at += line.len() as u64;
        scan(line, begins_quoted, self.delimiter)
    }
}

/// The file with lines that end in line feeds: some spreadsheets end them in carriage returns alone,
/// and files are put together from several. Within a quoted cell it is a line break like any other.
pub(super) fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_lone = |at: usize| {
        bytes.get(at) == Some(&b'\r') && bytes.get(at + 1).is_none_or(|next| *next != b'\n')
    };
    if !(0..bytes.len()).any(is_lone) {
        return Cow::Borrowed(bytes);
    }
    let mut fed = bytes.to_vec();
    for (at, byte) in fed.iter_mut().enumerate() {
        if is_lone(at) {
            *byte = b'\n';
        }
    }
    Cow::Owned(fed)
}

/// The cells of a row; `None` = it is a blank line.
pub(super) fn cells(row: &[u8], delimiter: u8) -> Option<csv::ByteRecord> {
    if row.contains(&b'"') {
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(row.len().clamp(64, 64 << 10))
            .from_reader(row);
        let row = reader.into_byte_records().next()?;
        return Some(row.unwrap_or_default());
    }
    // Most rows have no quote, and setting up a reader takes longer than cutting one.
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    let row = row.strip_suffix(b"\r").unwrap_or(row);
    let cells = row.split(|byte| *byte == delimiter);
    (!row.is_empty()).then(|| cells.collect())
}

/// Reads a line, which begins inside a quoted cell or not (RFC 4180: a cell is quoted if it begins
/// with a quote; two quotes in it are one of its text).
fn scan(line: &[u8], begins_quoted: bool, delimiter: u8) -> Scan {
    let (mut quoted, mut at_start) = (begins_quoted, !begins_quoted);
    let (mut commas, mut clean) = (0, true);
    let mut bytes = line.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            // The second of two is passed over.
            b'"' if quoted && bytes.next_if_eq(&&b'"').is_none() => {
                quoted = false;
                let behind = bytes.peek();
                clean &= behind.is_none_or(|it| matches!(it, b'\r' | b'\n') || **it == delimiter);
            }
            b'"' if at_start => quoted = true,
            byte if *byte == delimiter && !quoted => commas += 1,
            _ => {}
        }
        at_start = !quoted && *byte == delimiter;
    }
    Scan {
        open: quoted,
        commas,
        clean,
    }
}
