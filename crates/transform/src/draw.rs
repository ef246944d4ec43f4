//! Keyed randomness: which numbers a sample gets depends on its key alone.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardUniform, Uniform};
use serde::{Deserialize, Serialize};

use crate::{Error, ImageShape};

/// Names one sample of one epoch of one run.
///
/// Every random number of a plan is a pure function of this key, the position of the transform
/// in its recipe, and the number's place in that transform's sequence. Threads, batches, shards
/// and resumption cannot show in it, and a transform that draws more numbers, or none, does not
/// disturb its neighbours. One that is put in before them does, since it moves their positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SampleKey {
    /// The run's seed.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The sample's index in its data set.
    pub index: u64,
}

/// What a transform may look at while it draws: the sample's shape so far, and random numbers.
///
/// Numbers come from ChaCha with 8 rounds, a counter-based generator: seed, epoch and the
/// transform's position form the key and the sample's index selects the stream. The generator
/// is set up at the first number, so a transform without chance costs nothing. A uniform number
/// or a chance takes one 64-bit word of the stream and a normal one takes two, whatever the
/// parameters are, so that changing a range leaves the numbers drawn after it alone.
#[derive(Debug)]
pub struct Draw {
    key: SampleKey,
    position: u64,
    shape: ImageShape,
    rng: Option<ChaCha8Rng>,
}

impl Draw {
    /// The draw of the transform at `position` of a recipe, for an image that has `shape` there.
    pub fn new(key: SampleKey, position: usize, shape: ImageShape) -> Self {
        Self { key, position: position as u64, shape, rng: None }
    }

    /// The shape of the image as the transform will receive it.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The sample being drawn for.
    pub fn key(&self) -> SampleKey {
        self.key
    }

    /// The transform's own stream of random numbers, for use with `rand` and `rand_distr`.
    pub fn rng(&mut self) -> &mut ChaCha8Rng {
        self.rng.get_or_insert_with(|| {
            let mut seed = [0; 32];
            for (slot, word) in
                seed.chunks_exact_mut(8).zip([self.key.seed, self.key.epoch, self.position])
            {
                slot.copy_from_slice(&word.to_le_bytes());
            }
            let mut rng = ChaCha8Rng::from_seed(seed);
            rng.set_stream(self.key.index);
            rng
        })
    }

    /// A number uniform in `low..high` (`low` itself where the two are equal).
    ///
    /// # Errors
    /// [`Error::Parameter`] when the range is reversed or not finite.
    pub fn uniform(&mut self, low: f64, high: f64) -> Result<f64, Error> {
        let range =
            if low == high { Uniform::new_inclusive(low, high) } else { Uniform::new(low, high) };
        let range = range.map_err(|_| Error::Parameter {
            transform: "uniform draw",
            parameter: "range",
            value: format!("{low}..{high}"),
            mend: "the bounds must be finite and in rising order",
        })?;
        Ok(range.sample(self.rng()))
    }

    /// A number from the normal distribution with this mean and standard deviation.
    pub fn normal(&mut self, mean: f64, std: f64) -> f64 {
        // Box and Muller's formula, through `libm`: the same bits on every machine.
        let radius = f64::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        let angle = std::f64::consts::TAU * self.unit();
        mean + std * (radius * libm::cos(angle))
    }

    /// True with this probability; anything at or below 0 is never, at or above 1 always.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number uniform in 0..1.
    fn unit(&mut self) -> f64 {
        StandardUniform.sample(self.rng())
    }
}
