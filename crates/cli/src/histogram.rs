//! How often values occur, by channel, for a plot.

use mizumashi::stats::{BinnedHistogram, Histogram};
use serde::Serialize;

use crate::error::Error;

/// Bins of real values.
const BINS: usize = 128;

/// The values of a channel, in bins of equal width.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Channel {
    pub(crate) name: String,
    /// The lower edge of the first bin, and the upper edge of the last.
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) counts: Vec<u64>,
}

impl Channel {
    /// A bin per byte.
    pub(crate) fn of_bytes(name: String, histogram: &Histogram) -> Self {
        Self { name, low: 0.0, high: 256.0, counts: histogram.counts().to_vec() }
    }

    pub(crate) fn of_reals(name: String, histogram: &BinnedHistogram) -> Self {
        let edges = histogram.edges();
        let (low, high) = (edges[0], edges[edges.len() - 1]);
        Self { name, low, high, counts: histogram.counts().to_vec() }
    }

    /// The width of a bin.
    pub(crate) fn width(&self) -> f64 {
        (self.high - self.low) / self.counts.len() as f64
    }

    /// The share of all values that each bin holds, merged to at most so many bins.
    pub(crate) fn shares(&self, bins: usize) -> Vec<f64> {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        let merged = self.counts.len().div_ceil(bins.max(1)).max(1);
        self.counts.chunks(merged).map(|bins| bins.iter().sum::<u64>() as f64 / total).collect()
    }
}

/// Empty bins for values from `low` to `high`, which may be one value.
pub(crate) fn bins(low: f64, high: f64) -> Result<BinnedHistogram, Error> {
    let room = if low < high { 0.0 } else { 0.5 };
    Ok(BinnedHistogram::new(low - room, high + room, BINS)?)
}
