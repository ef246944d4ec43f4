use std::slice;

use serde::{Deserialize, Serialize};

use crate::simd::{Kernel, vectorised};
use crate::summary::MAX_COUNT;
use crate::{Accumulator, Error, Summary, byte_columns};

/// Count, mean, variance, minimum and maximum of `u8` values, exact.
///
/// The state is three integers and the extremes, so merging is associative and commutative to the
/// bit, and equal sets have equal states. Mean and variance round once, in their final division:
/// the variance is (n Σx² - (Σx)²) / n².
///
/// ```
/// use mizumashi_stats::{Accumulator, IntegerMoments, Summary};
///
/// let mut moments = IntegerMoments::of(&[0, 255]);
/// moments.merge(&IntegerMoments::of(&[0, 255]));
/// assert_eq!((moments.mean(), moments.std()), (127.5, 127.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct IntegerMoments {
    count: u64,
    sum: u64,
    sum_of_squares: u64,
    /// 255 of the empty set, so that the smaller of two is right without asking.
    min: u8,
    /// 0 of the empty set.
    max: u8,
}

impl IntegerMoments {
    /// The moments of a block of values.
    pub fn of(values: &[u8]) -> Self {
        let mut moments = IntegerMoments::default();
        moments.push_all(values);
        moments
    }

    /// Sum of the values.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// Adds values of which these are the figures.
    pub(crate) fn add(&mut self, count: u64, sum: u64, sum_of_squares: u64, [min, max]: [u8; 2]) {
        self.merge(&IntegerMoments { count, sum, sum_of_squares, min, max });
    }

    /// Sum of the squares of the values.
    pub fn sum_of_squares(&self) -> u64 {
        self.sum_of_squares
    }
}

impl Default for IntegerMoments {
    fn default() -> Self {
        IntegerMoments { count: 0, sum: 0, sum_of_squares: 0, min: u8::MAX, max: u8::MIN }
    }
}

impl Summary for IntegerMoments {
    fn count(&self) -> u64 {
        self.count
    }

    fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64
    }

    fn variance(&self) -> f64 {
        variance(self.count, self.sum, self.sum_of_squares, self.count)
    }

    fn sample_variance(&self) -> f64 {
        variance(self.count, self.sum, self.sum_of_squares, self.count.saturating_sub(1))
    }

    fn min(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.min.into() }
    }

    fn max(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.max.into() }
    }
}

impl Accumulator for IntegerMoments {
    type Value = u8;

    const EXACT: bool = true;

    fn push(&mut self, value: u8) {
        self.count += 1;
        self.sum += u64::from(value);
        self.sum_of_squares += u64::from(value) * u64::from(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    fn push_all(&mut self, values: &[u8]) {
        Self::push_interleaved(slice::from_mut(self), values);
    }

    fn push_interleaved(states: &mut [Self], values: &[u8]) {
        let fits = !states.is_empty() && byte_columns::WIDTH.is_multiple_of(states.len());
        let rest = if fits { byte_columns::add(states, values) } else { values };
        if let [state] = states {
            let (sum, sum_of_squares, extremes) = vectorised(Few(rest));
            return state.add(rest.len() as u64, sum.into(), sum_of_squares.into(), extremes);
        }
        for pixel in rest.chunks(states.len().max(1)) {
            states.iter_mut().zip(pixel).for_each(|(state, &value)| state.push(value));
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.sum_of_squares += other.sum_of_squares;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// Sum, sum of squares and extremes of at most 2¹⁶ values, so that both sums fit in 32 bits.
struct Few<'a>(&'a [u8]);

impl Kernel for Few<'_> {
    type Output = (u32, u32, [u8; 2]);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let (mut sum, mut sum_of_squares) = (0, 0);
        let [mut min, mut max] = [u8::MAX, u8::MIN];
        for &value in self.0 {
            sum += u32::from(value);
            sum_of_squares += u32::from(value) * u32::from(value);
            min = min.min(value);
            max = max.max(value);
        }
        (sum, sum_of_squares, [min, max])
    }
}

/// (n Σx² - (Σx)²) / (n · divisor), in integers up to the division; NaN when that is 0 / 0.
pub(crate) fn variance(count: u64, sum: u64, sum_of_squares: u64, divisor: u64) -> f64 {
    let (count, sum) = (u128::from(count), u128::from(sum));
    let numerator = count * u128::from(sum_of_squares) - sum * sum;
    numerator as f64 / (count * u128::from(divisor)) as f64
}

/// [`IntegerMoments`] as stored, before its invariants are checked.
#[derive(Deserialize)]
struct Unchecked {
    count: u64,
    sum: u64,
    sum_of_squares: u64,
    min: u8,
    max: u8,
}

impl TryFrom<Unchecked> for IntegerMoments {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        let Unchecked { count, sum, sum_of_squares, min, max } = stored;
        let fail = |reason| Err(Error::Inconsistent { what: "integer moments", reason });
        let moments = IntegerMoments { count, sum, sum_of_squares, min, max };
        if count > MAX_COUNT {
            return fail("count is beyond 2^48");
        }
        if count == 0 {
            return match moments == IntegerMoments::default() {
                true => Ok(moments),
                false => fail("count is 0, but the figures are not those of nothing"),
            };
        }
        let (low, high) = (u64::from(min), u64::from(max));
        if !(count * low..=count * high).contains(&sum) || min > max {
            return fail("the sum does not lie between count * min and count * max");
        }
        let least = u128::from(sum) * u128::from(sum);
        let most = count * high * high;
        if u128::from(count) * u128::from(sum_of_squares) < least || sum_of_squares > most {
            return fail("the sum of squares is out of bounds");
        }
        Ok(moments)
    }
}
