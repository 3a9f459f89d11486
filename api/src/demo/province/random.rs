//! SplitMix64: the demo's own numbers, the same on every machine and for ever.
//!
//! Invariant: the sequence depends on the seed alone. Not for secrets. Pure; a crash loses nothing.
//!
//! Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).

/// A sequence of numbers from a seed.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 if `bound` is 0. The bias (below 2⁻³²) does not matter here.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u128::try_from(bound).unwrap_or_default();
        usize::try_from((u128::from(self.bits()) * bound) >> 64).unwrap_or_default()
    }

    /// A number from `low` to `high`, both possible.
    pub fn between(&mut self, low: i16, high: i16) -> i16 {
        let width = usize::from(high.abs_diff(low)) + 1;
        low.saturating_add(i16::try_from(self.below(width)).unwrap_or_default())
    }

    /// True `percent` times of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `items`; the default of nothing.
    pub fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        items
            .get(self.below(items.len()))
            .copied()
            .unwrap_or_default()
    }

    /// An index of `weights`, each as likely as its weight; 0 if all are 0.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        for (at, &weight) in weights.iter().enumerate() {
            if rest < weight {
                return at;
            }
            rest -= weight;
        }
        0
    }
}
