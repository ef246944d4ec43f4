use std::slice;

use ndarray::{ArrayView, Dimension};
use serde::{Deserialize, Serialize};

use crate::integer_moments;
use crate::quantile::{check, find, interpolate};
use crate::summary::MAX_COUNT;
use crate::{Accumulator, Error, Summary};

/// How often each of the 256 values of a `u8` occurs.
///
/// The counters hold every figure of the set exactly: mean, variance, extremes, median and
/// quantiles. Merging adds counters, so it is associative and commutative to the bit, and equal
/// sets have equal histograms. Stored as the list of 256 counters.
///
/// ```
/// use mizumashi_stats::{Histogram, Summary};
///
/// let histogram = Histogram::from_slice(&[0, 10, 10, 200]);
/// assert_eq!(histogram.counts()[10], 2);
/// assert_eq!(histogram.mean(), 55.0);
/// assert_eq!(histogram.median(), 10.0);
/// assert_eq!(histogram.quantile(0.75)?, 57.5);
/// # Ok::<(), mizumashi_stats::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
pub struct Histogram {
    counts: [u64; 256],
}

impl Histogram {
    /// The histogram of a slice.
    pub fn from_slice(values: &[u8]) -> Self {
        let mut histogram = Histogram::default();
        histogram.push_all(values);
        histogram
    }

    /// The histogram of an array of any shape and strides: an image, one of its channels, a batch.
    pub fn of<D: Dimension>(values: ArrayView<'_, u8, D>) -> Self {
        match values.as_slice_memory_order() {
            Some(values) => Histogram::from_slice(values),
            None => {
                let mut histogram = Histogram::default();
                values.for_each(|&value| histogram.push(value));
                histogram
            }
        }
    }

    /// The counters: entry `v` tells how often the value `v` occurs.
    pub fn counts(&self) -> &[u64; 256] {
        &self.counts
    }

    /// Smallest and largest value, or `None` when nothing was counted.
    pub fn span(&self) -> Option<(u8, u8)> {
        let occurs = |value: &u8| self.counts[usize::from(*value)] > 0;
        Some(((0..=u8::MAX).find(occurs)?, (0..=u8::MAX).rfind(occurs)?))
    }

    /// The median; the mean of the two middle values when the count is even, NaN when it is 0.
    pub fn median(&self) -> f64 {
        self.quantile(0.5).unwrap_or(f64::NAN)
    }

    /// The quantile `q`, from 0 to 1, by numpy's `linear` rule: values between two of the set are
    /// interpolated at position q (n - 1).
    ///
    /// # Errors
    ///
    /// [`Error::Quantile`] when `q` is out of range, [`Error::NoValues`] when nothing was counted.
    pub fn quantile(&self, q: f64) -> Result<f64, Error> {
        check(q)?;
        let count = self.count();
        if count == 0 {
            return Err(Error::NoValues);
        }
        Ok(interpolate(q, count, |rank| find(&self.counts, rank).0 as f64))
    }

    /// Several quantiles, in the order asked for; see [`quantile`](Histogram::quantile).
    ///
    /// # Errors
    ///
    /// As for [`quantile`](Histogram::quantile).
    pub fn quantiles(&self, qs: &[f64]) -> Result<Vec<f64>, Error> {
        qs.iter().map(|&q| self.quantile(q)).collect()
    }

    /// Count, sum and sum of squares.
    fn sums(&self) -> (u64, u64, u64) {
        (0_u64..).zip(&self.counts).fold((0, 0, 0), |(count, sum, squares), (value, &times)| {
            (count + times, sum + times * value, squares + times * value * value)
        })
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: [0; 256] }
    }
}

impl Summary for Histogram {
    fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn mean(&self) -> f64 {
        let (count, sum, _) = self.sums();
        sum as f64 / count as f64
    }

    fn variance(&self) -> f64 {
        let (count, sum, squares) = self.sums();
        integer_moments::variance(count, sum, squares, count)
    }

    fn sample_variance(&self) -> f64 {
        let (count, sum, squares) = self.sums();
        integer_moments::variance(count, sum, squares, count.saturating_sub(1))
    }

    fn min(&self) -> f64 {
        self.span().map_or(f64::NAN, |(min, _)| min.into())
    }

    fn max(&self) -> f64 {
        self.span().map_or(f64::NAN, |(_, max)| max.into())
    }
}

impl Accumulator for Histogram {
    type Value = u8;

    const EXACT: bool = true;

    fn push(&mut self, value: u8) {
        self.counts[usize::from(value)] += 1;
    }

    fn push_all(&mut self, values: &[u8]) {
        push_by_turns::<4>(slice::from_mut(self), values);
    }

    fn push_interleaved(states: &mut [Self], values: &[u8]) {
        match states.len() {
            1 => push_by_turns::<4>(states, values),
            2 => push_by_turns::<8>(states, values),
            3 => push_by_turns::<12>(states, values),
            4 => push_by_turns::<16>(states, values),
            _ => push_one_by_one(states, values),
        }
    }

    fn merge(&mut self, other: &Self) {
        for (count, &more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }
}

/// Adds value `i` to state `i` modulo their number, which divides `TABLES`.
///
/// Equal values come in runs, and a counter that was just written is slow to read: so each state
/// counts in several tables by turns.
fn push_by_turns<const TABLES: usize>(states: &mut [Histogram], values: &[u8]) {
    // Per table, what emptying and adding it up is repaid by, and what 32 bits count with ease.
    const FEW: usize = 1 << 7;
    const MOST: usize = 1 << 20;
    if values.len() < FEW * TABLES {
        return push_one_by_one(states, values);
    }
    let channels = states.len();
    for values in values.chunks(MOST * TABLES) {
        let mut tables = [[0_u32; 256]; TABLES];
        let (turns, rest) = values.as_chunks::<TABLES>();
        for turn in turns {
            for (table, &value) in tables.iter_mut().zip(turn) {
                table[usize::from(value)] += 1;
            }
        }
        for (table, &value) in tables.iter_mut().zip(rest) {
            table[usize::from(value)] += 1;
        }
        for (index, table) in tables.iter().enumerate() {
            let counts = &mut states[index % channels].counts;
            counts.iter_mut().zip(table).for_each(|(count, &more)| *count += u64::from(more));
        }
    }
}

fn push_one_by_one(states: &mut [Histogram], values: &[u8]) {
    for pixel in values.chunks(states.len().max(1)) {
        states.iter_mut().zip(pixel).for_each(|(state, &value)| state.push(value));
    }
}

impl From<Histogram> for Vec<u64> {
    fn from(histogram: Histogram) -> Self {
        histogram.counts.to_vec()
    }
}

impl TryFrom<Vec<u64>> for Histogram {
    type Error = Error;

    fn try_from(counts: Vec<u64>) -> Result<Self, Error> {
        let fail = |reason| Error::Inconsistent { what: "histogram counts", reason };
        let counts: [u64; 256] = counts.try_into().map_err(|_| fail("there are not 256"))?;
        let total: u128 = counts.iter().map(|&count| u128::from(count)).sum();
        if total > u128::from(MAX_COUNT) {
            return Err(fail("their sum is beyond 2^48"));
        }
        Ok(Histogram { counts })
    }
}
