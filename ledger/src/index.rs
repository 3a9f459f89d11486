//! The index: stream → its last commit, assertion id → position; a cache of the log, never believed
//! against it.
//!
//! Invariant: a lookup answers what the log says up to [`Index::complete_to`], or fails with
//! [`IndexError::Doubt`]; it never answers otherwise. A hit is compared with the record it points
//! to; a miss counts only if the number and the digest of its bucket, written in one batch with the
//! entries, fit what lies there. Against damage and stale files, not against somebody who rewrites
//! entries, rows and mark alike: only [`Index::check`] or a rebuild finds that.
//! A crash costs a replay of what was not flushed; damage costs a rebuild.

mod audit;
mod disk;
mod entry;
mod flusher;
mod generation;
mod overlay;
mod sieve;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use uuid::Uuid;

use crate::commit::NotACommit;
use crate::fact::Stream;
use crate::store::{ReadError, Store};
use flusher::Flusher;
use generation::Generation;

pub use audit::Checked;
pub use entry::Part;

/// Commits gathered in memory before they are flushed ahead of time; about 2 MiB.
const FLUSH_COMMITS: usize = 8_192;

/// Where a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamHead {
    /// Position of the last commit with facts of the stream.
    pub position: u64,
    /// Number of its facts, which is the next revision.
    pub revisions: u64,
}

/// Why the index is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// There is none.
    #[error("there is no index")]
    Missing,
    /// The database under it failed.
    #[error("its files cannot be read: {0}")]
    Unreadable(String),
    /// The mark or the bucket rows are not what was written together.
    #[error("its mark does not fit: {0}")]
    Mark(&'static str),
    /// It knows commits that the log does not have.
    #[error("it goes up to {complete_to}, the log only to {head}")]
    Ahead {
        /// The index's mark.
        complete_to: u64,
        /// The log's next position.
        head: u64,
    },
    /// Its last commit is not the log's: it was made from another log.
    #[error("the commit at {position} is not the one it was made from")]
    OtherLog {
        /// Position of that commit.
        position: u64,
    },
    /// Entries were altered, lost or added.
    #[error("bucket {bucket} of {part:?} is not what was written")]
    Bucket {
        /// Where.
        part: Part,
        /// First two bytes of the keys.
        bucket: u16,
    },
    /// An entry points to a commit that does not say so.
    #[error("an entry of {part:?} points to {position}, where the log says otherwise")]
    Entry {
        /// Where.
        part: Part,
        /// The position it points to.
        position: u64,
    },
    /// A commit of the log has no entry.
    #[error("the commit at {position} is missing in {part:?}")]
    Lost {
        /// Where.
        part: Part,
        /// Position of the commit.
        position: u64,
    },
}

/// Why the index gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It is not believed: call [`Index::rebuild`]; until then no lookup answers.
    #[error("the index is in doubt ({0}); it must be rebuilt from the log")]
    Doubt(#[from] Doubt),
    /// Another process, or another `Index`, has it open.
    #[error("the index is open elsewhere")]
    Locked,
    /// A commit was added that is not the next one.
    #[error("the index is complete up to {complete_to}; it cannot take the commit at {position}")]
    Gap {
        /// The position the index takes next.
        complete_to: u64,
        /// The position that was added.
        position: u64,
    },
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A record of the log is no commit of its position.
    #[error("the record at {position} is no commit: {source}")]
    Leaf {
        /// Its position.
        position: u64,
        /// What is wrong.
        source: NotACommit,
    },
    /// A record of the log names another position.
    #[error("the record at {position} says it stands at {says}")]
    Misplaced {
        /// Where it stands.
        position: u64,
        /// What it says.
        says: u64,
    },
    /// The operating system refused.
    #[error("index: {0}")]
    Io(#[from] std::io::Error),
}

/// How an index came up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Commits read from the log to catch up.
    pub replayed: u64,
    /// Why it was built anew, if it was.
    pub rebuilt: Option<Doubt>,
}

/// Stream heads and assertion ids of one log, in one directory.
pub struct Index {
    // Declared first: the thread ends before what it works on.
    flusher: Flusher,
    core: Arc<Core>,
}

struct Core {
    dir: PathBuf,
    log: Arc<dyn Store>,
    live: RwLock<Arc<Generation>>,
    /// One rebuild at a time.
    rebuilding: Mutex<()>,
    flush_failure: Mutex<Option<String>>,
}

impl Index {
    /// Opens the index in `dir` and catches up with `log`; a missing one, or one in doubt, is built
    /// from the log. The caller holds the lock of the data directory: two processes that open the
    /// same index at the same moment may both build it anew.
    pub fn open(dir: &Path, log: Arc<dyn Store>) -> Result<(Self, Opened), IndexError> {
        let (live, opened) = Generation::open_newest(dir, log.as_ref())?;
        let core = Arc::new(Core {
            dir: dir.to_path_buf(),
            log,
            live: RwLock::new(Arc::new(live)),
            rebuilding: Mutex::new(()),
            flush_failure: Mutex::new(None),
        });
        let flusher = Flusher::start(Arc::downgrade(&core))?;
        Ok((Self { flusher, core }, opened))
    }

    /// Where `stream` ends; `None` = no commit below [`Index::complete_to`] has a fact of it.
    pub fn stream(&self, stream: &Stream) -> Result<Option<StreamHead>, IndexError> {
        let core = &self.core;
        core.live(|live| live.stream(core.log.as_ref(), stream))
    }

    /// The position of the assertion `id`; `None` = not below [`Index::complete_to`].
    pub fn id(&self, id: Uuid) -> Result<Option<u64>, IndexError> {
        let core = &self.core;
        core.live(|live| live.id(core.log.as_ref(), id))
    }

    /// Takes in the durable commit at `position`: memory only. `heads` are the new heads of all its
    /// streams. One that is known already (a rebuild read it from the log) changes nothing.
    pub fn add(
        &self,
        position: u64,
        id: Uuid,
        heads: &[(Stream, StreamHead)],
    ) -> Result<(), IndexError> {
        let gathered = self.core.live(|live| live.add(position, id, heads))?;
        if gathered >= FLUSH_COMMITS {
            self.flusher.wake();
        }
        Ok(())
    }

    /// Takes in what the log has beyond [`Index::complete_to`] (appended by another node); says how
    /// many commits that were.
    pub fn catch_up(&self) -> Result<u64, IndexError> {
        self.core.live(|live| live.catch_up(self.core.log.as_ref()))
    }

    /// Writes everything gathered to the files as one batch, unsynced. The thread does this every
    /// second; a clean stop does it once more, to start quickly.
    pub fn flush(&self) -> Result<(), IndexError> {
        self.core.flush()
    }

    /// What the last flush failed with. Lookups stay right, memory grows until one succeeds.
    pub fn flush_failure(&self) -> Option<String> {
        let failure = self.core.flush_failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The commits below this position are in the index.
    pub fn complete_to(&self) -> u64 {
        self.core.live(|live| live.complete_to())
    }

    /// Throws the index away and builds it from the log; says how many commits were read. Until it
    /// is done lookups go on as before: with answers, or with doubt.
    pub fn rebuild(&self) -> Result<u64, IndexError> {
        self.core.rebuild()
    }

    /// Derives every entry from the log again and compares all of them, as an audit does. Reads
    /// the whole log; lookups go on meanwhile.
    pub fn check(&self) -> Result<Checked, IndexError> {
        self.core.flush()?;
        let live = self.core.live(Arc::clone);
        live.check(self.core.log.as_ref())
    }
}

impl Core {
    fn live<T>(&self, ask: impl FnOnce(&Arc<Generation>) -> T) -> T {
        ask(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn flush(&self) -> Result<(), IndexError> {
        self.live(|live| live.flush(self.log.as_ref()))
    }

    fn flush_and_remember(&self) {
        let failure = self.flush().err().map(|e| e.to_string());
        *self
            .flush_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = failure;
    }

    fn rebuild(&self) -> Result<u64, IndexError> {
        let doubted = self.live(|live| live.number());
        let _one = self
            .rebuilding
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.live(|live| live.number()) != doubted {
            // Somebody else has just done it.
            return Ok(0);
        }
        let log = self.log.as_ref();
        let new = Generation::create(&self.dir, doubted + 1)?;
        let replayed = new.catch_up(log)?;
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        // Every commit that was added to the old one is in the log, hence now in the new one.
        let replayed = replayed + new.catch_up(log)?;
        let old = std::mem::replace(&mut *live, Arc::new(new));
        drop(live);
        // An audit may still hold the old one: then the next open removes its files.
        if let Some(old) = Arc::into_inner(old) {
            old.discard();
        }
        Ok(replayed)
    }
}
