//! What can be wrong with a log on disk, and why it did not open.
//!
//! Invariant: damage names the file, the offset, the position and what to do; it is never repaired
//! by guessing, since what would be dropped may have been acknowledged.
//! A crash never looks like damage: what a power cut can leave is repaired without an error.

use std::io;

use crate::store::ReadError;

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A record's, header's or footer's CRC32C is another one.
    #[error("the checksum does not fit the bytes")]
    Checksum,
    /// A record of this many bytes cannot stand here.
    #[error("a record of {0} bytes cannot stand here")]
    Length(u32),
    /// The record says that it has this position.
    #[error("the record says it is position {0}")]
    Position(u64),
    /// The record does not continue the group before it.
    #[error("the record does not continue its group")]
    Group,
    /// Zeros where a record must be.
    #[error("there is no record, though the head is past this position")]
    NoRecord,
    /// The file is not there.
    #[error("the file is missing")]
    Missing,
    /// The file's length is not that of its header.
    #[error("the file is {found} bytes long, not {expected}")]
    Size {
        /// Bytes that the header says.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Not the header of a segment that this version reads.
    #[error("this is not the header of a segment of format 1")]
    Header,
    /// The closed segment has no footer that fits it.
    #[error("the closed segment has no footer that fits it")]
    Footer,
    /// The offset table is not that of the records.
    #[error("the offset table does not fit the records")]
    Table,
    /// The file's name and its header name different positions.
    #[error(
        "the header says that this segment begins at position {0}: the file was renamed or swapped"
    )]
    FirstPosition(u64),
    /// A file that has no place in this log.
    #[error("the file has no place in this log, which ends at position {0}")]
    Extra(u64),
    /// The running hash is another one.
    #[error("the running hash is another one: the file is of another log, or an older copy")]
    Running,
    /// Neither slot of the head file can be read.
    #[error("both slots are unreadable")]
    Slots,
    /// Torn bytes above the head that no power cut leaves there.
    #[error(
        "torn bytes stand above the head, and no power cut explains them: the head file is damaged or an older copy"
    )]
    Unexplained,
    /// Bytes in space that must be zero.
    #[error("bytes stand in space that is not used")]
    NotZero,
}

impl Fault {
    fn remedy(&self) -> &'static str {
        match self {
            Self::FirstPosition(_) | Self::Extra(_) => {
                "Put every segment back under its own name, or restore the directory from a follower or a backup"
            }
            Self::Slots | Self::Unexplained => {
                "Keep a copy of the directory, then restore it from a follower or a backup and compare both by `xuefen log audit`"
            }
            _ => "Keep a copy of the directory, then restore this file from a follower or a backup",
        }
    }
}

/// Damage, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} at offset {offset} (position {position}): {fault}. {}", .fault.remedy())]
pub struct Damage {
    /// File name in the log's directory.
    pub file: String,
    /// Byte offset in that file.
    pub offset: u64,
    /// The position concerned: of the record, or the first that is in doubt.
    pub position: u64,
    /// What does not fit.
    pub fault: Fault,
}

impl From<Damage> for ReadError {
    fn from(damage: Damage) -> Self {
        Self::Corrupt {
            what: damage.fault.to_string(),
            remedy: damage.fault.remedy(),
            segment: damage.file,
            offset: damage.offset,
            position: damage.position,
        }
    }
}

/// Why a log did not open. Nothing was changed, except by [`OpenError::Io`] during a repair, which
/// the next opening takes up again.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another store of this one, writes here.
    #[error("the log is in use: another process holds its lock file")]
    InUse,
    /// There is no log, and reading only makes none.
    #[error("there is no log here")]
    Absent,
    /// A segment of this size cannot be made.
    #[error("segments of {asked} bytes cannot be made: from {min} to {max} bytes")]
    SegmentBytes {
        /// Bytes asked for.
        asked: u32,
        /// Smallest size.
        min: u32,
        /// Largest size.
        max: u32,
    },
    /// The log is damaged: it must not be served or written.
    #[error("the log is damaged: {0}")]
    Damaged(#[from] Damage),
    /// The operating system refused.
    #[error("cannot open the log: {0}")]
    Io(#[from] io::Error),
}
