//! The container of an .xls file (MS-CFB): finding a stream and putting it together.
//!
//! Invariant: a chain of sectors is followed for no more steps than the file has sectors; nothing is
//! reserved by a length that the file states.

use crate::import::table::kind::damaged;
use crate::problem::Problem;

/// First bytes of every container.
pub(in crate::import::table) const CONTAINER: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// Sector numbers from here on mean something else.
const NO_SECTOR: u32 = 0xffff_fffa;
const HEADER_BYTES: usize = 512;
const ENTRY_BYTES: usize = 128;
const MINI_BYTES: usize = 64;
/// Streams shorter than this stand in the small sectors.
const MINI_STREAM_BELOW: usize = 4096;

/// A stream's place.
struct Entry {
    name: String,
    kind: u8,
    start: u32,
    len: usize,
}

/// A container.
pub(super) struct Container<'a> {
    bytes: &'a [u8],
    sector_bytes: usize,
    next: Vec<u32>,
    entries: Vec<Entry>,
    mini_start: u32,
}

impl<'a> Container<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Problem> {
        let sector_bytes = match u16_at(bytes, 30) {
            Some(9) => 512,
            Some(12) => 4096,
            _ => return Err(damaged()),
        };
        let mut container = Self {
            bytes,
            sector_bytes,
            next: Vec::new(),
            entries: Vec::new(),
            mini_start: u32_at(bytes, 60).ok_or_else(damaged)?,
        };
        container.next = container.table().ok_or_else(damaged)?;
        let directory = u32_at(bytes, 48).ok_or_else(damaged)?;
        let directory = container.chain(directory, usize::MAX);
        container.entries = directory
            .chunks_exact(ENTRY_BYTES)
            .filter_map(entry)
            .collect();
        Ok(container)
    }

    /// The names of its streams.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries
            .iter()
            .any(|it| it.kind == 2 && it.name.eq_ignore_ascii_case(name))
    }

    /// A stream.
    pub(super) fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let mut streams = self.entries.iter().filter(|it| it.kind == 2);
        let entry = streams.find(|it| it.name.eq_ignore_ascii_case(name))?;
        if entry.len >= MINI_STREAM_BELOW {
            return Some(self.chain(entry.start, entry.len));
        }
        let root = self.entries.iter().find(|it| it.kind == 5)?;
        let small = self.chain(root.start, root.len);
        let next = self.chain(self.mini_start, usize::MAX);
        let mut stream = Vec::new();
        let mut at = entry.start;
        for _ in 0..small.len() / MINI_BYTES {
            let place = usize::try_from(at).ok()?;
            if at >= NO_SECTOR || stream.len() >= entry.len {
                break;
            }
            let begin = place.checked_mul(MINI_BYTES)?;
            stream.extend_from_slice(small.get(begin..begin.checked_add(MINI_BYTES)?)?);
            at = u32_at(&next, place.checked_mul(4)?)?;
        }
        stream.truncate(entry.len);
        Some(stream)
    }

    fn sector(&self, at: u32) -> Option<&'a [u8]> {
        let begin = usize::try_from(at)
            .ok()?
            .checked_add(1)?
            .checked_mul(self.sector_bytes)?;
        let rest = self.bytes.get(begin..)?;
        rest.get(..self.sector_bytes.min(rest.len()))
    }

    /// The sectors from `start` on, up to `len` bytes.
    fn chain(&self, start: u32, len: usize) -> Vec<u8> {
        let mut chain = Vec::new();
        let mut at = start;
        for _ in 0..=self.bytes.len() / self.sector_bytes {
            if at >= NO_SECTOR || chain.len() >= len {
                break;
            }
            let Some(sector) = self.sector(at) else {
                break;
            };
            chain.extend_from_slice(sector);
            let next = usize::try_from(at).ok().and_then(|at| self.next.get(at));
            at = next.copied().unwrap_or(NO_SECTOR);
        }
        chain.truncate(len);
        chain
    }

    /// Which sector comes behind which.
    fn table(&self) -> Option<Vec<u32>> {
        let most = self.bytes.len() / self.sector_bytes + 1;
        let mut sectors: Vec<u32> = (76..HEADER_BYTES)
            .step_by(4)
            .map_while(|at| u32_at(self.bytes, at))
            .collect();
        let mut more = u32_at(self.bytes, 68)?;
        for _ in 0..most {
            let Some(sector) = (more < NO_SECTOR).then(|| self.sector(more)).flatten() else {
                break;
            };
            let mut numbers: Vec<u32> = numbers(sector).collect();
            more = numbers.pop()?;
            sectors.extend(numbers);
        }
        let mut next = Vec::new();
        for at in sectors.into_iter().filter(|at| *at < NO_SECTOR).take(most) {
            next.extend(numbers(self.sector(at)?));
        }
        Some(next)
    }
}

fn numbers(sector: &[u8]) -> impl Iterator<Item = u32> {
    sector
        .as_chunks::<4>()
        .0
        .iter()
        .map(|it| u32::from_le_bytes(*it))
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let units = usize::from(u16_at(bytes, 64)?).checked_sub(2)? / 2;
    let units = (0..units.min(31)).filter_map(|at| u16_at(bytes, at * 2));
    let name = char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .ok()?;
    Some(Entry {
        name,
        kind: *bytes.get(66)?,
        start: u32_at(bytes, 116)?,
        len: usize::try_from(u32_at(bytes, 120)?).ok()?,
    })
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

pub(super) fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(f64::from_le_bytes(bytes.try_into().ok()?))
}
