//! Random numbers from a printed seed.
//!
//! Invariant: the same seed gives the same numbers on every machine and in every release.

/// SplitMix64 (Steele, Lea, Flood 2014): one word of state, good enough to shake a disk.
#[derive(Debug, Clone)]
pub struct Seeded(u64);

impl Seeded {
    /// Numbers of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.word() % bound as u64).unwrap_or(0)
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// `length` random bytes; all zero once in eight times, since zeros are what torn space holds.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        if !self.once_in(8) {
            for part in bytes.chunks_mut(8) {
                let word = self.word().to_le_bytes();
                part.copy_from_slice(&word[..part.len()]);
            }
        }
        bytes
    }
}
