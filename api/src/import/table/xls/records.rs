//! The records of an .xls stream (MS-XLS) and the texts in them, which may run over several.
//!
//! Invariant: a record is what its length says or the stream ends before it; a text that is cut off
//! is damage, not a shorter text.

use super::container::{u16_at, u32_at};

/// Goes on with the record before.
const CONTINUE: u16 = 0x003c;

/// A record: its type, and its data piece by piece.
pub(super) struct Record<'a> {
    pub(super) kind: u16,
    pub(super) pieces: Vec<&'a [u8]>,
}

impl<'a> Record<'a> {
    /// Its first piece.
    pub(super) fn data(&self) -> &'a [u8] {
        self.pieces.first().copied().unwrap_or_default()
    }
}

/// Records from a place of the stream on.
pub(super) struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    pub(super) fn of(stream: &'a [u8], at: usize) -> Self {
        Self { stream, at }
    }

    fn one(&mut self) -> Option<(u16, &'a [u8])> {
        let kind = u16_at(self.stream, self.at)?;
        let len = usize::from(u16_at(self.stream, self.at + 2)?);
        let data = self.stream.get(self.at + 4..self.at + 4 + len)?;
        self.at += 4 + len;
        Some((kind, data))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (kind, data) = self.one()?;
        let mut pieces = vec![data];
        while u16_at(self.stream, self.at) == Some(CONTINUE) {
            let Some((_, data)) = self.one() else {
                break;
            };
            pieces.push(data);
        }
        Some(Record { kind, pieces })
    }
}

/// A place in the pieces of a record.
pub(super) struct Cursor<'r, 'a> {
    pieces: &'r [&'a [u8]],
    piece: usize,
    at: usize,
}

impl<'r, 'a> Cursor<'r, 'a> {
    pub(super) fn of(record: &'r Record<'a>, at: usize) -> Self {
        Self {
            pieces: &record.pieces,
            piece: 0,
            at,
        }
    }

    fn rest(&self) -> &'a [u8] {
        let piece = self.pieces.get(self.piece).copied().unwrap_or_default();
        piece.get(self.at..).unwrap_or_default()
    }

    /// The next bytes, over the ends of pieces.
    fn bytes(&mut self, len: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        while bytes.len() < len {
            let rest = self.rest();
            let taken = rest.get(..(len - bytes.len()).min(rest.len()))?;
            if taken.is_empty() {
                self.next_piece()?;
                continue;
            }
            bytes.extend_from_slice(taken);
            self.at += taken.len();
        }
        Some(bytes)
    }

    fn next_piece(&mut self) -> Option<()> {
        self.piece += 1;
        self.at = 0;
        (self.piece < self.pieces.len()).then_some(())
    }

    /// A text that begins with its length in so many bytes (`XLUnicodeRichExtendedString`).
    pub(super) fn text(&mut self, len_bytes: usize) -> Option<String> {
        let head = self.bytes(len_bytes + 1)?;
        let (flags, len) = head.split_last()?;
        let len = match len_bytes {
            1 => usize::from(*len.first()?),
            _ => usize::from(u16_at(len, 0)?),
        };
        let runs = match flags & 8 {
            0 => 0,
            _ => usize::from(u16_at(&self.bytes(2)?, 0)?) * 4,
        };
        let extra = match flags & 4 {
            0 => 0,
            _ => usize::try_from(u32_at(&self.bytes(4)?, 0)?).ok()?,
        };
        let text = self.characters(len, flags & 1 != 0)?;
        self.skip(runs.checked_add(extra)?)?;
        Some(text)
    }

    /// So many characters; where a piece ends, the next one begins with how wide its characters are.
    fn characters(&mut self, len: usize, mut wide: bool) -> Option<String> {
        let mut units: Vec<u16> = Vec::new();
        while units.len() < len {
            let rest = self.rest();
            if rest.is_empty() {
                self.next_piece()?;
                wide = self.rest().first()? & 1 != 0;
                self.at = 1;
                continue;
            }
            if wide {
                units.push(u16_at(rest, 0)?);
                self.at += 2;
            } else {
                units.push(u16::from(*rest.first()?));
                self.at += 1;
            }
        }
        // Half a pair has no text: a zero instead makes its cell unreadable.
        let read = char::decode_utf16(units).map(|it| it.unwrap_or('\0'));
        Some(read.collect())
    }

    fn skip(&mut self, mut len: usize) -> Option<()> {
        while len > 0 {
            let step = self.rest().len().min(len);
            if step == 0 {
                self.next_piece()?;
            }
            self.at += step;
            len -= step;
        }
        Some(())
    }
}
