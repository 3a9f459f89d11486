//! The log's port: compare-and-append at the end, read, head. Nothing else.
//!
//! Invariant: positions run from 0 without a gap; what `append_at` acknowledged is durable and is
//! returned byte for byte by every later `read`.
//! A crash during `append_at` leaves the whole group or none of it.

pub mod embedded;
pub mod memory;

use crate::hash::Digest;
use crate::merkle;

/// No earlier commit touched this stream: the value of a back-pointer at a stream's first record.
pub const NO_LINK: u64 = u64::MAX;

/// Most bytes of leaves in one answer of [`Store::read`], unless a single leaf is larger: a reader's
/// memory stays bounded however far behind it is.
pub const LEAVES_BYTES_MAX: usize = 8 << 20;

/// What a store keeps of one commit: the leaf's bytes and the way back along each of its streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The commit as hashed and served (docs/FORMAT.md), at most 65,535 bytes.
    pub leaf: Vec<u8>,
    /// RFC 6962 leaf hash of `leaf`: [`Record::new`] computes it, and stores rest on it.
    pub leaf_hash: Digest,
    /// For each distinct stream of the commit's facts, in order of first appearance: the position
    /// of the previous commit of that stream, or [`NO_LINK`].
    pub links: Vec<u64>,
}

impl Record {
    /// A record of these bytes; computes the leaf hash.
    pub fn new(leaf: Vec<u8>, links: Vec<u64>) -> Self {
        let leaf_hash = merkle::leaf_hash(&leaf);
        Self {
            leaf,
            leaf_hash,
            links,
        }
    }
}

/// Why a group was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// `position` is not the next one: another writer was here. Nothing was stored.
    #[error("position {asked} is not the next one: the log's next position is {next}")]
    NotNext {
        /// The position asked for.
        asked: u64,
        /// The store's next position.
        next: u64,
    },
    /// The disk is full. Nothing was stored and the same append may be tried again later.
    #[error("the disk is full: nothing was stored; free space and writing resumes by itself")]
    Full,
    /// A record or a group is larger than the store's form allows. Nothing was stored.
    #[error("{what} is {size} bytes; at most {max} fit")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// The log was opened for reading only. Nothing was stored.
    #[error("the log was opened for reading only")]
    ReadOnly,
    /// It is not known whether the group is durable (a failed write or sync). The process must
    /// stop: no later append can be trusted.
    #[error(
        "it is unknown whether the group at {position} is durable ({source}): stop, and start again to recover"
    )]
    Unknown {
        /// First position of the group.
        position: u64,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Stored bytes are damaged below the head.
    #[error(
        "segment {segment} is damaged at offset {offset} (position {position}): {what}. {remedy}"
    )]
    Corrupt {
        /// File name of the segment.
        segment: String,
        /// Byte offset in that file.
        offset: u64,
        /// Position of the damaged record.
        position: u64,
        /// What does not fit.
        what: String,
        /// What the operator can do.
        remedy: &'static str,
    },
    /// The operating system refused.
    #[error("cannot read the log: {0}")]
    Io(#[from] std::io::Error),
}

/// A log of commits.
///
/// One writer at a time is expected (the sequencer), any number of readers.
pub trait Store: Send + Sync {
    /// Appends `records` at `position` iff it is the next one; durable on return.
    fn append_at(&self, position: u64, records: &[Record]) -> Result<(), AppendError>;

    /// Up to `limit` records from position `from` on; fewer at the end of the log or when the
    /// leaves would pass [`LEAVES_BYTES_MAX`] (but at least one while there is one). Empty at or past the head.
    fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, ReadError>;

    /// The next position, which is the number of commits.
    fn head(&self) -> u64;
}
