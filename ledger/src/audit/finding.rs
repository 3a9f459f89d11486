//! What an audit can find, where, and what to do about it.
//!
//! Invariant: a finding names the position, or the file and offset, and the rule that was broken;
//! what is derived from the log is never confused with the log itself.

use std::error::Error;
use std::io;

use super::batches::BatchFault;
use crate::checkpoint::BadCheckpoint;
use crate::commit::NotACommit;
use crate::decision::Earlier;
use crate::execute::{Corrupt, Refused};
use crate::fact::Stream;
use crate::hash::Digest;
use crate::index::IndexError;
use crate::store::ReadError;
use crate::store::embedded::OpenError;
use crate::tile::TileError;

/// The first thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// The log does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Stored bytes are damaged; names segment and offset.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A commit is not what the sequencer would have written.
    #[error("commit {position}: {wrong}")]
    Commit {
        /// Its position.
        position: u64,
        /// What is wrong with it.
        wrong: Wrong,
    },
    /// The published checkpoint cannot be read.
    #[error("the file checkpoint cannot be read: {0}")]
    CheckpointUnreadable(io::Error),
    /// The published checkpoint is not one of this log.
    #[error("the file checkpoint: {0}")]
    Checkpoint(#[from] BadCheckpoint),
    /// The log is shorter than what was published: commits are gone, or the newest slot of the
    /// store's head file is damaged; in that case a start of the ledger finds them again.
    #[error(
        "a checkpoint of size {published} was published, but by its file head the log has only {size} commits: they are gone, or that file is damaged"
    )]
    RolledBack {
        /// Size published.
        published: u64,
        /// Commits there are.
        size: u64,
    },
    /// The log has another root than was published.
    #[error(
        "the published root of size {size} is {published}, the log's is {log}: the log was altered"
    )]
    OtherRoot {
        /// The published size.
        size: u64,
        /// The published root.
        published: Digest,
        /// The log's root at that size.
        log: Digest,
    },
    /// A tile says something else than the log; names the file.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The index says something else than the log, or cannot be opened.
    #[error("index: {0}")]
    Index(#[from] IndexError),
    /// The audit could not be carried out on this machine.
    #[error("the audit did not finish: {0}")]
    Unfinished(io::Error),
}

/// What to do about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The log, or what it published, is damaged or false: keep a copy of the directory, then
    /// restore it from a follower or a backup.
    Restore,
    /// Something derived from the log is damaged: remove `tile/` or `index/` and start again; it is
    /// built from the log.
    Rebuild,
    /// Nothing was found out: run the audit again.
    Retry,
}

/// Why the sequencer would not have written a commit.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// It is no leaf in its only form.
    #[error(transparent)]
    Form(#[from] NotACommit),
    /// It does not encode to its own bytes.
    #[error("its bytes are not those of what it says")]
    Bytes,
    /// It says another position.
    #[error("it says that it is at position {0}")]
    Position(u64),
    /// It belongs to another log.
    #[error("it belongs to the log {0:?}")]
    Origin(String),
    /// Time ran backwards.
    #[error(
        "it was recorded at {recorded_at_ms} ms, before the commit in front of it ({before_ms} ms)"
    )]
    Time {
        /// Recording time of the commit before, Unix milliseconds.
        before_ms: i64,
        /// Its own, Unix milliseconds.
        recorded_at_ms: i64,
    },
    /// Rules that this program does not have decided it.
    #[error(
        "engine {found} decided it, this program has rules up to engine {known}: audit with a newer program"
    )]
    Engine {
        /// Number of the rules in the commit.
        found: u32,
        /// Highest number known here.
        known: u32,
    },
    /// A rule of the ledger itself would have refused it.
    #[error("the ledger had to refuse it: {0}")]
    Refused(#[from] Refused),
    /// A rule of the domain would have refused it.
    #[error("the rules refuse it: {0}")]
    Rejected(Box<dyn Error + Send + Sync>),
    /// It asks for what was so already: there was nothing to write.
    #[error("it was so already since the commit at {}", .0.position)]
    AlreadySo(Earlier),
    /// A fact is not the one that the rules decide.
    #[error("fact {index}, {kind} of {stream}: {fault}")]
    Fact {
        /// Which fact, from 0.
        index: usize,
        /// Its stream.
        stream: Stream,
        /// Its kind.
        kind: Box<str>,
        /// What is wrong with it.
        fault: FactFault,
    },
    /// A back-pointer leads elsewhere than to the stream's last commit.
    #[error("its back-pointers are {found:?}, not {expected:?}")]
    Links {
        /// Those of the record.
        found: Vec<u64>,
        /// Those that lead along its streams.
        expected: Vec<u64>,
    },
    /// A signed batch is not whole.
    #[error(transparent)]
    Batch(#[from] BatchFault),
    /// It cannot be decided or folded again.
    #[error("it cannot be replayed: {0}")]
    Unreplayable(#[from] Corrupt),
}

/// How a fact departs from what the rules decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactFault {
    /// The rules decide no such fact.
    #[error("the ledger invented it")]
    Invented,
    /// The rules decide it, the commit does not have it.
    #[error("the ledger dropped it")]
    Dropped,
    /// The rules decide it with another stream, revision, kind or content.
    #[error("the ledger bent it")]
    Bent,
}

impl Finding {
    /// What to do about it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::CheckpointUnreadable(error) if error.kind() == io::ErrorKind::InvalidData => {
                Remedy::Restore
            }
            Self::Open(OpenError::Io(_) | OpenError::InUse)
            | Self::Log(ReadError::Io(_))
            | Self::CheckpointUnreadable(_)
            | Self::Tile(TileError::Io { .. })
            | Self::Index(IndexError::Io(_))
            | Self::Unfinished(_) => Remedy::Retry,
            Self::Tile(_) | Self::Index(_) => Remedy::Rebuild,
            _ => Remedy::Restore,
        }
    }

    /// The position in the log that it is about, if it is about one.
    pub fn position(&self) -> Option<u64> {
        match self {
            Self::Open(OpenError::Damaged(damage)) => Some(damage.position),
            Self::Log(ReadError::Corrupt { position, .. }) | Self::Commit { position, .. } => {
                Some(*position)
            }
            _ => None,
        }
    }
}
