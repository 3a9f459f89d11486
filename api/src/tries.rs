//! Wrong secrets by source: who types one wrong again and again rests (GB/T 22239 8.1.4.1, SECURITY §4).
//!
//! Invariant: only the source that guesses rests, never the account that it guesses at; who shares its address
//! rests with it, at doors of typed secrets alone. Tallies are in memory: a restart forgets them, which costs a guesser at most the restart.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{Method, StatusCode};

use crate::source::Source;

/// Wrong ones after which a source rests. Five a secret are counted elsewhere; one source may be a school.
pub const TRIES_MAX: u32 = 30;
/// From the first wrong one on: how long they are counted, and how long whoever has too many rests.
pub const REST_MS: i64 = 15 * 60_000;
/// Sources that are counted at once; more than that are not one guesser.
const SOURCES_MAX: usize = 65_536;

/// Doors that take a secret which people type, from whoever has one. What a program carries (proofs, links,
/// signatures) is too long to be guessed; and who could make others rest by sending nonsense would keep them
/// from saying no to a recovery.
const GUESSED: [&str; 2] = ["/login/invitation", "/v1/recoveries"];

/// Whether a request shows a secret that could be guessed.
pub fn is_guess(method: &Method, route: &str) -> bool {
    *method == Method::POST && GUESSED.contains(&route)
}

/// Whether the answer says that the secret was wrong; or that it opens nothing any more, which is told alike.
pub fn is_wrong(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::CONFLICT
    )
}

struct Tally {
    wrong: u32,
    since_ms: i64,
}

impl Tally {
    fn is_over(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.since_ms) >= REST_MS
    }
}

/// What was wrong of late.
#[derive(Default)]
pub struct Tries(Mutex<HashMap<Source, Tally>>);

impl Tries {
    /// Those of one source.
    pub const fn of(&self, source: Source, now_ms: i64) -> Try<'_> {
        Try {
            tries: self,
            source,
            now_ms,
            taken: false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Source, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request's try.
pub struct Try<'a> {
    tries: &'a Tries,
    source: Source,
    now_ms: i64,
    taken: bool,
}

impl Try<'_> {
    /// Takes one, which counts as wrong until [`Try::give_back`]; says whether there was one left: of many at
    /// once no more are tried than one after another.
    pub fn take(&mut self) -> bool {
        let mut tallies = self.tries.lock();
        if tallies.len() >= SOURCES_MAX {
            tallies.retain(|_, it| !it.is_over(self.now_ms));
        }
        // Full of others that guess: they stay counted, and this one begins when one of them is over.
        if tallies.len() >= SOURCES_MAX && !tallies.contains_key(&self.source) {
            return true;
        }
        let new = || Tally {
            wrong: 0,
            since_ms: self.now_ms,
        };
        let tally = tallies.entry(self.source).or_insert_with(new);
        if tally.is_over(self.now_ms) {
            *tally = new();
        }
        self.taken = tally.wrong < TRIES_MAX;
        tally.wrong = tally.wrong.saturating_add(u32::from(self.taken));
        self.taken
    }

    /// It was not wrong: it does not count, if it was taken at all.
    pub fn give_back(&mut self) {
        if !std::mem::take(&mut self.taken) {
            return;
        }
        let mut tallies = self.tries.lock();
        if let Some(tally) = tallies.get_mut(&self.source) {
            tally.wrong = tally.wrong.saturating_sub(1);
            if tally.wrong == 0 {
                tallies.remove(&self.source);
            }
        }
    }
}
