//! Everything that can go wrong, with the values that went wrong.

/// Why a layer could not be built, loaded or run. A failed call leaves the layer as it was.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A layer without channels.
    #[error("the layer has 0 channels; it must have at least 1")]
    NoChannels,

    /// Epsilon is zero, negative, infinite or NaN.
    #[error("epsilon is {epsilon}; it must be finite and greater than 0")]
    Epsilon {
        /// The epsilon given.
        epsilon: f64,
    },

    /// Momentum is outside [0, 1] or NaN.
    #[error("momentum, the weight of the new batch, is {momentum}; it must be between 0 and 1")]
    Momentum {
        /// The momentum given.
        momentum: f64,
    },

    /// The batch has no channel axis beside its sample axis.
    #[error("the batch has rank {rank}; it needs a sample axis and a channel axis, so at least 2")]
    Rank {
        /// The rank of the batch.
        rank: usize,
    },

    /// The batch has another number of channels than the layer.
    #[error(
        "axis {axis} of the batch holds {found} channels but the layer has {expected}; \
         give the layer as many, or check the layout in its configuration"
    )]
    Channels {
        /// The channel axis of the batch, according to the layer's layout.
        axis: usize,
        /// The length of that axis.
        found: usize,
        /// The channels of the layer.
        expected: usize,
    },

    /// The batch holds no values.
    #[error("the batch has shape {shape:?} and so no values; every axis must be at least 1 long")]
    EmptyBatch {
        /// The shape of the batch.
        shape: Vec<usize>,
    },

    /// An array that must have the shape of the batch has another.
    #[error("{array} has shape {found:?}; it must have that of the batch, {expected:?}")]
    Shape {
        /// The array: `y`, `dy` or `dx`.
        array: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape of the batch.
        expected: Vec<usize>,
    },

    /// Training with the unbiased running variance on one value per channel.
    #[error(
        "the batch has 1 value per channel, and the unbiased running variance needs at least 2; \
         use a larger batch or `RunningVariance::Biased`"
    )]
    OneValuePerChannel,

    /// The mean or the variance of a channel of the training batch is NaN or infinite.
    #[error(
        "channel {channel} of the batch has mean {mean} and variance {variance}, which must be \
         finite; look for NaN, infinite or overflowing values in it"
    )]
    NonFinite {
        /// The first such channel.
        channel: usize,
        /// Its mean.
        mean: f64,
        /// Its variance, biased or not as the running variance is.
        variance: f64,
    },

    /// A list with one number per channel has another length.
    #[error("{list} has {found} values; the layer has {expected} channels and needs one for each")]
    Length {
        /// The list: `gamma`, `beta`, `running_mean`, `running_variance` or `saved`.
        list: &'static str,
        /// Its length.
        found: usize,
        /// The channels of the layer.
        expected: usize,
    },

    /// A running statistic that no data can have.
    #[error(
        "channel {channel} has running mean {mean} and running variance {variance}; both must be \
         finite in the layer's type and the variance at least 0"
    )]
    RunningStatistics {
        /// The first such channel.
        channel: usize,
        /// Its running mean.
        mean: f64,
        /// Its running variance.
        variance: f64,
    },

    /// The backward pass was given another batch than the forward pass that was saved.
    #[error(
        "the batch has {found} values per channel but the saved forward pass had {expected}; \
         give both passes the same batch"
    )]
    SavedBatch {
        /// Values per channel of the batch given.
        found: usize,
        /// Values per channel of the batch of the forward pass.
        expected: usize,
    },
}
