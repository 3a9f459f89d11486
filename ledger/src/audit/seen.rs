//! The roots of the last seven days: what a signer may say to have seen.
//!
//! Invariant: holds root and recording time of every size that is not too old for the newest
//! commit; what fell out would be refused as too old, so nothing older is ever needed.

use std::collections::VecDeque;

use crate::assertion::Seen;
use crate::execute::Refused;
use crate::hash::Digest;
use crate::sequencer::SEEN_AGE_MS_MAX;

/// Roots by size, the oldest in front.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Size of the entry in front.
    first: u64,
    /// Root of a size, and recording time of the commit at that position.
    entries: VecDeque<(Digest, i64)>,
}

impl Window {
    /// Takes in the root that the log had when the commit at the next position was recorded.
    pub(super) fn push(&mut self, root: Digest, recorded_at_ms: i64) {
        self.entries.push_back((root, recorded_at_ms));
        let too_old =
            |(_, then): &(Digest, i64)| recorded_at_ms.saturating_sub(*then) > SEEN_AGE_MS_MAX;
        while self.entries.front().is_some_and(too_old) {
            self.entries.pop_front();
            self.first += 1;
        }
    }

    /// Checks what the signer of the newest commit had seen; the recording time of the commit at
    /// that position, if there was one before the newest.
    pub(super) fn check(&self, seen: Seen) -> Result<Option<i64>, Refused> {
        let Some(index) = seen.size.checked_sub(self.first) else {
            return Err(Refused::SeenTooOld(seen.size));
        };
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        match self.entries.get(index) {
            Some((root, _)) if *root != seen.root => Err(Refused::SeenUnknown(seen.size)),
            // The size at which the newest commit joined: no commit stood there when it was seen.
            Some(_) if index + 1 == self.entries.len() => Ok(None),
            Some((_, recorded_at_ms)) => Ok(Some(*recorded_at_ms)),
            None => Err(Refused::SeenUnknown(seen.size)),
        }
    }
}
