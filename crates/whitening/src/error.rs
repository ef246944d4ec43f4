use std::path::PathBuf;

use thiserror::Error;

use crate::kind::WhiteningKind;
use crate::shrinkage::Shrinkage;
use crate::solver::Solver;

/// Everything that can go wrong while fitting, applying or loading a whitening.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no value to learn from.
    #[error(
        "the set has {samples} samples of {features} values; fitting needs at least one of each"
    )]
    EmptySet {
        /// Samples in the set.
        samples: u64,
        /// Values of each sample.
        features: usize,
    },

    /// One sample, centred: nothing is left of it.
    #[error(
        "the set has 1 sample, and a sample minus the mean of itself is zero: no variation can be \
         learnt from it; fit more samples, or centre the data beforehand (for a picture, per \
         channel) and use `Centring::None`"
    )]
    SingleSample,

    /// A value is NaN or infinite.
    #[error("row {row}, column {column} is {value}; every value must be finite")]
    NonFinite {
        /// Sample (for colour whitening: pixel, counted over all images).
        row: usize,
        /// Position in the sample (for images: in row-major height, width, channel order).
        column: usize,
        /// The value found.
        value: f32,
    },

    /// Rows have another length than the fitted ones.
    #[error("rows have {found} values; this whitening takes {expected}")]
    FeatureCount {
        /// Length found.
        found: usize,
        /// Length required.
        expected: usize,
    },

    /// The output array does not fit the input.
    #[error(
        "the output is {} x {}; it must be {} x {}",
        found[0], found[1], expected[0], expected[1]
    )]
    OutputShape {
        /// Rows and columns found.
        found: [usize; 2],
        /// Rows and columns required.
        expected: [usize; 2],
    },

    /// Images have another shape than the fitted ones.
    #[error(
        "images are {} x {} x {} (height, width, channels); this whitening was fitted on {} x {} x {}",
        found[0], found[1], found[2], expected[0], expected[1], expected[2]
    )]
    ImageShape {
        /// Height, width and channels found.
        found: [usize; 3],
        /// Height, width and channels fitted.
        expected: [usize; 3],
    },

    /// Epsilon is negative or not a number.
    #[error("epsilon is {value}; it must be zero or a positive finite number")]
    Epsilon {
        /// The value given.
        value: f64,
    },

    /// Directions in which nothing varies would be multiplied by infinity.
    #[error(
        "`Remainder::Amplified` with an epsilon of 0 multiplies null directions by infinity; \
         give the regularisation an epsilon above 0, or take `Remainder::Zero`"
    )]
    InfiniteGain,

    /// The rank tolerance is no fraction.
    #[error("the rank tolerance is {value}; it must be at least 0 and below 1")]
    RankTolerance {
        /// The value given.
        value: f64,
    },

    /// The fraction of the variance to explain is none.
    #[error("the explained variance is {value}; it must be above 0 and at most 1")]
    ExplainedVariance {
        /// The value given.
        value: f64,
    },

    /// No direction is to be kept.
    #[error("at most 0 directions are to be kept; keep 1 or more")]
    NoDirections,

    /// The intensity of the shrinkage is no fraction.
    #[error("the shrinkage is {value}; it must be from 0 to 1")]
    Shrinkage {
        /// The value given.
        value: f64,
    },

    /// The intensity of the shrinkage cannot be found from what is there.
    #[error("{shrinkage:?} cannot be found: {reason}; use `Shrinkage::Fixed`, or {mend}")]
    ShrinkageUnknown {
        /// The rule asked for.
        shrinkage: Shrinkage,
        /// What it lacks.
        reason: &'static str,
        /// What else would do.
        mend: &'static str,
    },

    /// The randomised method does not know how many directions to find.
    #[error("the randomised method needs to know how many directions to find; set `directions`")]
    DirectionsUnknown,

    /// The covariance has no inverse for Cholesky's factor.
    #[error(
        "Cholesky whitening needs all {features} directions, and {rank} are kept: the triangular \
         factor of a singular matrix is not unique; fit more samples than values, shrink the \
         covariance with `Method::Primal`, or use another kind"
    )]
    CholeskyRank {
        /// Directions kept.
        rank: usize,
        /// Values of each sample.
        features: usize,
    },

    /// Fitting would take more memory than allowed.
    #[error(
        "fitting {samples} samples of {features} values takes about {needed} bytes, above the limit \
         of {limit}; raise it with `Whitener::memory_limit`, whiten colours (`Scope::Channels`), \
         keep few `directions`, or fit fewer samples than values, which never forms the covariance \
         matrix"
    )]
    MemoryLimit {
        /// Samples in the set.
        samples: u64,
        /// Values of each sample.
        features: usize,
        /// Bytes needed at the peak.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },

    /// The matrix asked for is larger than the caller allows.
    #[error(
        "the {rows} x {columns} matrix takes {needed} bytes, above the limit of {limit}; `apply` \
         needs no such matrix, and `components` gives its factors"
    )]
    MatrixLimit {
        /// Rows of the matrix.
        rows: usize,
        /// Columns of the matrix.
        columns: usize,
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },

    /// The variation of the data, or its inverse, is beyond the range of the arithmetic.
    #[error(
        "the data vary too little or too much for 32-bit factors (largest eigenvalue \
         {largest_eigenvalue:e}, smallest kept {smallest_eigenvalue:e}); rescale them, or raise \
         epsilon"
    )]
    Range {
        /// Largest eigenvalue of the covariance.
        largest_eigenvalue: f64,
        /// Smallest eigenvalue above the rank cut.
        smallest_eigenvalue: f64,
    },

    /// Mean and covariance disagree in size, or hold values that are not finite.
    #[error(
        "the moments hold a mean of {mean} values and a {} x {} covariance; they must be n and \
         n x n, all finite",
        covariance[0], covariance[1]
    )]
    Moments {
        /// Length of the mean.
        mean: usize,
        /// Shape of the covariance.
        covariance: [usize; 2],
    },

    /// The eigen-solver gave up.
    #[error("the eigen-solver {solver:?} failed on a {size} x {size} matrix: {reason}")]
    Solver {
        /// Solver in use.
        solver: Solver,
        /// Side of the matrix.
        size: usize,
        /// What the solver reports.
        reason: String,
    },

    /// The output rows have another length than the input rows.
    #[error(
        "{features} values become {outputs} components, which do not fit in their place; use \
         `apply` or `apply_into`"
    )]
    NotInPlace {
        /// Values of an input row.
        features: usize,
        /// Values of an output row.
        outputs: usize,
    },

    /// Principal components of whole images are not an image.
    #[error(
        "PCA whitening of whole images yields {outputs} components per image, not an image; use \
         `ImageWhitening::apply_flat`, or ZCA whitening"
    )]
    NotAnImage {
        /// Components per image.
        outputs: usize,
    },

    /// Images have another number of channels than the fitted ones.
    #[error("images have {found} channels; this whitening was fitted on {expected}")]
    Channels {
        /// Channels found.
        found: usize,
        /// Channels fitted.
        expected: usize,
    },

    /// No patch fits into the images, or patches have no pixels.
    #[error(
        "patches are {} x {} and images {} x {} (height, width); patches need at least one pixel \
         and must fit into the images, unless these are padded",
        patch[0], patch[1], image[0], image[1]
    )]
    PatchSize {
        /// Height and width of the patches.
        patch: [usize; 2],
        /// Height and width of the images.
        image: [usize; 2],
    },

    /// A sample of no patches was asked for, or one too large.
    #[error("{found} patches of each image are to be drawn; draw from 1 to {limit}, or take all")]
    PatchSample {
        /// Patches per image asked for.
        found: usize,
        /// What is drawn at most.
        limit: usize,
    },

    /// Patches of another kind cannot be merged.
    #[error(
        "states of different patches cannot be merged; both must be made with the same `Patches`"
    )]
    PatchesDiffer,

    /// Observations of another kind cannot be merged.
    #[error("states of different scopes cannot be merged; both must be of pixels, or of channels")]
    ScopesDiffer,

    /// A convolution with steps of zero.
    #[error("the stride of a convolution is 0; it must be 1 or more")]
    NoStride,

    /// The whitening has no filters for the pixel in the centre of a patch.
    #[error(
        "{kind:?} whitening of {} x {} patches has no filters for a centre pixel: patches must be \
         odd in height and width, and outputs in the places of the inputs; use `convolution`, or \
         ZCA whitening of odd patches",
        size[0], size[1]
    )]
    NoCentre {
        /// Height and width of the patches.
        size: [usize; 2],
        /// The kind fitted.
        kind: WhiteningKind,
    },

    /// The output images have another shape than the convolution yields.
    #[error("the output is of shape {found:?}; it must be of {expected:?}")]
    OutputImages {
        /// Shape found.
        found: [usize; 4],
        /// Shape required, in the layout asked for.
        expected: [usize; 4],
    },

    /// A file cannot be read or written.
    #[error("{} cannot be {action}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Read or written.
        action: &'static str,
        /// What the system says.
        reason: String,
    },

    /// A file is larger than a whitening that fits in memory.
    #[error(
        "{} is of {bytes} bytes, above the limit of {limit}; read it yourself and pass its bytes to \
         `from_safetensors`", path.display()
    )]
    FileSize {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// What is read at most.
        limit: u64,
    },

    /// Bytes are not those of a stored whitening.
    #[error(
        "the bytes are not those of a whitening in the format of safetensors: {reason}; store it \
         again with `save`"
    )]
    Format {
        /// What is wrong with them.
        reason: String,
    },

    /// A stored whitening is of a version that this crate does not know.
    #[error("the stored whitening is of version {found}; this crate reads version {supported}")]
    Version {
        /// The version found.
        found: u64,
        /// The version that is read.
        supported: u32,
    },

    /// A stored whitening does not describe a whitening.
    #[error("the stored whitening is damaged: {reason}")]
    Stored {
        /// What is wrong with it.
        reason: &'static str,
    },

    /// The statistics could not be gathered.
    #[error(transparent)]
    Statistics(#[from] mizumashi_stats::Error),
}
