//! The bytes on disk, and nothing but the bytes. Integers are little-endian, offsets count from 0.
//!
//! Invariant: every form carries a CRC32C (Castagnoli) over all its other bytes, and what it decodes
//! to encodes to the same bytes. docs/FORMAT.md tells the same for readers in other languages.
//! A crash cannot make a form that passes its CRC and was not written whole.
//!
//! Segment, a file of the length its header names:
//!
//! | offset | bytes | what | why |
//! |---|---|---|---|
//! | 0 | 64 | header | names the place in the log: a renamed, swapped or foreign file shows |
//! | 64 | … | records without gaps | |
//! | … | … | zeros | preallocated: an append changes no metadata, so one `fdatasync` is one write |
//! | length − 64 − 4·count | 4·count | offset table, closed segments only | one read finds any record |
//! | length − 64 | 64 | footer, closed segments only | open need not read the records |
//!
//! Header:
//!
//! | offset | bytes | what | why |
//! |---|---|---|---|
//! | 0 | 8 | `XFSEGM1\n` | another version has another name here |
//! | 8 | 4 | length of the file | a truncated file shows |
//! | 12 | 4 | zero | room |
//! | 16 | 8 | position of the first record | must be the one in the file's name |
//! | 24 | 32 | running hash before the first record | joins it to the segment before |
//! | 56 | 4 | zero | room |
//! | 60 | 4 | CRC32C of bytes 0..60 | |
//!
//! Record:
//!
//! | offset | bytes | what | why |
//! |---|---|---|---|
//! | 0 | 4 | CRC32C of bytes 4..length | first, so that it covers the rest in one run |
//! | 4 | 4 | length of the whole record; 0 = no record | |
//! | 8 | 8 | position | a record in a wrong place shows |
//! | 16 | 2 | records of the same group behind this one | a group is whole iff it counts down to 0 |
//! | 18 | 2 | number of links | |
//! | 20 | 8·links | per stream: position of the commit before, all ones = none | history without an index |
//! | … | … | leaf | |
//!
//! Footer:
//!
//! | offset | bytes | what | why |
//! |---|---|---|---|
//! | 0 | 8 | `XFFOOT1\n` | |
//! | 8 | 4 | number of records | |
//! | 12 | 4 | offset behind the last record | |
//! | 16 | 8 | position of the first record | it is the footer of this segment |
//! | 24 | 32 | running hash behind the last record | must be the one in the next header |
//! | 56 | 4 | CRC32C of the offset table | apart, so that open need not read the table |
//! | 60 | 4 | CRC32C of bytes 0..60 | |
//!
//! Head file: two slots of 512 bytes at offsets 0 and 4096. A 512-byte sector is the most that a disk
//! writes at once; 4096 apart, so that no larger physical sector holds both.
//!
//! | offset | bytes | what | why |
//! |---|---|---|---|
//! | 0 | 8 | `XFHEAD1\n` | |
//! | 8 | 8 | sequence, grows by 1 a write; even in slot 0, odd in slot 1 | the greater one counts |
//! | 16 | 8 | next position | what is below is acknowledged |
//! | 24 | 32 | running hash at that position | the log below it is this one |
//! | 56 | 452 | zero | room |
//! | 508 | 4 | CRC32C of bytes 0..508 | |

use super::damage::Fault;
use crate::hash::Digest;
use crate::store::Record;

/// Bytes of a segment's header.
pub(super) const HEADER_BYTES: usize = 64;
/// Bytes of a closed segment's footer, without the table.
pub(super) const FOOTER_BYTES: usize = 64;
/// Bytes of an entry of the offset table.
pub(super) const ENTRY_BYTES: usize = 4;
/// Bytes of a record before its links.
pub(super) const RECORD_HEADER_BYTES: usize = 20;
/// Bytes of a slot of the head file.
pub(super) const SLOT_BYTES: usize = 512;
/// Offset of the second slot of the head file.
pub(super) const SLOT_STRIDE: usize = 4096;
/// Bytes of the head file.
pub(super) const HEAD_BYTES: usize = SLOT_STRIDE + SLOT_BYTES;

/// The running hash of an empty log.
pub(super) const RUNNING_START: Digest = Digest([0; 32]);

const SEGMENT_MAGIC: [u8; 8] = *b"XFSEGM1\n";
const FOOTER_MAGIC: [u8; 8] = *b"XFFOOT1\n";
const HEAD_MAGIC: [u8; 8] = *b"XFHEAD1\n";

/// The running hash behind a record: R(n+1) = SHA-256(R(n) ‖ leaf hash n).
pub(super) fn running_after(running: &Digest, leaf_hash: &Digest) -> Digest {
    Digest::of_parts(&[&running.0, &leaf_hash.0])
}

/// Name of the segment whose first record is `first`.
pub(super) fn segment_name(first: u64) -> String {
    format!("segment-{first:020}.xfs")
}

/// The first position in a segment's name; `None` if it is not the name of one.
pub(super) fn parse_segment_name(name: &str) -> Option<u64> {
    let first = name.strip_prefix("segment-")?.strip_suffix(".xfs")?;
    let first = first.parse().ok()?;
    (segment_name(first) == name).then_some(first)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

/// Puts the CRC of all bytes before the last four into the last four.
fn seal<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    let crc = crc32c::crc32c(&bytes[..N - 4]);
    bytes[N - 4..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn is_sealed(bytes: &[u8]) -> bool {
    let (body, crc) = bytes.split_at(bytes.len() - 4);
    crc32c::crc32c(body) == u32_at(crc, 0)
}

/// A segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Length of the file.
    pub(super) bytes: u32,
    /// Position of the first record.
    pub(super) first: u64,
    /// Running hash before it.
    pub(super) running: Digest,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..8].copy_from_slice(&SEGMENT_MAGIC);
        out[8..12].copy_from_slice(&self.bytes.to_le_bytes());
        out[16..24].copy_from_slice(&self.first.to_le_bytes());
        out[24..56].copy_from_slice(&self.running.0);
        seal(out)
    }

    pub(super) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let header = Self {
            bytes: u32_at(bytes, 8),
            first: u64_at(bytes, 16),
            running: Digest(array(bytes, 24)),
        };
        (header.encode() == *bytes).then_some(header)
    }
}

/// A closed segment's footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footer {
    /// Number of records.
    pub(super) count: u32,
    /// Offset behind the last record.
    pub(super) end: u32,
    /// Position of the first record.
    pub(super) first: u64,
    /// Running hash behind the last record.
    pub(super) running: Digest,
    /// CRC32C of the offset table.
    pub(super) table_crc: u32,
}

impl Footer {
    pub(super) fn encode(&self) -> [u8; FOOTER_BYTES] {
        let mut out = [0; FOOTER_BYTES];
        out[..8].copy_from_slice(&FOOTER_MAGIC);
        out[8..12].copy_from_slice(&self.count.to_le_bytes());
        out[12..16].copy_from_slice(&self.end.to_le_bytes());
        out[16..24].copy_from_slice(&self.first.to_le_bytes());
        out[24..56].copy_from_slice(&self.running.0);
        out[56..60].copy_from_slice(&self.table_crc.to_le_bytes());
        seal(out)
    }

    pub(super) fn decode(bytes: &[u8; FOOTER_BYTES]) -> Option<Self> {
        let footer = Self {
            count: u32_at(bytes, 8),
            end: u32_at(bytes, 12),
            first: u64_at(bytes, 16),
            running: Digest(array(bytes, 24)),
            table_crc: u32_at(bytes, 56),
        };
        (footer.encode() == *bytes).then_some(footer)
    }
}

/// The offset table's bytes.
pub(super) fn encode_table(offsets: &[u32]) -> Vec<u8> {
    offsets.iter().flat_map(|o| o.to_le_bytes()).collect()
}

/// The offsets of a table's bytes.
pub(super) fn decode_table(bytes: &[u8]) -> Vec<u32> {
    bytes
        .chunks_exact(ENTRY_BYTES)
        .map(|entry| u32_at(entry, 0))
        .collect()
}

/// A slot of the head file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Number of the write that made it.
    pub(super) sequence: u64,
    /// Next position.
    pub(super) next: u64,
    /// Running hash at that position.
    pub(super) running: Digest,
}

impl Slot {
    pub(super) fn encode(&self) -> [u8; SLOT_BYTES] {
        let mut out = [0; SLOT_BYTES];
        out[..8].copy_from_slice(&HEAD_MAGIC);
        out[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        out[16..24].copy_from_slice(&self.next.to_le_bytes());
        out[24..56].copy_from_slice(&self.running.0);
        seal(out)
    }

    pub(super) fn decode(bytes: &[u8; SLOT_BYTES]) -> Option<Self> {
        if bytes[..8] != HEAD_MAGIC || !is_sealed(bytes) {
            return None;
        }
        Some(Self {
            sequence: u64_at(bytes, 8),
            next: u64_at(bytes, 16),
            running: Digest(array(bytes, 24)),
        })
    }

    /// Offset in the head file at which a slot of this sequence stands.
    pub(super) fn offset(&self) -> u64 {
        (self.sequence % 2) * SLOT_STRIDE as u64
    }
}

/// Bytes that `record` takes in a segment.
pub(super) fn record_bytes(record: &Record) -> usize {
    RECORD_HEADER_BYTES + 8 * record.links.len() + record.leaf.len()
}

/// Appends `record` to `out`. Leaf and links must be within their limits (the writer checks them).
pub(super) fn encode_record(out: &mut Vec<u8>, record: &Record, position: u64, left: u16) {
    let start = out.len();
    let length = u32::try_from(record_bytes(record)).unwrap_or(u32::MAX);
    let links = u16::try_from(record.links.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&position.to_le_bytes());
    out.extend_from_slice(&left.to_le_bytes());
    out.extend_from_slice(&links.to_le_bytes());
    for link in &record.links {
        out.extend_from_slice(&link.to_le_bytes());
    }
    out.extend_from_slice(&record.leaf);
    let crc = crc32c::crc32c(&out[start + 4..]);
    out[start..start + 4].copy_from_slice(&crc.to_le_bytes());
}

/// A record where it lies in a buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    /// Its position.
    pub(super) position: u64,
    /// How many records of its group follow it.
    pub(super) left: u16,
    links: &'a [u8],
    /// The leaf.
    pub(super) leaf: &'a [u8],
}

impl<'a> View<'a> {
    /// Length of the record that begins with these 20 bytes; 0 = none.
    pub(super) fn length(header: &[u8]) -> u32 {
        u32_at(header, 4)
    }

    /// Reads a record from exactly its bytes, which are 20 at least.
    pub(super) fn decode(bytes: &'a [u8], check_crc: bool) -> Result<Self, Fault> {
        if check_crc && crc32c::crc32c(&bytes[4..]) != u32_at(bytes, 0) {
            return Err(Fault::Checksum);
        }
        let links = 8 * usize::from(u16_at(bytes, 18));
        let body = &bytes[RECORD_HEADER_BYTES..];
        if links > body.len() {
            return Err(Fault::Length(Self::length(bytes)));
        }
        let (links, leaf) = body.split_at(links);
        Ok(Self {
            position: u64_at(bytes, 8),
            left: u16_at(bytes, 16),
            links,
            leaf,
        })
    }

    /// Copies it out.
    pub(super) fn to_record(self) -> Record {
        let links = self.links.chunks_exact(8).map(|l| u64_at(l, 0)).collect();
        Record::new(self.leaf.to_vec(), links)
    }
}
