//! The books about an institution's keys: a naive second account of SECURITY §2.
//!
//! Written from the rules, not from the code: it keeps what was accepted, in order, and answers every
//! question by going through all of it again. No windows, no ranges, no folded state.

use identity::institution::{KeyUse, Settlement, Standing};

/// A key by its number in a history.
pub type Slot = u8;

/// Something that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    /// A key is there; `pledge` is the one that may follow.
    Activated {
        /// Which.
        slot: Slot,
        /// What for.
        r#use: KeyUse,
        /// The one that may follow it.
        pledge: Option<Slot>,
    },
    /// A key ended.
    Retired(Slot),
    /// A key does not count behind `q`; the first time it also ends.
    CutOff(Slot, u64),
    /// The institution stood for its history.
    Floor {
        /// By this key.
        by: Slot,
        /// Up to here.
        through: u64,
        /// But for these.
        except: Vec<u64>,
    },
    /// A dispute was settled.
    Settled {
        /// By this key.
        by: Slot,
        /// Which way.
        how: Settlement,
        /// These positions, one by one.
        positions: Vec<u64>,
    },
    /// An assertion.
    Submitted(Slot),
}

/// Everything accepted so far.
#[derive(Debug, Default)]
pub struct Books {
    /// Position and what happened there; several things may happen at one.
    pub did: Vec<(u64, Did)>,
}

impl Books {
    /// Use and first position of a key.
    pub fn activated(&self, key: Slot) -> Option<(u64, KeyUse)> {
        self.did.iter().find_map(|(at, did)| match did {
            Did::Activated { slot, r#use, .. } if *slot == key => Some((*at, *r#use)),
            _ => None,
        })
    }

    /// The key that may follow.
    pub fn pledge(&self, key: Slot) -> Option<Slot> {
        self.did.iter().find_map(|(_, did)| match did {
            Did::Activated { slot, pledge, .. } if *slot == key => *pledge,
            _ => None,
        })
    }

    /// Where a key ended.
    pub fn ended(&self, key: Slot) -> Option<u64> {
        self.did.iter().find_map(|(at, did)| match did {
            Did::Retired(slot) | Did::CutOff(slot, _) if *slot == key => Some(*at),
            _ => None,
        })
    }

    /// The earliest cut-off of a key.
    pub fn cut_off(&self, key: Slot) -> Option<u64> {
        let cuts = self.did.iter().filter_map(|(_, did)| match did {
            Did::CutOff(slot, q) if *slot == key => Some(*q),
            _ => None,
        });
        cuts.min()
    }

    /// Whether what a key signs counts at `position`.
    pub fn is_valid(&self, key: Slot, position: u64) -> bool {
        let Some((activated, _)) = self.activated(key) else {
            return false;
        };
        activated < position
            && self.ended(key).is_none_or(|end| position <= end)
            && self.cut_off(key).is_none_or(|q| position <= q)
    }

    fn counts(&self, by: Slot, position: u64, cut: Option<(Slot, u64)>) -> bool {
        let ours = self.cut_off(by).is_none_or(|q| position <= q);
        let asked = cut.is_none_or(|(slot, q)| slot != by || position <= q);
        ours && asked
    }

    /// The last floor that counts, were a further cut-off declared.
    pub fn floor(&self, cut: Option<(Slot, u64)>) -> Option<u64> {
        let floors = self.did.iter().filter_map(|(at, did)| match did {
            Did::Floor { by, through, .. } if self.counts(*by, *at, cut) => Some(*through),
            _ => None,
        });
        floors.max()
    }

    /// What became of the assertion that `key` made, or would have made, at `position`; of no key's,
    /// only what the institution itself excepted matters.
    pub fn standing(&self, key: Option<Slot>, position: u64) -> Standing {
        let within = key.is_some_and(|key| {
            self.activated(key).is_some_and(|(from, r#use)| {
                r#use == KeyUse::Assertion
                    && from < position
                    && self.ended(key).is_none_or(|end| position <= end)
            })
        });
        let mut standing = Standing::Good;
        let mut settled = false;
        for (at, did) in &self.did {
            match did {
                Did::CutOff(slot, q)
                    if Some(*slot) == key && within && position > *q && !settled =>
                {
                    standing = Standing::Disputed;
                }
                Did::Floor { by, except, .. }
                    if self.counts(*by, *at, None) && except.contains(&position) && !settled =>
                {
                    standing = Standing::Disputed;
                }
                Did::Settled { by, how, positions }
                    if self.counts(*by, *at, None)
                        && standing == Standing::Disputed
                        && positions.contains(&position) =>
                {
                    settled = true;
                    standing = match how {
                        Settlement::Reaffirmed => Standing::Good,
                        Settlement::Repudiated => Standing::Repudiated,
                    };
                }
                _ => {}
            }
        }
        standing
    }

    /// Whether anything at `position` waits for a settlement.
    pub fn is_disputed(&self, keys: Slot, position: u64) -> bool {
        (0..keys)
            .map(Some)
            .chain([None])
            .any(|key| self.standing(key, position) == Standing::Disputed)
    }

    /// Every assertion: by which key, where.
    pub fn submitted(&self) -> Vec<(Slot, u64)> {
        let submitted = self.did.iter().filter_map(|(at, did)| match did {
            Did::Submitted(slot) => Some((*slot, *at)),
            _ => None,
        });
        submitted.collect()
    }

    /// Whether the books hold a key of this use that may still sign, beside `but`.
    pub fn another(&self, r#use: KeyUse, but: Slot) -> bool {
        self.did.iter().any(|(_, did)| match did {
            Did::Activated {
                slot, r#use: of, ..
            } => *of == r#use && *slot != but && self.ended(*slot).is_none(),
            _ => false,
        })
    }

    /// Whether any key of this use ever pledged its successor.
    pub fn pledged(&self, r#use: KeyUse) -> bool {
        self.did.iter().any(|(_, did)| {
            matches!(did, Did::Activated { r#use: of, pledge: Some(_), .. } if *of == r#use)
        })
    }
}
