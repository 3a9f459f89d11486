//! What an institution stands for: floors, cut-offs, disputes and what became of them (SECURITY §2).
//!
//! Invariant: everything here is a question to the folded state. Nothing is written into accounts or
//! credentials when a cut-off is declared, so nothing has to be found and undone.
//! A crash loses nothing: pure.

use std::sync::Arc;

use super::event::{KeyUse, Settlement};
use super::ranges::Ranges;
use super::signed::Signed;
use super::state::{Institution, Key};
use crate::did::IssuerNumber;

/// The institution stood for its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The acknowledgement key that signed: its own, or that of whoever answers for it since; and the commit's position.
    pub signed: Signed,
    /// Everything up to here is its own …
    pub through: u64,
    /// … but for these.
    pub except: Vec<u64>,
}

/// What became of disputed positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The acknowledgement key that signed, as with a floor.
    pub signed: Signed,
    /// Which way.
    pub how: Settlement,
    /// Which positions.
    pub ranges: Ranges,
}

/// How far an institution stands for what one of its keys asserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Good,
    /// Behind a cut-off, or excepted by the institution, and not settled yet: shown, not to be used.
    Disputed,
    /// The institution says that it was none of its own: revoked.
    Repudiated,
}

/// Positions disputed, and since which commit.
struct Dispute {
    since: u64,
    ranges: Ranges,
}

impl Institution {
    /// Whether nothing of it, or of who answers for it since, was ever in doubt: what nearly every question
    /// comes to, at no cost.
    pub fn is_undisputed(&self) -> bool {
        self.is_undisputed_itself() && self.heirs.iter().all(|heir| heir.is_undisputed_itself())
    }

    fn is_undisputed_itself(&self) -> bool {
        self.keys.iter().all(|key| key.cut_offs.is_empty())
            && self.floors.iter().all(|floor| floor.except.is_empty())
    }

    /// Rises whenever what is in doubt may have changed: for whoever keeps what follows from it.
    pub fn doubts(&self) -> usize {
        let cut_offs: usize = self.keys.iter().map(|key| key.cut_offs.len()).sum();
        let heirs: usize = self.heirs.iter().map(|heir| 1 + heir.doubts()).sum();
        cut_offs + self.floors.len() + self.settled.len() + heirs
    }

    /// How far it stands for what was said of it or in its name, by itself or by who answers for it since:
    /// each key is judged by the institution it belongs to.
    pub fn standing_of(&self, signed: &Signed) -> Standing {
        match self.keeper(signed.issuer) {
            Some(keeper) => keeper.standing(&signed.fragment, signed.position),
            // Nobody known answers for it: unknown is not good.
            None => Standing::Disputed,
        }
    }

    /// Whose key `issuer`'s is: its own, or an heir's.
    fn keeper(&self, issuer: IssuerNumber) -> Option<&Self> {
        let number = |it: &Self| it.admitted.as_ref().map(|profile| profile.number);
        if number(self).is_none_or(|own| own == issuer) {
            return Some(self);
        }
        let heir = self.heirs.iter().find(|heir| number(heir) == Some(issuer));
        heir.map(Arc::as_ref)
    }

    /// How far it stands for what the key `fragment` asserted at `position`.
    pub fn standing(&self, fragment: &str, position: u64) -> Standing {
        if self.is_undisputed_itself() {
            return Standing::Good;
        }
        let of_key = self.key(fragment).into_iter().flat_map(cut);
        let since = of_key
            .chain(self.excepted())
            .filter(|dispute| dispute.ranges.contains(position))
            .map(|dispute| dispute.since)
            .min();
        let Some(since) = since else {
            return Standing::Good;
        };
        let settled = self
            .settlements()
            .find(|it| it.signed.position > since && it.ranges.contains(position));
        match settled.map(|it| it.how) {
            None => Standing::Disputed,
            Some(Settlement::Reaffirmed) => Standing::Good,
            Some(Settlement::Repudiated) => Standing::Repudiated,
        }
    }

    /// The positions that wait for a settlement.
    pub fn disputed(&self) -> Ranges {
        let keys = self.keys.iter().flat_map(cut);
        keys.chain(self.excepted())
            .fold(Ranges::default(), |open, dispute| {
                let settled = self
                    .settlements()
                    .filter(|it| it.signed.position > dispute.since)
                    .fold(Ranges::default(), |all, it| all.and(&it.ranges));
                open.and(&dispute.ranges.without(&settled))
            })
    }

    /// The positions that it repudiated.
    pub fn repudiated(&self) -> Ranges {
        self.settlements()
            .filter(|it| it.how == Settlement::Repudiated)
            .fold(Ranges::default(), |all, it| all.and(&it.ranges))
    }

    /// The position below which no cut-off may go: the last that it stood for.
    pub fn floor(&self) -> Option<u64> {
        self.counted().map(|floor| floor.through).max()
    }

    /// The same, once what the key `fragment` signed behind `position` does not count.
    pub fn floor_without(&self, fragment: &str, position: u64) -> Option<u64> {
        self.counted()
            .filter(|floor| {
                let by_it = *floor.signed.fragment == *fragment && self.is_own(&floor.signed);
                !by_it || floor.signed.position <= position
            })
            .map(|floor| floor.through)
            .max()
    }

    /// The floors that count: not those that their key signed behind its own cut-off.
    fn counted(&self) -> impl Iterator<Item = &Floor> {
        let counts = |floor: &&Floor| self.counts(&floor.signed);
        self.floors.iter().filter(counts)
    }

    /// The settlements that count, by the same rule.
    fn settlements(&self) -> impl Iterator<Item = &Settled> {
        let counts = |it: &&Settled| self.counts(&it.signed);
        self.settled.iter().filter(counts)
    }

    fn counts(&self, signed: &Signed) -> bool {
        let Some(keeper) = self.keeper(signed.issuer) else {
            return false;
        };
        let last = keeper.key(&signed.fragment).and_then(Key::not_valid_after);
        last.is_none_or(|last| signed.position <= last)
    }

    fn is_own(&self, signed: &Signed) -> bool {
        let own = self.admitted.as_ref().map(|profile| profile.number);
        own.is_none_or(|own| own == signed.issuer)
    }

    /// What the institution itself excepted, whichever key asserted it.
    fn excepted(&self) -> impl Iterator<Item = Dispute> {
        self.counted().map(|floor| Dispute {
            since: floor.signed.position,
            ranges: Ranges::of(floor.except.iter().map(|at| (*at, *at))),
        })
    }
}

/// What each cut-off of a key newly disputes: from behind it to where the one before began.
fn cut(key: &Key) -> impl Iterator<Item = Dispute> {
    let asserts = matches!(key.r#use, KeyUse::Assertion | KeyUse::Credential);
    let mut end = key.retired.unwrap_or(u64::MAX);
    let cut_offs = if asserts {
        key.cut_offs.as_slice()
    } else {
        &[]
    };
    cut_offs.iter().map(move |cut_off| {
        let from = cut_off.not_valid_after.max(key.activated);
        let ranges = Ranges::of([(from.saturating_add(1), end)]);
        end = end.min(cut_off.not_valid_after);
        Dispute {
            since: cut_off.by.position,
            ranges,
        }
    })
}
