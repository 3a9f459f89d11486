//! The history of a stream: from its head back along the records' back-pointers.
//!
//! Invariant: what is returned is every commit of the stream, oldest first, its revisions from 0
//! without a gap; a record that does not fit ends the walk with its position, never with less.

use crate::commit::{NotACommit, Touch};
use crate::fact::Stream;
use crate::index::{Index, IndexError, StreamHead};
use crate::store::{NO_LINK, ReadError, Record, Store};

/// Why a history cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The index gave no head.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A record of the log is no commit.
    #[error("the record at {position} is no commit: {source}")]
    Leaf {
        /// Its position.
        position: u64,
        /// What is wrong.
        source: NotACommit,
    },
    /// The records do not continue each other.
    #[error("the history of {stream} breaks at {position}: {what}")]
    Broken {
        /// Whose history.
        stream: Stream,
        /// Position of the record that does not fit.
        position: u64,
        /// What does not fit.
        what: &'static str,
    },
}

/// One commit of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its position.
    pub position: u64,
    /// What the store keeps of it.
    pub record: Record,
}

/// All commits of `stream` below [`Index::complete_to`], oldest first; none if it has none.
pub fn history(
    store: &dyn Store,
    index: &Index,
    stream: &Stream,
) -> Result<Vec<Step>, HistoryError> {
    match index.stream(stream)? {
        Some(head) => before(store, head, stream),
        None => Ok(Vec::new()),
    }
}

/// All commits of `stream` up to and with `head`, oldest first.
pub fn before(
    store: &dyn Store,
    head: StreamHead,
    stream: &Stream,
) -> Result<Vec<Step>, HistoryError> {
    let mut steps = Vec::new();
    let mut hop = head;
    loop {
        let position = hop.position;
        let broken = |what| HistoryError::Broken {
            stream: stream.clone(),
            position,
            what,
        };
        let record = store.read(position, 1)?.into_iter().next();
        let record = record.ok_or_else(|| broken("the log has no such commit"))?;
        let touches =
            Touch::all(&record.leaf).map_err(|source| HistoryError::Leaf { position, source })?;
        let first_revision = first_revision(&touches, stream, hop.revisions).map_err(broken)?;
        let link = link(&touches, stream, &record.links).map_err(broken)?;
        steps.push(Step { position, record });
        hop = match (link, first_revision) {
            (NO_LINK, 0) => break,
            (NO_LINK, _) => return Err(broken("its first record is not its first fact")),
            (_, 0) => return Err(broken("a record before its first fact")),
            (earlier, revisions) if earlier < position => StreamHead {
                position: earlier,
                revisions,
            },
            _ => return Err(broken("its back-pointer does not point back")),
        };
    }
    steps.reverse();
    Ok(steps)
}

/// The revision of a commit's first fact of `stream`, whose facts must end before `revisions`.
fn first_revision(
    touches: &[Touch<'_>],
    stream: &Stream,
    revisions: u64,
) -> Result<u64, &'static str> {
    let mut next = revisions;
    for touch in touches.iter().rev() {
        if touch.stream != stream.as_str() {
            continue;
        }
        match next.checked_sub(1) {
            Some(expected) if touch.revision == expected => next = expected,
            _ => return Err("its revisions do not continue"),
        }
    }
    if next == revisions {
        return Err("no fact of the stream");
    }
    Ok(next)
}

/// The back-pointer of `stream`: links stand in the order in which the streams first appear.
fn link(touches: &[Touch<'_>], stream: &Stream, links: &[u64]) -> Result<u64, &'static str> {
    let mut seen: Vec<&str> = Vec::with_capacity(links.len());
    for touch in touches {
        if !seen.contains(&touch.stream) {
            seen.push(touch.stream);
        }
    }
    if seen.len() != links.len() {
        return Err("not one back-pointer for each stream");
    }
    let at = seen.iter().position(|name| *name == stream.as_str());
    at.and_then(|at| links.get(at).copied())
        .ok_or("no back-pointer of the stream")
}
