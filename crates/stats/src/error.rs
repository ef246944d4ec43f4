use crate::Grouping;

/// What can go wrong; each message names the value, the limit and the mend.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array without values was passed where at least one is needed.
    #[error("array of shape {shape:?} holds no values; every axis must be at least 1")]
    Empty {
        /// Shape of the array, as passed.
        shape: Vec<usize>,
    },

    /// Quantiles of a histogram that has counted nothing.
    #[error("count is 0, so there are no quantiles; add at least one value first")]
    NoValues,

    /// A value of a batch is NaN or infinite.
    #[error(
        "value {value} of sample {sample} at row {row}, column {column}, channel {channel} is not \
         finite; repair or drop the sample"
    )]
    NonFinitePixel {
        /// The value found.
        value: f64,
        /// Index of the sample in the batch passed.
        sample: usize,
        /// Row in the image, from the top.
        row: usize,
        /// Column in the image, from the left.
        column: usize,
        /// Channel of the pixel.
        channel: usize,
    },

    /// A value of an array is NaN or infinite.
    #[error("value {value} at index {index:?} is not finite; repair or drop it")]
    NonFinite {
        /// The value found.
        value: f64,
        /// Its index in the array passed, one number per axis (empty for a single value).
        index: Vec<usize>,
    },

    /// Statistics per pixel met an image of another shape.
    #[error(
        "image shape {found:?} (height, width, channels) differs from the {expected:?} of the \
         first batch; statistics per pixel need images of one shape"
    )]
    ImageShape {
        /// Height, width and channels of the first batch.
        expected: [usize; 3],
        /// Height, width and channels of the batch refused.
        found: [usize; 3],
    },

    /// Statistics per channel met an image with another number of channels.
    #[error(
        "images have {found} channels, the first batch had {expected}; statistics per channel \
         need the same number throughout"
    )]
    Channels {
        /// Channels of the first batch.
        expected: usize,
        /// Channels of the batch refused.
        found: usize,
    },

    /// Two statistics of different grouping cannot be merged.
    #[error(
        "statistics per {found} cannot be merged into statistics per {expected}; group both alike"
    )]
    Grouping {
        /// Grouping of the statistics merged into.
        expected: Grouping,
        /// Grouping of the statistics refused.
        found: Grouping,
    },

    /// Rows of another length than the covariance was made for.
    #[error(
        "rows have {found} values, the covariance is of {expected} dimensions; they must agree"
    )]
    Dimensions {
        /// Dimensions of the covariance.
        expected: usize,
        /// Values per row, or dimensions of the covariance refused.
        found: usize,
    },

    /// A square matrix that does not fit in memory.
    #[error(
        "a {size} x {size} matrix does not fit in memory; reduce the dimensions, or use the Gram \
         matrix when there are fewer rows than columns"
    )]
    TooLarge {
        /// Rows (and columns) of the matrix.
        size: usize,
    },

    /// A quantile outside 0 to 1.
    #[error("quantile {value} is out of range; it must be from 0 to 1")]
    Quantile {
        /// The quantile asked for.
        value: f64,
    },

    /// A histogram range that is empty, reversed or not finite.
    #[error("histogram range {low} to {high} is not valid; both must be finite and low < high")]
    Range {
        /// Lower edge.
        low: f64,
        /// Upper edge.
        high: f64,
    },

    /// A histogram without bins, or with too many.
    #[error("number of bins is {bins}; it must be from 1 to {limit}")]
    BinCount {
        /// The number asked for.
        bins: usize,
        /// The most there may be.
        limit: usize,
    },

    /// Two histograms with different bins cannot be merged.
    #[error(
        "a histogram of {found_bins} bins from {found_low} to {found_high} cannot be merged into \
         one of {bins} bins from {low} to {high}; the bins must be the same"
    )]
    Bins {
        /// Bins of the histogram merged into.
        bins: usize,
        /// Its lower edge.
        low: f64,
        /// Its upper edge.
        high: f64,
        /// Bins of the histogram refused.
        found_bins: usize,
        /// Its lower edge.
        found_low: f64,
        /// Its upper edge.
        found_high: f64,
    },

    /// Stored statistics contradict themselves.
    #[error("stored {what} contradict themselves: {reason}; the data is damaged or was edited")]
    Inconsistent {
        /// The type that was read.
        what: &'static str,
        /// The invariant that does not hold.
        reason: &'static str,
    },

    /// Two states whose counts are beyond what a state may count.
    #[error(
        "states of {left} and {right} cannot be merged; a state counts at most 2^48: one of the two \
         is damaged, or was merged with itself"
    )]
    TooMany {
        /// The count of the state merged into.
        left: u64,
        /// The count of the state refused.
        right: u64,
    },

    /// Bytes that are not a state.
    #[error("{length} bytes are no state of {expected}: {reason}; {mend}")]
    Bytes {
        /// The kind of state that was to be read.
        expected: &'static str,
        /// How many bytes there are.
        length: usize,
        /// What is wrong with them.
        reason: String,
        /// What to do about it.
        mend: &'static str,
    },
}
