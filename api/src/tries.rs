//! Wrong secrets by source: who types one wrong again and again rests (GB/T 22239 8.1.4.1, SECURITY §4).
//!
//! Invariant: only the source that guesses rests, never the account that it guesses at: nobody locks out a
//! stranger. Tallies are in memory: a restart forgets them, which costs a guesser at most the restart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{Method, StatusCode};

use crate::source::Source;

/// Wrong ones after which a source rests. Five a secret are counted elsewhere; one source may be a school.
pub const TRIES_MAX: u32 = 30;
/// From the first wrong one on: how long they are counted, and how long whoever has too many rests.
pub const REST_MS: i64 = 15 * 60_000;
/// Sources that are counted at once; more than that are not one guesser.
const SOURCES_MAX: usize = 65_536;

/// Doors that take a secret from whoever has one. Not the token endpoint: nobody guesses a signature, and a school's
/// server whose clock is wrong would shut the school out.
const GUESSED: [&str; 5] = [
    "/login/invitation",
    "/login/link",
    "/login/merge",
    "/v1/recoveries",
    "/v1/recoveries/veto",
];

/// Whether a request shows a secret that could be guessed.
pub fn is_guess(method: &Method, route: &str) -> bool {
    *method == Method::POST && GUESSED.contains(&route)
}

/// Whether the answer says that the secret was wrong; or that it opens nothing any more, which is told alike.
pub fn is_wrong(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::CONFLICT
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
    /// Whether the source rests.
    pub fn rests(&self, source: Source, now_ms: i64) -> bool {
        let tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.get(&source).filter(|it| !it.is_over(now_ms));
        tally.is_some_and(|it| it.wrong >= TRIES_MAX)
    }

    /// Counts a wrong one.
    pub fn count(&self, source: Source, now_ms: i64) {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tallies.len() >= SOURCES_MAX {
            tallies.retain(|_, it| !it.is_over(now_ms));
        }
        // Full of others that guess: they stay counted, and this one begins when one of them is over.
        if tallies.len() >= SOURCES_MAX && !tallies.contains_key(&source) {
            return;
        }
        let new = || Tally {
            wrong: 0,
            since_ms: now_ms,
        };
        let tally = tallies.entry(source).or_insert_with(new);
        if tally.is_over(now_ms) {
            *tally = new();
        }
        tally.wrong = tally.wrong.saturating_add(1);
    }
}
