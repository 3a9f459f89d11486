//! Bytes of the index: keys, values, the sum of a bucket, the mark.
//!
//! Invariant: a sum is the count and the XOR of SHA-256(key ‖ value)[..16] over its entries, so it
//! follows every insert and replacement without reading the rest, and no single entry can be
//! altered, lost or added under it.

use uuid::Uuid;

use super::StreamHead;
use crate::fact::Stream;
use crate::hash::Digest;

/// Buckets of each part: one per value of a key's first two bytes.
pub(super) const BUCKETS: usize = 1 << 16;
/// Key of the mark in the keyspace of sums; bucket rows have three bytes.
pub(super) const MARK_KEY: [u8; 1] = [0xff];

/// The two sets of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Stream name → position of its last commit, count of its facts.
    Streams,
    /// Assertion id → position.
    Ids,
}

impl Part {
    pub(super) const ALL: [Self; 2] = [Self::Streams, Self::Ids];

    /// Name of its keyspace.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Ids => "ids",
        }
    }

    pub(super) const fn number(self) -> usize {
        match self {
            Self::Streams => 0,
            Self::Ids => 1,
        }
    }
}

/// SHA-256(stream name)[..16]: names are up to 160 bytes, and 128 bits collide for nobody who
/// cannot break SHA-256.
pub(super) fn stream_key(stream: &Stream) -> [u8; 16] {
    first_16(&Digest::of(stream.as_str().as_bytes()))
}

/// SHA-256(id)[..2] ‖ id: ids begin with a time, which alone would fill one bucket after another.
pub(super) fn id_key(id: Uuid) -> [u8; 18] {
    let mut key = [0; 18];
    key[..2].copy_from_slice(&Digest::of(id.as_bytes()).0[..2]);
    key[2..].copy_from_slice(id.as_bytes());
    key
}

/// The bucket of a key.
pub(super) fn bucket_of(key: &[u8]) -> u16 {
    key.first_chunk::<2>()
        .map_or(0, |first| u16::from_be_bytes(*first))
}

/// Key of a bucket's row: part, bucket.
pub(super) fn row_key(part: Part, bucket: u16) -> [u8; 3] {
    let [high, low] = bucket.to_be_bytes();
    [u8::from(part == Part::Ids), high, low]
}

/// Reads a bucket row's key.
pub(super) fn parse_row_key(key: &[u8]) -> Option<(Part, u16)> {
    match *key {
        [0, high, low] => Some((Part::Streams, u16::from_be_bytes([high, low]))),
        [1, high, low] => Some((Part::Ids, u16::from_be_bytes([high, low]))),
        _ => None,
    }
}

impl StreamHead {
    /// position ‖ revisions, big-endian.
    pub(super) fn encode(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.position.to_be_bytes());
        bytes[8..].copy_from_slice(&self.revisions.to_be_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let head = Self {
            position: reader.u64()?,
            revisions: reader.u64()?,
        };
        reader.end(head)
    }
}

/// Reads the value of an id.
pub(super) fn decode_position(bytes: &[u8]) -> Option<u64> {
    let mut reader = Reader(bytes);
    let position = reader.u64()?;
    reader.end(position)
}

/// Count and digest of a set of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum {
    pub(super) count: u64,
    pub(super) digest: u128,
}

impl Sum {
    pub(super) fn insert(&mut self, key: &[u8], value: &[u8]) {
        self.count = self.count.wrapping_add(1);
        self.digest ^= digest_of(key, value);
    }

    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.count = self.count.wrapping_sub(1);
        self.digest ^= digest_of(key, value);
    }

    /// Of a sum over buckets: `old` of one bucket becomes `new`.
    pub(super) fn replace(&mut self, old: Self, new: Self) {
        self.count = self.count.wrapping_sub(old.count).wrapping_add(new.count);
        self.digest ^= old.digest ^ new.digest;
    }

    pub(super) fn encode(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.count.to_be_bytes());
        bytes[8..].copy_from_slice(&self.digest.to_be_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let sum = reader.sum()?;
        reader.end(sum)
    }
}

/// How far the index goes, in which log, and what all its buckets sum up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The commits below this position are in the index.
    pub(super) complete_to: u64,
    /// Leaf hash of the last of them: binds the index to its log. Zeros while there is none.
    pub(super) last_leaf: Digest,
    /// Sums over all buckets, by [`Part::number`].
    pub(super) totals: [Sum; 2],
}

impl Mark {
    pub(super) const EMPTY: Self = Self {
        complete_to: 0,
        last_leaf: Digest([0; 32]),
        totals: [Sum {
            count: 0,
            digest: 0,
        }; 2],
    };

    /// Fields big-endian, then SHA-256 of them, its first 16 bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(104);
        bytes.extend_from_slice(&self.complete_to.to_be_bytes());
        bytes.extend_from_slice(&self.last_leaf.0);
        for total in self.totals {
            bytes.extend_from_slice(&total.encode());
        }
        let check = first_16(&Digest::of(&bytes));
        bytes.extend_from_slice(&check);
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (fields, check) = bytes.split_last_chunk::<16>()?;
        if first_16(&Digest::of(fields)) != *check {
            return None;
        }
        let mut reader = Reader(fields);
        let mark = Self {
            complete_to: reader.u64()?,
            last_leaf: Digest(reader.chunk()?),
            totals: [reader.sum()?, reader.sum()?],
        };
        reader.end(mark)
    }
}

fn digest_of(key: &[u8], value: &[u8]) -> u128 {
    u128::from_be_bytes(first_16(&Digest::of_parts(&[key, value])))
}

fn first_16(digest: &Digest) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.0[..16]);
    bytes
}

/// Takes fixed fields off the front; whoever reads a value says where it must end.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*chunk)
    }

    fn u64(&mut self) -> Option<u64> {
        self.chunk().map(u64::from_be_bytes)
    }

    fn sum(&mut self) -> Option<Sum> {
        Some(Sum {
            count: self.u64()?,
            digest: u128::from_be_bytes(self.chunk()?),
        })
    }

    fn end<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}
