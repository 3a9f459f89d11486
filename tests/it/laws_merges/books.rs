//! What anybody would write down of merges: a list of edges, and what was recorded under which number.

use std::collections::{BTreeMap, BTreeSet};

use super::NUMBERS;

/// Who is who, and what was recorded under which number, by nothing but lists.
#[derive(Debug, Default, Clone)]
pub(super) struct Books {
    /// (absorbed, into), as drawn and not taken back.
    pub(super) edges: Vec<(u64, u64)>,
    /// What each (number, record) is worth now, in credits; `None` = revoked.
    pub(super) outcomes: BTreeMap<(u64, u8), Option<u64>>,
    /// Those said of since the edge of their number was drawn, by edge.
    pub(super) used: BTreeMap<(u64, u64), bool>,
    /// Outcomes that a merge brought beside another of the same record.
    pub(super) quarantined: BTreeMap<(u64, u64), BTreeSet<(u64, u8)>>,
}

impl Books {
    pub(super) fn holder(&self, of: u64) -> u64 {
        let mut holder = of;
        while let Some((_, into)) = self.edges.iter().find(|(absorbed, _)| *absorbed == holder) {
            holder = *into;
        }
        holder
    }

    pub(super) fn numbers(&self, holder: u64) -> Vec<u64> {
        let all = 0..NUMBERS;
        all.filter(|it| self.holder(*it) == holder).collect()
    }

    pub(super) fn is_quarantined(&self, outcome: (u64, u8)) -> bool {
        self.quarantined.values().any(|set| set.contains(&outcome))
    }

    /// The number under which the person of `of` has this record, if any; the holder's own comes first.
    pub(super) fn known(&self, of: u64, record: u8) -> Option<u64> {
        let holder = self.holder(of);
        let mut numbers = vec![holder];
        let mut at = 0;
        // In the order in which they were taken in, each with its own parts behind it.
        while at < numbers.len() {
            let parts = self.edges.iter().filter(|(_, into)| *into == numbers[at]);
            let parts: Vec<u64> = parts.map(|(absorbed, _)| *absorbed).collect();
            for (place, part) in parts.into_iter().enumerate() {
                numbers.insert(at + 1 + place, part);
            }
            at += 1;
        }
        numbers
            .into_iter()
            .find(|it| self.outcomes.contains_key(&(*it, record)))
    }

    /// Every edge above a number: something was said of it, or under it.
    pub(super) fn use_up(&mut self, mut number: u64) {
        while let Some(edge) = self.edges.iter().find(|(absorbed, _)| *absorbed == number) {
            self.used.insert(*edge, true);
            number = edge.1;
        }
    }
}
