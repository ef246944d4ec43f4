//! Everything that can go wrong, with the values that went wrong.

/// Why a layer could not be built, loaded, folded or run. A failed call leaves the layer as it was.
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

    /// A batch whose last axes are not those that are to be normalised.
    #[error("the batch has shape {found:?}; its last axes must be {expected:?}")]
    LastAxes {
        /// The shape of the batch.
        found: Vec<usize>,
        /// The lengths of the axes.
        expected: Vec<usize>,
    },

    /// Channels that cannot be cut into equal groups.
    #[error(
        "{channels} channels are to be cut into {groups} groups; give a number that divides them"
    )]
    Groups {
        /// How many groups were asked for.
        groups: usize,
        /// How many channels there are.
        channels: usize,
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

    /// A training batch with too few values per channel, or too little weight.
    #[error(
        "the batch has {values} values per channel (the sum of weights, where there are any), which \
         must be above 0, and above 1 for the unbiased running variance; use a larger batch or \
         `RunningVariance::Biased`"
    )]
    TooFewValues {
        /// Values per channel, by weight.
        values: f64,
    },

    /// A weight is negative, infinite or NaN.
    #[error("weight {index} is {weight}; weights must be finite and at least 0")]
    Weight {
        /// Its position in row-major order.
        index: usize,
        /// The weight.
        weight: f64,
    },

    /// Weights of a shape that is neither one per sample nor one per position.
    #[error(
        "the weights have shape {found:?}; give one per sample, {:?}, or one per position, \
         {expected:?}", &expected[..1]
    )]
    WeightsShape {
        /// Their shape.
        found: Vec<usize>,
        /// The shape of the batch without its channel axis.
        expected: Vec<usize>,
    },

    /// Limits of batch renormalisation that are none.
    #[error(
        "renormalisation has r_max {r_max} and d_max {d_max}; both must be finite, r_max at least 1 \
         and d_max at least 0"
    )]
    Renormalisation {
        /// The greatest factor given.
        r_max: f64,
        /// The greatest shift given.
        d_max: f64,
    },

    /// Batch renormalisation without running statistics.
    #[error(
        "renormalisation corrects towards the running statistics, which are off; use another \
         `RunningAverage`"
    )]
    RenormalisationUntracked,

    /// A training pass in place by a layer whose gamma is 0, which would lose the input.
    #[error(
        "gamma of channel {channel} is 0, from whose output the input cannot be recovered; use \
         `forward_into`, or keep gamma away from 0"
    )]
    ZeroGamma {
        /// The first such channel.
        channel: usize,
    },

    /// A layer without running statistics was asked for what it does at inference.
    #[error(
        "the layer has no running statistics to fold; at inference it standardises by the batch"
    )]
    Untracked,

    /// A weight that has not as many inputs or outputs as there are channels.
    #[error(
        "axis {axis} of the weight has {found} entries, which do not fit {expected} channels; check \
         the layout, and the groups if the convolution is grouped"
    )]
    WeightChannels {
        /// The axis of its inputs or outputs.
        axis: usize,
        /// The length of that axis.
        found: usize,
        /// The channels.
        expected: usize,
    },

    /// A file that is no safetensors file.
    #[error("not a safetensors file: {reason}")]
    File {
        /// What is wrong with it.
        reason: String,
    },

    /// A safetensors file that names a tensor twice.
    #[error("the file has two tensors of the name {name}; a name must be unique")]
    DuplicateTensor {
        /// The name.
        name: String,
    },

    /// A tensor that the layer needs is not in the file.
    #[error(
        "the file has no tensor {name}, only {present:?}; check the prefix and the configuration"
    )]
    MissingTensor {
        /// The name that was looked for.
        name: String,
        /// The names that there are.
        present: Vec<String>,
    },

    /// A tensor is in the file that the layer has no place for.
    #[error("the file has a tensor {name}, which this layer has not; check its configuration")]
    UnexpectedTensor {
        /// Its name.
        name: String,
    },

    /// A tensor has another element type than the layer.
    #[error("tensor {name} holds {found}; it must hold {expected}")]
    Dtype {
        /// Its name.
        name: String,
        /// Its element type.
        found: String,
        /// The element type of the layer.
        expected: String,
    },

    /// A tensor has another shape than the layer.
    #[error("tensor {name} has shape {found:?}; it must have {expected:?}")]
    TensorShape {
        /// Its name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape of the layer's.
        expected: Vec<usize>,
    },

    /// A stored number of batches is negative.
    #[error("tensor {name} counts {found} batches; it must be at least 0")]
    BatchCount {
        /// Its name.
        name: String,
        /// The number.
        found: i64,
    },

    /// Workers could not exchange their sums.
    #[error("the workers could not exchange their sums: {reason}")]
    Collective {
        /// What went wrong, in the words of the collective.
        reason: String,
    },

    /// A backward pass across workers of a forward pass that was not, or the other way round.
    #[error(
        "the saved forward pass was {}made across workers, and the backward pass must be so too; \
         see `Backpropagation::across`", if *saved { "" } else { "not " }
    )]
    Synchronisation {
        /// Whether the forward pass was made across workers.
        saved: bool,
    },

    /// A stored layer of another version.
    #[error("the stored layer has version {found}; this crate reads version {expected}")]
    Version {
        /// Its version.
        found: u32,
        /// The version that is read.
        expected: u32,
    },

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
        /// Its biased variance.
        variance: f64,
    },

    /// A list that the layer has no use for at this length.
    #[error("{list} has {found} values; it must have {expected}")]
    Length {
        /// The list: `gamma`, `beta`, `running_mean`, `running_variance`, `saved`, `weights` or
        /// `bias`.
        list: &'static str,
        /// Its length.
        found: usize,
        /// The length that it must have: one per channel, or 0 where the layer is to have none.
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
