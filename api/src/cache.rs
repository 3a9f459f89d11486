//! A bounded map that forgets what was not asked for lately.
//!
//! Invariant: at most `entries_max` entries; what is forgotten is dropped, so keys in it are wiped.
//! A crash loses it: it never holds the only copy of anything.

use std::collections::HashMap;
use std::hash::Hash;

/// Two generations: when the young one is full the old one is dropped.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    entries_max: usize,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// An empty cache for `entries_max` (at least 2) entries.
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            entries_max,
        }
    }

    /// The entry of `key`, which lives longer for it.
    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.put(key, value.clone());
        Some(value)
    }

    /// Adds or replaces an entry.
    pub(crate) fn put(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.entries_max.div_ceil(2) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Forgets an entry.
    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}
