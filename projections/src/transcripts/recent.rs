//! Who changed last, in memory: lets a caller keep rendered transcripts.
//!
//! Invariant: `last_change(p)` is never before the last change of `p` that was folded; forgetting
//! only makes it later. A crash forgets everything: everybody may have changed before now.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use uuid::Uuid;

/// Persons in each of the two generations: about 4 MiB together.
const PERSONS_MAX: usize = 32_768;

/// A bounded memory of last changes.
#[derive(Debug, Default)]
pub struct Recent(RwLock<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Uuid, u64>,
    old: HashMap<Uuid, u64>,
    /// No change that was forgotten is after this.
    floor: u64,
}

impl Recent {
    /// Remembers nothing; whoever is not in it changed before `next` at the latest.
    pub(crate) fn forget_before(&self, next: u64) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.floor = all.floor.max(next.saturating_sub(1));
    }

    /// Takes in a change. May be told before the change can be read, never after.
    pub(crate) fn changed(&self, person: Uuid, position: u64) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.young.len() >= PERSONS_MAX {
            let forgotten = std::mem::take(&mut all.young);
            let forgotten = std::mem::replace(&mut all.old, forgotten);
            all.floor = forgotten.into_values().fold(all.floor, u64::max);
        }
        // Commits that are folded again must not take back what is known of later ones.
        let known = all.last_change(person).max(position);
        all.young.insert(person, known);
    }

    /// Takes in that anybody's may have changed: an institution spoke of what it asserted.
    pub(crate) fn anybody_changed(&self, position: u64) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // As above: what is known of later ones is not taken back.
        let young = std::mem::take(&mut all.young);
        let known = young
            .into_values()
            .chain(std::mem::take(&mut all.old).into_values());
        let last = known.fold(position, u64::max);
        all.floor = all.floor.max(last);
    }

    /// The last change of `person`, or a later position.
    pub(crate) fn last_change(&self, person: Uuid) -> u64 {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.last_change(person)
    }
}

impl Generations {
    fn last_change(&self, person: Uuid) -> u64 {
        let known = self.young.get(&person).or_else(|| self.old.get(&person));
        known.copied().unwrap_or(self.floor)
    }
}
