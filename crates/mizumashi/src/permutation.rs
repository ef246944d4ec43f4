//! Shuffling without a shuffled list.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// A keyed permutation of `0..len`, evaluated one index at a time.
///
/// A balanced Feistel network over the least even number of bits that covers `len`, walked along
/// its cycle until it lands inside (Black and Rogaway, "Ciphers with Arbitrary Finite Domains",
/// 2002). It needs no memory, so that an iterator can be resumed anywhere at no cost and any
/// number of ranks can take their share of the same order.
#[derive(Debug, Clone)]
pub(crate) struct Permutation {
    len: u64,
    half_bits: u32,
    round_keys: [u64; ROUNDS],
}

const ROUNDS: usize = 6;

impl Permutation {
    /// The order of the `epoch`th pass over `len` samples in a run with this seed.
    pub(crate) fn new(len: usize, seed: u64, epoch: u64) -> Self {
        let len = len as u64;
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&epoch.to_le_bytes());
        // Transforms key their streams with their position here; no recipe is this long.
        key[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        let round_keys = std::array::from_fn(|_| rng.next_u64());
        Self { len, half_bits: bits.div_ceil(2).max(1), round_keys }
    }

    /// The sample at `position` of the order, for `position < len`.
    pub(crate) fn index(&self, position: usize) -> usize {
        let mut value = position as u64;
        loop {
            value = self.encrypt(value);
            if value < self.len {
                return value as usize;
            }
        }
    }

    fn encrypt(&self, value: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for key in self.round_keys {
            (left, right) = (right, left ^ (mix(right ^ key) & mask));
        }
        left << self.half_bits | right
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every output bit depends on every
/// input bit.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Permutation;

    proptest! {
        #[test]
        fn every_index_comes_exactly_once(len in 1usize..3000, seed: u64, epoch: u64) {
            let order = Permutation::new(len, seed, epoch);
            let mut seen = vec![false; len];
            for position in 0..len {
                let index = order.index(position);
                prop_assert!(!std::mem::replace(&mut seen[index], true));
            }
        }
    }

    #[test]
    fn epochs_and_seeds_give_other_orders() {
        let order = |seed, epoch| {
            let permutation = Permutation::new(100, seed, epoch);
            (0..100).map(|position| permutation.index(position)).collect::<Vec<_>>()
        };
        assert_ne!(order(1, 0), order(1, 1));
        assert_ne!(order(1, 0), order(2, 0));
        assert_eq!(order(1, 0), order(1, 0));
    }

    #[test]
    fn every_place_is_equally_likely() {
        // Chi-squared over where sample 0 of 10 lands in 10,000 epochs: 9 degrees of freedom,
        // 27.9 is exceeded with probability 0.001; the draw is fixed, so this never flickers.
        let mut counts = [0u32; 10];
        for epoch in 0..10_000 {
            let order = Permutation::new(10, 3, epoch);
            let place = (0..10).find(|&position| order.index(position) == 0).unwrap();
            counts[place] += 1;
        }
        let chi2: f64 = counts.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi2 < 27.9, "chi-squared {chi2}, counts {counts:?}");
    }
}
