//! What can become of a submission besides a commit.
//!
//! Invariant: every refusal is typed and names its rule; nothing refused left a trace in the log.

use uuid::Uuid;

use crate::assertion::Malformed;
use crate::batch::NotABatch;
use crate::decision::{Earlier, Unreadable};
use crate::fact::Stream;
use crate::history::HistoryError;
use crate::index::IndexError;
use crate::store::{AppendError, ReadError};
use crate::tile::TileError;

/// Rules of the ledger itself, the same for every domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The bytes are no assertion.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The assertion is for another log.
    #[error("the assertion is for log {asked:?}; this is {this:?}")]
    ForeignLog {
        /// The log it names.
        asked: String,
        /// This log's origin.
        this: String,
    },
    /// No key of that name is in the log.
    #[error("key {0} is not in the log")]
    KeyUnknown(String),
    /// The signature does not hold.
    #[error("the signature does not verify under {0}")]
    BadSignature(String),
    /// This log never had that root at that size.
    #[error(
        "this log has no checkpoint of size {0} with that root; if you hold one signed by us, keep it: it proves two histories"
    )]
    SeenUnknown(u64),
    /// The checkpoint is older than seven days.
    #[error(
        "the checkpoint seen, of size {0}, is more than 7 days old: fetch the newest and sign again"
    )]
    SeenTooOld(u64),
    /// `at` lies more than five minutes after the time of recording.
    #[error("at is {ahead_ms} ms ahead of the ledger's clock; at most 5 minutes are allowed")]
    AtInFuture {
        /// By how much, in milliseconds.
        ahead_ms: i64,
    },
    /// The id stands in the log with other bytes.
    #[error("id {id} stands at position {position} with other bytes: use a new id")]
    IdReused {
        /// The id.
        id: Uuid,
        /// Where it stands.
        position: u64,
    },
    /// The members are none of a batch under this envelope.
    #[error(transparent)]
    NotABatch(#[from] NotABatch),
    /// An envelope alone vouches for nothing.
    #[error("a batch.submit.v1 is sent with its members, as a batch")]
    EnvelopeAlone,
    /// A batch in a batch, or the first commit in one.
    #[error("a {0} is no member of a batch")]
    NoMember(String),
    /// Assertion and facts do not fit into a leaf.
    #[error("assertion and facts come to {0} bytes; a leaf has at most 65535")]
    TooLarge(usize),
}

/// Damage, or a programming error that would have become damage: nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Corrupt {
    /// The log could not be read back.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The index does not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A stream's history does not hold together.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A stored fact cannot be read.
    #[error(transparent)]
    Fact(#[from] Unreadable),
    /// The tiles are damaged.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// A use case read a stream it had not named, or named streams without end.
    #[error("a decision asked for stream {0} without naming it")]
    Undeclared(Stream),
    /// A stream of a noun that the rules do not know.
    #[error("no aggregate folds stream {0}")]
    NoFold(Stream),
    /// A stored record is no commit.
    #[error("the record at position {position} is no commit: {what}")]
    Leaf {
        /// Its position.
        position: u64,
        /// What is wrong.
        what: String,
    },
}

/// Why nothing can be written now; trying again later may succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The queue before the sequencer is full.
    #[error("too many writes are waiting")]
    QueueFull,
    /// The disk is full: reading goes on.
    #[error("the ledger's disk is full: reading goes on, writing resumes by itself")]
    DiskFull,
    /// The process is stopping.
    #[error("the ledger is stopping")]
    Stopping,
    /// A write or sync failed: it is not known whether this submission is in the log. Send the
    /// same bytes again later: the id guards against a double.
    #[error("it is not known whether the write reached the disk; send the same bytes again")]
    Unknown,
}

/// Why a submission did not become a commit.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<E> {
    /// A rule of the ledger says no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A rule of the domain says no.
    #[error("{0}")]
    Rejected(E),
    /// The stream is not at the revision the client expected (`If-Match`).
    #[error("stream {stream} is at revision {actual}, not {expected}")]
    Precondition {
        /// Which stream.
        stream: Stream,
        /// What the client expected.
        expected: u64,
        /// What is.
        actual: u64,
    },
    /// Something stored is damaged.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a signed batch was refused; nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum BatchError<E> {
    /// The envelope, or the batch as one.
    #[error(transparent)]
    Whole(#[from] ExecuteError<E>),
    /// These of its members, by index; the others would have been accepted with what stands
    /// before them.
    #[error("{} of the batch's members are refused", .0.len())]
    Members(Vec<(usize, MemberError<E>)>),
}

/// Why a member was refused.
#[derive(Debug, thiserror::Error)]
pub enum MemberError<E> {
    /// As if it had been sent alone.
    #[error(transparent)]
    Refused(#[from] ExecuteError<E>),
    /// It is so already, so there would be no commit for it: leave it out.
    #[error("it is so already, since position {}", .0.position)]
    AlreadySo(Earlier),
}

impl<E> From<Refused> for BatchError<E> {
    fn from(refused: Refused) -> Self {
        Self::Whole(refused.into())
    }
}

impl<E> From<Unavailable> for BatchError<E> {
    fn from(unavailable: Unavailable) -> Self {
        Self::Whole(unavailable.into())
    }
}

impl<E> From<AppendError> for ExecuteError<E> {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full => Unavailable::DiskFull.into(),
            AppendError::TooLarge { size, .. } => Refused::TooLarge(size).into(),
            AppendError::ReadOnly => Unavailable::Stopping.into(),
            AppendError::NotNext { .. } | AppendError::Unknown { .. } => {
                Unavailable::Unknown.into()
            }
        }
    }
}
