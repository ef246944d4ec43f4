use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// √3: uniform numbers in ±1 have variance 1/3.
const ROOT_3: f32 = 1.732_050_8;

/// The random numbers for one purpose of one sample.
///
/// They depend on the key and the index alone and are made by integer arithmetic, exact
/// conversions, `+` and `*`, so they are the same on every machine and in every order.
pub(super) struct Draws(ChaCha8Rng);

impl Draws {
    /// The stream `index` of the generator with this key.
    pub(super) fn new(key: [u64; 4], index: u64) -> Self {
        let mut seed = [0; 32];
        for (bytes, word) in seed.chunks_exact_mut(8).zip(key) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let mut rng = ChaCha8Rng::from_seed(seed);
        rng.set_stream(index);
        Self(rng)
    }

    /// Uniform in `[0, 1)`, in steps of 2^-24: every value is exact in f32.
    pub(super) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform in `[low, high)`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// True with the given probability.
    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Uniform in `0..count`, which must not be 0; the bias is below `count` / 2^32.
    pub(super) fn below(&mut self, count: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(count)) >> 32) as u32
    }

    /// Uniform with mean 0 and variance 1, within ±√3.
    pub(super) fn flat(&mut self) -> f32 {
        (2.0 * self.unit() - 1.0) * ROOT_3
    }

    /// A bell curve with mean 0 and variance 1, within ±2√3: the sum of four uniform draws, which
    /// needs no logarithm.
    pub(super) fn bell(&mut self) -> f32 {
        0.5 * (self.flat() + self.flat() + self.flat() + self.flat())
    }
}

#[cfg(test)]
mod tests {
    use super::{Draws, Rng};
    use std::collections::HashSet;

    fn moments(values: impl Iterator<Item = f32>) -> [f64; 2] {
        let values: Vec<f64> = values.map(f64::from).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        [mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count]
    }

    #[test]
    fn every_word_of_the_key_and_bit_of_the_index_selects_other_numbers() {
        let first = |key, index| Draws::new(key, index).0.next_u64();
        let mut seen = vec![first([0; 4], 0)];
        seen.extend((0..64).map(|bit| first([0; 4], 1 << bit)));
        for word in 0..4 {
            let mut key = [0; 4];
            key[word] = 1 << 63;
            seen.push(first(key, 0));
        }
        let distinct = seen.iter().collect::<HashSet<_>>().len();
        assert_eq!(distinct, seen.len());
    }

    #[test]
    fn flat_and_bell_have_mean_0_and_variance_1() {
        let mut draws = Draws::new([1, 2, 3, 4], 5);
        let [mean, variance] = moments((0..100_000).map(|_| draws.flat()));
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.01, "{mean} {variance}");
        let [mean, variance] = moments((0..100_000).map(|_| draws.bell()));
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn below_is_even_and_stays_below() {
        let mut draws = Draws::new([0; 4], 0);
        let mut counts = [0; 7];
        for _ in 0..70_000 {
            counts[draws.below(7) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
    }
}
