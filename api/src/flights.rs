//! Submissions with values that are under way, by assertion id.
//!
//! Invariant: values are removed only by the last submission of their id to end, and only if the log
//! does not have that id: a refused repetition never takes the values of the one that was accepted.
//! A crash forgets the counts; then the vault's reaper asks the log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// How many are under way, by id.
#[derive(Clone, Default)]
pub struct Flights(Arc<Mutex<HashMap<Uuid, u32>>>);

/// One submission under way.
pub struct Flight {
    flights: Flights,
    id: Uuid,
    over: bool,
}

impl Flights {
    /// One more of `id`.
    pub fn enter(&self, id: Uuid) -> Flight {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(id).or_default();
        *count = count.saturating_add(1);
        Flight {
            flights: self.clone(),
            id,
            over: false,
        }
    }

    /// One less of `id`; `last` runs, with everybody else waiting, if none is left.
    fn leave(&self, id: Uuid, last: impl FnOnce()) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = counts
            .get(&id)
            .copied()
            .unwrap_or_default()
            .saturating_sub(1);
        if left == 0 {
            counts.remove(&id);
            last();
        } else {
            counts.insert(id, left);
        }
    }
}

impl Flight {
    /// It was refused: `clear` runs if nobody else sends the same id.
    pub fn refused(mut self, clear: impl FnOnce()) {
        self.over = true;
        self.flights.leave(self.id, clear);
    }
}

/// It was accepted, or nobody knows: nothing is to be cleared.
impl Drop for Flight {
    fn drop(&mut self) {
        if !self.over {
            self.flights.leave(self.id, || {});
        }
    }
}
