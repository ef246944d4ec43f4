use serde::{Deserialize, Serialize};

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
        let Some(&first) = values.first() else { return Moments::default() };
        let count = values.len() as u64;
        let sum: f64 = fold_lanes(values, 0.0, |sum, value| sum + f64::from(value)).iter().sum();
        let mean = sum / count as f64;
        let squares = fold_lanes(values, 0.0, |sum, value| {
            let deviation = f64::from(value) - mean;
            sum + deviation * deviation
        });
        let min = fold_lanes(values, first, |min, value| if value < min { value } else { min });
        let max = fold_lanes(values, first, |max, value| if value > max { value } else { max });
        Moments {
            count,
            mean,
            scatter: squares.iter().sum(),
            min: min.into_iter().fold(first, f32::min).into(),
            max: max.into_iter().fold(first, f32::max).into(),
        }
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

/// Folds the values in eight lanes whatever the machine, value `i` in lane `i % 8`: the shape of a
/// sum is part of its result.
fn fold_lanes<T: Copy>(values: &[f32], start: T, step: impl Fn(T, f32) -> T) -> [T; 8] {
    let mut lanes = [start; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for (lane, &value) in lanes.iter_mut().zip(block) {
            *lane = step(*lane, value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = step(*lane, value);
    }
    lanes
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
