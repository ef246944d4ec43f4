use ndarray::{Array1, Array2};

use crate::Error;

/// Figures of a set of numbers, whatever state they are read from.
///
/// A figure that is not defined is NaN, as in numpy: all of them for the empty set, and the sample
/// variance of a single value.
pub trait Summary {
    /// Number of values.
    fn count(&self) -> u64;

    /// Arithmetic mean.
    fn mean(&self) -> f64;

    /// Population variance, the mean of (x - mean)²: divided by the count (numpy's `ddof=0`).
    fn variance(&self) -> f64;

    /// Sample variance: divided by the count less one (numpy's `ddof=1`).
    fn sample_variance(&self) -> f64;

    /// Smallest value.
    fn min(&self) -> f64;

    /// Largest value.
    fn max(&self) -> f64;

    /// Population standard deviation, the root of [`variance`](Summary::variance).
    fn std(&self) -> f64 {
        self.variance().sqrt()
    }

    /// Sample standard deviation, the root of [`sample_variance`](Summary::sample_variance).
    fn sample_std(&self) -> f64 {
        self.sample_variance().sqrt()
    }
}

/// A state that takes values one by one and can be merged with another of its kind: what
/// [`Statistics`](crate::Statistics) keeps for each group.
///
/// The default value is the state of the empty set, and merging with it changes nothing. Where a
/// value was NaN or infinite the mean is not finite: that is how such values are found.
pub trait Accumulator: Summary + Clone + Default + Send + Sync {
    /// What is accumulated: `u8` or `f32`.
    type Value: Copy + Into<f64> + Send + Sync;

    /// Whether the state is exact, so that neither the order of values nor how they are spread
    /// over merged states shows. If not, [`Statistics`](crate::Statistics) keeps to a fixed order.
    const EXACT: bool;

    /// Adds one value.
    fn push(&mut self, value: Self::Value);

    /// Adds a block of values; faster than one by one, and equal to it up to rounding.
    fn push_all(&mut self, values: &[Self::Value]) {
        for &value in values {
            self.push(value);
        }
    }

    /// Adds a block of values that lie in memory by turns, as the channels of pixels do: value `i`
    /// to state `i % states.len()`. The result is that of [`push_all`](Accumulator::push_all) with
    /// the values of each state, to the bit.
    fn push_interleaved(states: &mut [Self], values: &[Self::Value]) {
        let channels = states.len();
        for (channel, state) in states.iter_mut().enumerate() {
            let own: Vec<_> = values.iter().skip(channel).step_by(channels).copied().collect();
            state.push_all(&own);
        }
    }

    /// Adds the values of another state.
    fn merge(&mut self, other: &Self);
}

/// Figures of a set of rows, each of [`dims`](JointSummary::dims) values: what whitening is fitted
/// from, whichever of [`Covariance`](crate::Covariance) and
/// [`IntegerCovariance`](crate::IntegerCovariance) holds them.
///
/// All figures of an empty set are NaN, and so is the sample covariance of a single row.
pub trait JointSummary {
    /// Number of rows.
    fn count(&self) -> u64;

    /// Values per row.
    fn dims(&self) -> usize;

    /// Mean row, of length `dims`.
    fn mean(&self) -> Array1<f64>;

    /// Scatter matrix, the sum of (x - mean)(x - mean)ᵀ: `dims` x `dims`, symmetric to the bit.
    fn scatter(&self) -> Array2<f64>;

    /// Population covariance: the scatter divided by the count (`numpy.cov` with `ddof=0`).
    fn covariance(&self) -> Array2<f64>;

    /// Sample covariance: the scatter divided by the count less one (`numpy.cov`'s default).
    fn sample_covariance(&self) -> Array2<f64>;
}

/// The most values (rows, samples) that a stored state may claim, 2.8 · 10¹⁴: beyond what any data
/// set holds, and far from where the integers of a state would overflow.
pub(crate) const MAX_COUNT: u64 = 1 << 48;

/// Refuses to merge states whose counts together pass [`MAX_COUNT`].
pub(crate) fn check_total(left: u64, right: u64) -> Result<(), Error> {
    match left.checked_add(right) {
        Some(..=MAX_COUNT) => Ok(()),
        _ => Err(Error::TooMany { left, right }),
    }
}
