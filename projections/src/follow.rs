//! The follower: one thread that folds the log into every view, in order.
//!
//! Invariant: a commit that cannot be read, of any kind, stops the follower and says so; nothing is
//! skipped. Views that were folded to different positions are brought together by each passing over
//! what it has. A crash at any moment: start again; each view goes on after its last transaction.

mod progress;
mod rebuild;
mod worker;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use ledger::store::{ReadError, Store};
use ledger::tail::Tail;
use tokio::sync::watch;

use self::progress::Beacon;
pub use self::progress::{Health, Progress, WaitError};
use self::rebuild::Rebuilt;
use self::worker::{Member, Worker};
use crate::entry::EntryError;
use crate::projection::{Projection, Share};
use crate::view::View;
use crate::view::file::FileError;

/// Most commits folded in one transaction while the log's newest commits are in memory.
pub const BATCH_COMMITS_MAX: usize = 1_000;
/// Most commits folded in one transaction when a view is further behind: nobody waits for the first
/// of them, and pages of the indexes are written once for all. Bounded in bytes by the store.
pub const CATCH_UP_COMMITS_MAX: usize = 8_192;

/// Why the follower does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A commit cannot be read.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The log has no commit where the views must go on.
    #[error("the log has no commit at position {0}, which is below its head")]
    Gap(u64),
    /// A view's file cannot be written.
    #[error("view {view} cannot be folded at position {next}: {source}")]
    View {
        /// Its name.
        view: &'static str,
        /// Its first position not folded.
        next: u64,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A file operation failed.
    #[error("view {view}: {source}")]
    Io {
        /// The view's name.
        view: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The directory or the thread cannot be made.
    #[error("the views cannot be started: {0}")]
    Start(#[from] std::io::Error),
    /// No such view.
    #[error("there is no view {0:?}")]
    NoView(String),
    /// The follower has stopped.
    #[error("the follower has stopped")]
    Stopped,
}

impl FollowError {
    fn of(view: &'static str, next: u64, error: FileError) -> Self {
        match error {
            FileError::Sqlite(source) => Self::View { view, next, source },
            FileError::Io(source) => Self::Io { view, source },
            FileError::Log(source) => Self::Log(source),
        }
    }
}

/// How one view is, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: &'static str,
    /// Number of its form.
    pub version: u32,
    /// Its first position not folded.
    pub next: u64,
    /// How often it was made anew since the start, because its file was missing, foreign or damaged.
    pub anew: u32,
}

/// What the follower's thread and its owner share.
struct Shared {
    store: Arc<dyn Store>,
    share: Share,
    beacon: Beacon,
    closing: AtomicBool,
    statuses: Mutex<Vec<Status>>,
}

/// A running follower.
pub struct Follower {
    shared: Arc<Shared>,
    members: Vec<(Arc<dyn Projection>, Arc<View>)>,
    rebuilt: mpsc::Sender<Rebuilt>,
    /// One rebuild at a time: they share the name of the file beside the serving one.
    rebuilding: Mutex<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Follower {
    /// Opens the view of every projection under `directory`, throwing away what cannot serve, and
    /// begins to follow the log in `store`, whose newest commits come through `tail`.
    ///
    /// Answers while the views may still be far behind: see [`Follower::wait_for`].
    pub fn start(
        directory: &Path,
        store: Arc<dyn Store>,
        tail: Arc<Tail>,
        projections: Vec<Arc<dyn Projection>>,
        share: Share,
    ) -> Result<Self, FollowError> {
        std::fs::create_dir_all(directory)?;
        let mut members = Vec::with_capacity(projections.len());
        let mut opened = Vec::with_capacity(projections.len());
        for projection in projections {
            let view = Arc::new(View::new(directory, projection.form().name));
            opened.push(Member::open(
                Arc::clone(&projection),
                Arc::clone(&view),
                share,
                store.as_ref(),
            )?);
            members.push((projection, view));
        }
        let next = opened
            .iter()
            .map(Member::next)
            .min()
            .unwrap_or_else(|| store.head());
        let shared = Arc::new(Shared {
            store,
            share,
            beacon: Beacon::new(next),
            closing: AtomicBool::new(false),
            statuses: Mutex::new(opened.iter().map(Member::status).collect()),
        });
        let (rebuilt, swaps) = mpsc::channel();
        let worker = Worker::new(Arc::clone(&shared), tail, opened, swaps);
        let thread = std::thread::Builder::new()
            .name("follower".into())
            .spawn(move || worker.run())?;
        Ok(Self {
            shared,
            members,
            rebuilt,
            rebuilding: Mutex::default(),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The view of this name.
    pub fn view(&self, name: &str) -> Option<Arc<View>> {
        let found = self
            .members
            .iter()
            .find(|(projection, _)| projection.form().name == name);
        found.map(|(_, view)| Arc::clone(view))
    }

    /// How far every view is, and how the follower is.
    pub fn progress(&self) -> Progress {
        self.shared.beacon.now()
    }

    /// The first position that not every view has folded.
    pub fn next(&self) -> u64 {
        self.progress().next
    }

    /// Whether every view answers: each has folded what there was when its file was opened or made.
    pub fn answers(&self) -> bool {
        self.members.iter().all(|(_, view)| view.check().is_ok())
    }

    /// Tells each step, and when the follower stops.
    pub fn watch(&self) -> watch::Receiver<Progress> {
        self.shared.beacon.subscribe()
    }

    /// How each view is.
    pub fn statuses(&self) -> Vec<Status> {
        self.shared
            .statuses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Blocks until every view has folded the commit at `position`.
    pub fn wait_for(&self, position: u64, timeout: Duration) -> Result<(), WaitError> {
        self.shared.beacon.wait(position, timeout)
    }

    /// As [`Follower::wait_for`], for tasks; needs a runtime with time.
    pub async fn reached(&self, position: u64, timeout: Duration) -> Result<(), WaitError> {
        self.shared.beacon.reached(position, timeout).await
    }

    /// Folds the view `name` from the log into a new file while the old one serves, then puts the
    /// new one in its place. Blocks until that is done.
    pub fn rebuild(&self, name: &str) -> Result<(), FollowError> {
        let found = self
            .members
            .iter()
            .find(|(projection, _)| projection.form().name == name);
        let (projection, view) = found.ok_or_else(|| FollowError::NoView(name.into()))?;
        let _alone = self
            .rebuilding
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        rebuild::rebuild(&self.shared, projection, view, &self.rebuilt)
    }

    /// Stops after the transaction in hand and closes the files.
    pub fn stop(&self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _panicked = thread.join();
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop();
    }
}
