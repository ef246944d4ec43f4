use serde::{Deserialize, Serialize};

use crate::simd::{Kernel, vectorised};
use crate::summary::MAX_COUNT;
use crate::{Accumulator, Error, Summary};

/// Count, mean, variance, minimum and maximum of real values, in `f64`.
///
/// Values pushed one by one follow Welford's recurrence, blocks ([`Accumulator::push_all`]) are
/// summed in two passes around their own mean, and states are merged by the rule of Chan, Golub
/// and LeVeque (1979). None of them subtracts large squares, so 10⁴ ± 1 keeps its variance.
///
/// Figures of values that are not all finite mean nothing; [`Statistics`](crate::Statistics)
/// refuses such values beforehand.
///
/// ```
/// use mizumashi_stats::{Accumulator, Moments, Summary};
///
/// let mut moments = Moments::of(&[1.0, 2.0]);
/// moments.merge(&Moments::of(&[3.0]));
/// moments.push(6.0);
/// assert_eq!((moments.count(), moments.mean(), moments.variance()), (4, 3.0, 3.5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Moments {
    count: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    scatter: f64,
    min: f64,
    max: f64,
}

impl Moments {
    /// The moments of a block of values.
    pub fn of(values: &[f32]) -> Self {
        if values.is_empty() { Moments::default() } else { vectorised(TwoPasses(values)) }
    }

    /// Adds one value of any real type.
    pub fn push(&mut self, value: impl Into<f64>) {
        let value = value.into();
        if self.count == 0 {
            *self = Moments { count: 1, mean: value, scatter: 0.0, min: value, max: value };
            return;
        }
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.scatter += before * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }
}

impl Summary for Moments {
    fn count(&self) -> u64 {
        self.count
    }

    fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.mean }
    }

    fn variance(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.scatter / self.count as f64 }
    }

    fn sample_variance(&self) -> f64 {
        if self.count < 2 { f64::NAN } else { self.scatter / (self.count - 1) as f64 }
    }

    fn min(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.min }
    }

    fn max(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.max }
    }
}

impl Accumulator for Moments {
    type Value = f32;

    const EXACT: bool = false;

    fn push(&mut self, value: f32) {
        Moments::push(self, value);
    }

    fn push_all(&mut self, values: &[f32]) {
        self.merge(&Moments::of(values));
    }

    fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (left, right) = (self.count as f64, other.count as f64);
        let total = left + right;
        let delta = other.mean - self.mean;
        self.count += other.count;
        self.mean += delta * (right / total);
        self.scatter += other.scatter + delta * delta * (left / total * right);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// Partial sums that a block is added up in, value `i` in lane `i % LANES`, whatever the machine:
/// the shape of a sum is part of its result. As many as keep the adders of the widest registers busy.
const LANES: usize = 32;

/// The moments of some values: mean and extremes first, then deviations from that mean.
struct TwoPasses<'a>(&'a [f32]);

impl Kernel for TwoPasses<'_> {
    type Output = Moments;

    #[inline(always)]
    fn run(self) -> Moments {
        let values = self.0;
        let count = values.len() as u64;
        let mut sums = [0.0; LANES];
        let (mut min, mut max) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        for_each_lane(values, |lane, value| {
            sums[lane] += f64::from(value);
            min[lane] = smaller(min[lane], value);
            max[lane] = larger(max[lane], value);
        });
        let mean = sums.iter().sum::<f64>() / count as f64;
        let mut squares = [0.0; LANES];
        for_each_lane(values, |lane, value| {
            let deviation = f64::from(value) - mean;
            squares[lane] += deviation * deviation;
        });
        Moments {
            count,
            mean,
            scatter: squares.iter().sum(),
            min: min.into_iter().fold(f32::INFINITY, smaller).into(),
            max: max.into_iter().fold(f32::NEG_INFINITY, larger).into(),
        }
    }
}

/// Unlike `f32::min`, says which zero it is of two.
#[inline(always)]
fn smaller(min: f32, value: f32) -> f32 {
    if value < min { value } else { min }
}

#[inline(always)]
fn larger(max: f32, value: f32) -> f32 {
    if value > max { value } else { max }
}

#[inline(always)]
fn for_each_lane(values: &[f32], mut step: impl FnMut(usize, f32)) {
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for (lane, &value) in block.iter().enumerate() {
            step(lane, value);
        }
    }
    for (lane, &value) in rest.iter().enumerate() {
        step(lane, value);
    }
}

/// [`Moments`] as stored, before its invariants are checked.
#[derive(Deserialize)]
struct Unchecked {
    count: u64,
    mean: f64,
    scatter: f64,
    min: f64,
    max: f64,
}

impl TryFrom<Unchecked> for Moments {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        let Unchecked { count, mean, scatter, min, max } = stored;
        let fail = |reason| Err(Error::Inconsistent { what: "moments", reason });
        if count > MAX_COUNT {
            return fail("count is beyond 2^48");
        }
        if ![mean, scatter, min, max].iter().all(|figure| figure.is_finite()) {
            return fail("a figure is not finite");
        }
        let moments = Moments { count, mean, scatter, min, max };
        if count == 0 && moments != Moments::default() {
            return fail("count is 0, but a figure is not");
        }
        // Rounding may carry the mean of equal values past them, by far less than this.
        let slack = 1e-9 * min.abs().max(max.abs());
        if scatter < 0.0 || min > max || mean < min - slack || mean > max + slack {
            return fail("not min <= mean <= max and scatter >= 0");
        }
        Ok(moments)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn wide_registers_give_the_bits_of_the_plain_loop(
            values in prop::collection::vec(-1e4_f32..1e4, 1..300),
        ) {
            prop_assert_eq!(vectorised(TwoPasses(&values)), TwoPasses(&values).run());
        }
    }
}
