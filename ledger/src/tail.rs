//! The newest commits in memory, for followers that are nearly up to date.
//!
//! Invariant: holds a run of consecutive, durable commits that ends at the head; who is further
//! behind reads the store.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::commit::Commit;
use crate::hash::Digest;

/// Commits kept.
const COMMITS_MAX: usize = 8_192;

/// The ring.
#[derive(Default)]
pub struct Tail {
    ring: Mutex<Ring>,
    grown: Condvar,
}

#[derive(Default)]
struct Ring {
    commits: VecDeque<(Arc<Commit>, Digest)>,
    next: u64,
    closed: bool,
}

/// What the tail has for a follower.
pub enum Next {
    /// These commits with their leaf hashes, at least one.
    Commits(Vec<(Arc<Commit>, Digest)>),
    /// The follower is behind the ring: read the store.
    Behind,
    /// Nothing came in the time given.
    Nothing,
    /// The log is closed and everything was given out.
    Closed,
}

impl Tail {
    /// A ring whose next commit is `next`.
    pub fn starting_at(next: u64) -> Self {
        let tail = Self::default();
        tail.lock().next = next;
        tail
    }

    /// Takes in a durable group.
    pub fn push(&self, group: impl IntoIterator<Item = (Arc<Commit>, Digest)>) {
        let mut ring = self.lock();
        for (commit, leaf) in group {
            ring.next = commit.position.saturating_add(1);
            ring.commits.push_back((commit, leaf));
        }
        let excess = ring.commits.len().saturating_sub(COMMITS_MAX);
        ring.commits.drain(..excess);
        drop(ring);
        self.grown.notify_all();
    }

    /// Up to `limit` commits from `from` on; waits up to `wait` for the first.
    pub fn read(&self, from: u64, limit: usize, wait: Duration) -> Next {
        let ring = self.lock();
        let (ring, _) = self
            .grown
            .wait_timeout_while(ring, wait, |ring| ring.next <= from && !ring.closed)
            .unwrap_or_else(PoisonError::into_inner);
        if ring.next <= from {
            return if ring.closed {
                Next::Closed
            } else {
                Next::Nothing
            };
        }
        let first = ring.next.saturating_sub(ring.commits.len() as u64);
        let Some(skip) = from.checked_sub(first) else {
            return Next::Behind;
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        Next::Commits(
            ring.commits
                .iter()
                .skip(skip)
                .take(limit)
                .cloned()
                .collect(),
        )
    }

    /// The next position.
    pub fn next(&self) -> u64 {
        self.lock().next
    }

    /// Lets waiting followers go.
    pub fn close(&self) {
        self.lock().closed = true;
        self.grown.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
