//! How far the views are, told to whoever waits.
//!
//! Invariant: `next` is told only after every view's transaction that folds the commits below it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// How the follower is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Following the log.
    Following,
    /// The disk of the views is full: it tries again each second; reads go on, older each second.
    Waiting(String),
    /// The log was closed and everything is folded, or the follower was told to stop.
    Closed,
    /// It met something it may not pass over; the views stay as they are and the process must stop.
    Stopped(String),
}

/// How far every view is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The first position that not every view has folded.
    pub next: u64,
    /// How the follower is.
    pub health: Health,
}

/// Why a position was not reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// Not in the time given.
    #[error("the views are at position {next}; the one asked for was not reached in time")]
    TimedOut {
        /// The first position not folded.
        next: u64,
    },
    /// Never: the follower has stopped.
    #[error("the views are at position {next} and follow no more: {why}")]
    Stopped {
        /// The first position not folded.
        next: u64,
        /// Why.
        why: String,
    },
}

impl Progress {
    /// Whether the commit at `position` is folded; `None` = not yet.
    fn reached(&self, position: u64) -> Option<Result<(), WaitError>> {
        let stopped = |why: &str| {
            Some(Err(WaitError::Stopped {
                next: self.next,
                why: why.into(),
            }))
        };
        match &self.health {
            _ if self.next > position => Some(Ok(())),
            Health::Following | Health::Waiting(_) => None,
            Health::Closed => stopped("the log is closed"),
            Health::Stopped(why) => stopped(why),
        }
    }

    fn timed_out(&self) -> WaitError {
        WaitError::TimedOut { next: self.next }
    }
}

/// Tells progress to threads and tasks.
pub(super) struct Beacon {
    watch: watch::Sender<Progress>,
    /// Who waits for a position now.
    waiting: Mutex<usize>,
    moved: Condvar,
    asked: Condvar,
}

/// One who waits; while there is one the follower does not linger.
struct Waiting<'a>(&'a Beacon);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
    }
}

impl Beacon {
    pub(super) fn new(next: u64) -> Self {
        let start = Progress {
            next,
            health: Health::Following,
        };
        Self {
            watch: watch::Sender::new(start),
            waiting: Mutex::default(),
            moved: Condvar::new(),
            asked: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_to_wait(&self) -> Waiting<'_> {
        *self.lock() += 1;
        self.asked.notify_all();
        Waiting(self)
    }

    /// Lets commits gather for `pause`, unless somebody waits for one: a transaction costs the same
    /// pages for one commit as for many.
    pub(super) fn linger(&self, pause: Duration) {
        let waiting = self.lock();
        let _turn = self
            .asked
            .wait_timeout_while(waiting, pause, |waiting| *waiting == 0);
    }

    pub(super) fn now(&self) -> Progress {
        self.watch.borrow().clone()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Progress> {
        self.watch.subscribe()
    }

    /// Tells the news, if it is news.
    pub(super) fn tell(&self, progress: &Progress) {
        let news = self.watch.send_if_modified(|told| {
            let news = told != progress;
            if news {
                told.clone_from(progress);
            }
            news
        });
        if news {
            // Whoever has looked and not yet begun to wait holds the turn: it must not miss this.
            drop(self.lock());
            self.moved.notify_all();
        }
    }

    pub(super) fn wait(&self, position: u64, timeout: Duration) -> Result<(), WaitError> {
        let waiting = self.begin_to_wait();
        let turn = self.lock();
        let not_yet = |_: &mut usize| self.watch.borrow().reached(position).is_none();
        let turn = self.moved.wait_timeout_while(turn, timeout, not_yet);
        drop(turn);
        drop(waiting);
        let told = self.now();
        told.reached(position)
            .unwrap_or_else(|| Err(told.timed_out()))
    }

    pub(super) async fn reached(&self, position: u64, timeout: Duration) -> Result<(), WaitError> {
        let mut told = self.watch.subscribe();
        let _waiting = self.begin_to_wait();
        let there = told.wait_for(|told| told.reached(position).is_some());
        // The sender is `self`, so the only other end is the time-out.
        let _ = tokio::time::timeout(timeout, there).await;
        let told = self.now();
        told.reached(position)
            .unwrap_or_else(|| Err(told.timed_out()))
    }
}
