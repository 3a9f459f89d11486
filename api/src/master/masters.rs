//! The master keys in use: one that seals, and those before it, which only open.
//!
//! Invariant: what is being sealed is on the disk before another key takes over, so a pass that begins
//! behind the change meets every row of the keys before; nothing is unreadable in between.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use zeroize::Zeroizing;

use super::MasterKey;
use crate::seal::{SealKey, Unsealable};

/// The keys, shared by everything that wraps under them.
#[derive(Debug, Clone)]
pub struct Masters(Arc<RwLock<Set>>);

#[derive(Debug)]
struct Set {
    current: MasterKey,
    /// Newest first.
    before: Vec<MasterKey>,
}

impl From<MasterKey> for Masters {
    fn from(only: MasterKey) -> Self {
        Self::of(only, Vec::new())
    }
}

impl Masters {
    /// `current` seals; `before` open, newest first.
    pub fn of(current: MasterKey, before: Vec<MasterKey>) -> Self {
        let before = before.into_iter().filter(|it| !it.is(&current)).collect();
        Self(Arc::new(RwLock::new(Set { current, before })))
    }

    /// The keys as they are; another key takes over only once this is dropped. Hold it until what was
    /// sealed is durable, and take it once: a second one inside waits for ever.
    pub(crate) fn keys(&self) -> Keys<'_> {
        Keys(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on `next` seals; the one until now opens. The same again changes nothing.
    pub fn advance(&self, next: MasterKey) {
        let mut set = self.change();
        if set.current.is(&next) {
            return;
        }
        set.before.retain(|it| !it.is(&next));
        let until_now = std::mem::replace(&mut set.current, next);
        set.before.insert(0, until_now);
    }

    /// `old` opens nothing any more; the current one stays.
    pub fn forget(&self, old: &MasterKey) {
        self.change().before.retain(|it| !it.is(old));
    }

    /// Whether there are keys that only open.
    pub fn has_before(&self) -> bool {
        !self.keys().0.before.is_empty()
    }

    /// Whether `key` seals.
    pub fn is_current(&self, key: &MasterKey) -> bool {
        self.keys().0.current.is(key)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Set> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys for one piece of work.
pub(crate) struct Keys<'a>(RwLockReadGuard<'a, Set>);

impl Keys<'_> {
    /// The key that seals.
    pub(crate) fn seal_key(&self) -> &SealKey {
        self.0.current.seal_key()
    }

    /// The oldest of them.
    pub(crate) fn eldest(&self) -> &SealKey {
        self.0.before.last().unwrap_or(&self.0.current).seal_key()
    }

    /// Opens what any of them sealed.
    pub(crate) fn open(
        &self,
        place: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        self.find(|key| key.open(place, sealed))
    }

    /// Opens a key that any of them wrapped.
    pub(crate) fn unwrap(&self, place: &[&[u8]], wrapped: &[u8]) -> Result<SealKey, Unsealable> {
        self.find(|key| key.unwrap(place, wrapped))
    }

    /// The same secret under the sealing key; `None` if it is there already.
    pub(crate) fn again(
        &self,
        place: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, Unsealable> {
        if self.seal_key().open(place, sealed).is_ok() {
            return Ok(None);
        }
        let secret = self.open(place, sealed)?;
        self.seal_key().seal(place, &secret).map(Some)
    }

    fn find<T>(&self, open: impl Fn(&SealKey) -> Result<T, Unsealable>) -> Result<T, Unsealable> {
        let before = self.0.before.iter();
        std::iter::once(&self.0.current)
            .chain(before)
            .find_map(|key| open(key.seal_key()).ok())
            .ok_or(Unsealable)
    }
}
