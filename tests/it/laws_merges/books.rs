//! What anybody would write down of merges: a list of edges, and what was recorded under which number.

use std::collections::BTreeMap;

use credentials::account::whole::DEPTH_MAX;

use super::NUMBERS;

/// What was recorded under one number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Where.
    pub(super) recorded: u64,
    /// What it is worth now, in thousandths; `None` = revoked.
    pub(super) worth: Option<u64>,
}

/// Who is who, and what was recorded under which number, by nothing but lists.
#[derive(Debug, Default, Clone)]
pub(super) struct Books {
    /// (absorbed, into), as drawn and not taken back.
    pub(super) edges: Vec<(u64, u64)>,
    /// By number and record.
    pub(super) outcomes: BTreeMap<(u64, u8), Entry>,
    /// Whether anything was said of what an edge brought since it was drawn.
    pub(super) used: BTreeMap<(u64, u64), bool>,
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

    /// How many merges stand within one another below a number.
    pub(super) fn depth(&self, of: u64) -> usize {
        let parts = self.edges.iter().filter(|(_, into)| *into == of);
        let below = parts.map(|(absorbed, _)| 1 + self.depth(*absorbed));
        below.max().unwrap_or(0)
    }

    pub(super) fn is_too_deep(&self, absorbed: u64, into: u64) -> bool {
        self.depth(into).max(1 + self.depth(absorbed)) > DEPTH_MAX
    }

    /// Whether another of the person's outcomes from the same record counts in its place.
    pub(super) fn is_doubled(&self, (under, record): (u64, u8)) -> bool {
        let recorded = self.outcomes[&(under, record)].recorded;
        let numbers = self.numbers(self.holder(under));
        numbers.iter().any(|it| {
            let other = self.outcomes.get(&(*it, record));
            other.is_some_and(|other| other.worth.is_some() && other.recorded < recorded)
        })
    }

    /// The number under which the person of `of` has this record, if any: the very number first, then
    /// the holder's, then its parts in the order in which they were taken in.
    pub(super) fn known(&self, of: u64, record: u8) -> Option<u64> {
        let mut numbers = vec![self.holder(of)];
        let mut at = 0;
        while at < numbers.len() {
            let parts = self.edges.iter().filter(|(_, into)| *into == numbers[at]);
            let parts: Vec<u64> = parts.map(|(absorbed, _)| *absorbed).collect();
            for (place, part) in parts.into_iter().enumerate() {
                numbers.insert(at + 1 + place, part);
            }
            at += 1;
        }
        numbers.insert(0, of);
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
