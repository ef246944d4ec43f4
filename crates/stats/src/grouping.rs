use std::fmt;

use ndarray::{ArrayView4, ArrayViewD, Axis};
use serde::{Deserialize, Serialize};

use crate::Layout;

/// Which values of a set of images share one figure.
///
/// ```
/// use mizumashi_stats::{Grouping, Layout, quantiles};
/// use ndarray::Array4;
///
/// let batch = Array4::from_shape_fn((5, 2, 2, 3), |(n, _, _, c)| (n * (c + 1)) as f32);
/// let medians: Result<Vec<_>, _> = Grouping::Channel
///     .split(batch.view(), Layout::Nhwc)
///     .into_iter()
///     .map(|channel| quantiles(channel, &[0.5]).map(|q| q[0]))
///     .collect();
/// assert_eq!(medians?, [2.0, 4.0, 6.0]);
/// # Ok::<(), mizumashi_stats::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// One group: every value of the set.
    Whole,
    /// One group per channel: its values over all samples, rows and columns.
    Channel,
    /// One group per row, column and channel: its values over all samples.
    Pixel,
    /// One group per sample: all its values.
    Sample,
}

impl Grouping {
    /// The values of each group of a batch, as views into it: for figures that
    /// [`Statistics`](crate::Statistics) does not hold, such as [`quantiles`](crate::quantiles) or
    /// a [`BinnedHistogram`](crate::BinnedHistogram) of real data.
    ///
    /// Pixels come in the order row, column, channel.
    pub fn split<T>(self, batch: ArrayView4<'_, T>, layout: Layout) -> Vec<ArrayViewD<'_, T>> {
        let batch = layout.to_nhwc(batch).into_dyn();
        match self {
            Grouping::Whole => vec![batch],
            Grouping::Channel => along(3, batch).collect(),
            Grouping::Pixel => along(1, batch)
                .flat_map(|row| along(1, row))
                .flat_map(|pixel| along(1, pixel))
                .collect(),
            Grouping::Sample => along(0, batch).collect(),
        }
    }
}

/// The slices of an array at each index of one axis.
fn along<T>(axis: usize, array: ArrayViewD<'_, T>) -> impl Iterator<Item = ArrayViewD<'_, T>> {
    (0..array.len_of(Axis(axis))).map(move |index| array.clone().index_axis_move(Axis(axis), index))
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Grouping::Whole => "set",
            Grouping::Channel => "channel",
            Grouping::Pixel => "pixel",
            Grouping::Sample => "sample",
        })
    }
}
