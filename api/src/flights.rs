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

    /// Runs `clear`, with everybody else waiting, if nobody sends `id`.
    pub fn unless_under_way<T>(&self, id: Uuid, clear: impl FnOnce() -> T) -> Option<T> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!counts.contains_key(&id)).then(clear)
    }

    /// One less of `id`; `last` runs, with everybody else waiting, if none is left.
    fn leave(&self, id: Uuid, last: impl FnOnce()) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if one_less(&mut counts, id) {
            last();
        }
    }
}

/// Whether none is left of `id`.
fn one_less(counts: &mut HashMap<Uuid, u32>, id: Uuid) -> bool {
    let left = counts.get(&id).copied().unwrap_or_default();
    let left = left.saturating_sub(1);
    if left == 0 {
        counts.remove(&id);
    } else {
        counts.insert(id, left);
    }
    left == 0
}

impl Flights {
    /// All of these were refused: `clear` runs, with everybody else waiting, for the ids that nobody
    /// else sends.
    pub fn refused_all(mut flights: Vec<Flight>, clear: impl FnOnce(&[Uuid])) {
        let Some(all) = flights.first().map(|flight| flight.flights.clone()) else {
            return;
        };
        let mut counts = all.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = Vec::with_capacity(flights.len());
        for flight in &mut flights {
            flight.over = true;
            if one_less(&mut counts, flight.id) {
                left.push(flight.id);
            }
        }
        clear(&left);
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
