//! Ranges of log positions, as a cut-off, a dispute and its settlement name them.
//!
//! Invariant: what [`Ranges::of`] and the operations give is in normal form: ascending, both ends
//! in, no two of them touching. What was read from outside is so only if [`Ranges::is_normal`] says so.

use serde::{Deserialize, Serialize};

/// Positions, as `[[from, to], …]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// The ranges in normal form that hold exactly the positions of `ranges`; an empty one holds none.
    pub fn of(ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut sorted: Vec<(u64, u64)> =
            ranges.into_iter().filter(|(from, to)| from <= to).collect();
        sorted.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(sorted.len());
        for (from, to) in sorted {
            match merged.last_mut() {
                Some((_, end)) if from <= end.saturating_add(1) => *end = (*end).max(to),
                _ => merged.push((from, to)),
            }
        }
        Self(merged)
    }

    /// Ascending, no range empty, no two touching.
    pub fn is_normal(&self) -> bool {
        let filled = self.0.iter().all(|(from, to)| from <= to);
        let apart = self
            .0
            .iter()
            .zip(self.0.iter().skip(1))
            .all(|((_, end), (from, _))| end.saturating_add(1) < *from);
        filled && apart
    }

    /// The ranges, in order.
    pub fn as_slice(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last position of all; `None` if there is none.
    pub fn last(&self) -> Option<u64> {
        self.0.last().map(|(_, to)| *to)
    }

    /// Whether `position` is in one of them.
    pub fn contains(&self, position: u64) -> bool {
        self.0
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&position))
    }

    /// These without the positions of `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = self.0.clone();
        for (from, to) in &other.0 {
            let cut = |(a, b): (u64, u64)| {
                let below = from.checked_sub(1).map(|end| (a, b.min(end)));
                let above = to.checked_add(1).map(|start| (a.max(start), b));
                below
                    .into_iter()
                    .chain(above)
                    .filter(|(start, end)| start <= end)
            };
            left = left.into_iter().flat_map(cut).collect();
        }
        Self::of(left)
    }

    /// These and those of `other`.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied())
    }

    /// The first range that has a position outside `other`.
    pub fn outside(&self, other: &Self) -> Option<(u64, u64)> {
        let within = |(a, b): &(u64, u64)| other.0.iter().any(|(from, to)| from <= a && b <= to);
        self.0.iter().copied().find(|range| !within(range))
    }
}

/// `7151-7199,7240-7400`: the text that is signed.
impl std::fmt::Display for Ranges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (from, to)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{from}-{to}")?;
        }
        Ok(())
    }
}
