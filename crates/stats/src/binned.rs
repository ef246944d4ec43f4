use ndarray::{ArrayView, Dimension};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::finite::check_finite;
use crate::summary::{MAX_COUNT, check_total};

/// Bounds the counters to 128 MB.
const MAX_BINS: usize = 1 << 24;

/// How often real values fall into bins of equal width, with counters for those outside.
///
/// Bins are those of `numpy.histogram`: each holds its lower edge but not its upper one, except
/// that the last holds both. Merging adds counters and needs the same bins.
///
/// ```
/// use mizumashi_stats::BinnedHistogram;
/// use ndarray::array;
///
/// let mut histogram = BinnedHistogram::new(0.0, 1.0, 4)?;
/// histogram.update(array![-0.1, 0.0, 0.25, 0.3, 1.0, 7.0].view())?;
/// assert_eq!(histogram.counts(), [1, 2, 0, 1]);
/// assert_eq!((histogram.underflow(), histogram.overflow()), (1, 1));
/// # Ok::<(), mizumashi_stats::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct BinnedHistogram {
    low: f64,
    high: f64,
    counts: Vec<u64>,
    underflow: u64,
    overflow: u64,
}

impl BinnedHistogram {
    /// An empty histogram of `bins` equal bins from `low` to `high`.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] unless `low` < `high` are finite, [`Error::BinCount`] unless `bins` is from
    /// 1 to 2²⁴.
    pub fn new(low: f64, high: f64, bins: usize) -> Result<Self, Error> {
        if !(low < high && (high - low).is_finite()) {
            return Err(Error::Range { low, high });
        }
        if !(1..=MAX_BINS).contains(&bins) {
            return Err(Error::BinCount { bins, limit: MAX_BINS });
        }
        Ok(BinnedHistogram { low, high, counts: vec![0; bins], underflow: 0, overflow: 0 })
    }

    /// Counts the values of an array of any shape and strides.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] when a value is NaN or infinite; nothing is counted then.
    pub fn update<D: Dimension>(&mut self, values: ArrayView<'_, f32, D>) -> Result<(), Error> {
        check_finite(&values)?;
        let empty = || BinnedHistogram {
            counts: vec![0; self.counts.len()],
            underflow: 0,
            overflow: 0,
            ..*self
        };
        let pushed = |mut histogram: BinnedHistogram, value: &f32| {
            histogram.push((*value).into());
            histogram
        };
        let sum = |mut left: BinnedHistogram, right: BinnedHistogram| {
            left.add(&right);
            left
        };
        let counted = match values.as_slice_memory_order() {
            Some(values) => values.par_iter().fold(empty, pushed).reduce(empty, sum),
            None => values.iter().fold(empty(), pushed),
        };
        self.add(&counted);
        Ok(())
    }

    /// Adds the counts of another histogram.
    ///
    /// # Errors
    ///
    /// [`Error::Bins`] when its bins are others, [`Error::TooMany`] when the counts are.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let bins = |histogram: &Self| (histogram.low, histogram.high, histogram.counts.len());
        if bins(self) != bins(other) {
            return Err(Error::Bins {
                bins: self.counts.len(),
                low: self.low,
                high: self.high,
                found_bins: other.counts.len(),
                found_low: other.low,
                found_high: other.high,
            });
        }
        check_total(self.count(), other.count())?;
        self.add(other);
        Ok(())
    }

    /// Number of values counted, those outside the range included.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.underflow + self.overflow
    }

    /// Values per bin.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Number of values below the range.
    pub fn underflow(&self) -> u64 {
        self.underflow
    }

    /// Number of values above the range.
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// The edges of the bins, ascending: one more than there are bins.
    pub fn edges(&self) -> Vec<f64> {
        (0..=self.counts.len()).map(|index| self.edge(index)).collect()
    }

    /// Bytes on the heap.
    pub(crate) fn allocated(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }

    /// Adds the counts of a histogram of the same bins.
    fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.underflow += other.underflow;
        self.overflow += other.overflow;
    }

    fn edge(&self, index: usize) -> f64 {
        let bins = self.counts.len();
        if index == bins {
            return self.high;
        }
        self.low + index as f64 * ((self.high - self.low) / bins as f64)
    }

    fn push(&mut self, value: f64) {
        if value < self.low {
            self.underflow += 1;
        } else if value > self.high {
            self.overflow += 1;
        } else {
            let bin = self.bin_of(value);
            self.counts[bin] += 1;
        }
    }

    /// The bin of a value within the range. The quotient may be off by one where a value lies
    /// within rounding of an edge; the edges themselves decide.
    fn bin_of(&self, value: f64) -> usize {
        let last = self.counts.len() - 1;
        let quotient = (value - self.low) / (self.high - self.low) * self.counts.len() as f64;
        let bin = (quotient as usize).min(last);
        if value < self.edge(bin) {
            bin - 1
        } else if bin < last && value >= self.edge(bin + 1) {
            bin + 1
        } else {
            bin
        }
    }
}

/// [`BinnedHistogram`] as stored, before its invariants are checked.
#[derive(Deserialize)]
struct Unchecked {
    low: f64,
    high: f64,
    counts: Vec<u64>,
    underflow: u64,
    overflow: u64,
}

impl TryFrom<Unchecked> for BinnedHistogram {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        let Unchecked { low, high, counts, underflow, overflow } = stored;
        let empty = BinnedHistogram::new(low, high, counts.len())?;
        let all = counts.iter().chain([&underflow, &overflow]);
        if all.map(|&count| u128::from(count)).sum::<u128>() > MAX_COUNT.into() {
            let reason = "their sum is beyond 2^48";
            return Err(Error::Inconsistent { what: "histogram counts", reason });
        }
        Ok(BinnedHistogram { counts, underflow, overflow, ..empty })
    }
}
