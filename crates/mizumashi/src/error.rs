//! What can go wrong between a data set and its batches.

/// Why a generator could not be built, fitted or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The generator standardises or whitens by figures of the data set that it does not have.
    #[error("{needs} needs figures of the data set; call fit on the training images first")]
    NotFitted {
        /// The argument that needs the fit.
        needs: &'static str,
    },
    /// The set has no images, or images without pixels.
    #[error("the images have the shape {shape:?}; at least one image of one pixel is needed")]
    Empty {
        /// The shape that was given.
        shape: Vec<usize>,
    },
    /// The images and what travels with them differ in number.
    #[error("there are {images} images but {labels} labels; give one label per image")]
    LabelCount {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
    /// Batches of no samples.
    #[error("the batch size is 0; it must be at least 1")]
    BatchSize,
    /// Statistics over no rounds.
    #[error("the number of rounds is 0; it must be at least 1")]
    Rounds,
    /// A pixel that no arithmetic can mend.
    #[error(
        "image {sample} has the value {value} at row {row}, column {column}, channel {channel}; \
         pixels must be finite: mend or drop the image"
    )]
    NotFinite {
        /// The value: NaN or an infinity.
        value: f32,
        /// Index of the image in its set.
        sample: usize,
        /// Row of the pixel.
        row: usize,
        /// Column of the pixel.
        column: usize,
        /// Channel of the pixel.
        channel: usize,
    },
    /// An argument is outside what it can mean.
    #[error("{argument} is {value}; {mend}")]
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// The offending value, as text.
        value: String,
        /// What it must be instead.
        mend: &'static str,
    },
    /// A recipe made images of different shapes, which no batch can hold, or a source lent an image
    /// of another shape than it says.
    #[error(
        "image {sample} came out as {found} where {expected} is served; \
         end the recipe with a step that makes one size, or mend the source"
    )]
    MixedShapes {
        /// Index of the image in its set.
        sample: usize,
        /// The shape of the images that are served.
        expected: mizumashi_transform::ImageShape,
        /// The shape of this one.
        found: mizumashi_transform::ImageShape,
    },
    /// A position to resume at that the set does not have.
    #[error(
        "cannot resume after {position} samples of an epoch of {images}; it must be at most that"
    )]
    Position {
        /// The position asked for.
        position: usize,
        /// Images in the set.
        images: usize,
    },
    /// A state of a flow that is not this one.
    #[error(
        "the state is of another {differs}; resume it with what it was taken of, or begin anew"
    )]
    State {
        /// What is not the same.
        differs: &'static str,
    },
    /// A transform or a source panicked. The batch is lost; the flow can go on behind it.
    #[error(
        "{} panicked: {message}; mend the transform or the source",
        match sample {
            Some(sample) => format!("making sample {sample}"),
            None => "an operation on a whole batch".to_owned(),
        }
    )]
    Panicked {
        /// Index of the image in its set; `None` in an operation on whole batches.
        sample: Option<usize>,
        /// What the panic said.
        message: String,
    },
    /// The thread that makes batches ahead has ended, which only a panic makes it do.
    #[error("the thread that makes batches ahead has panicked; its message is on stderr")]
    Producer,
    /// An image or a list of them could not be read.
    #[error(transparent)]
    Data(#[from] mizumashi_data::Error),
    /// A step of the recipe failed.
    #[error(transparent)]
    Transform(#[from] mizumashi_transform::Error),
    /// The statistics could not be computed.
    #[error(transparent)]
    Stats(#[from] mizumashi_stats::Error),
    /// The whitening could not be fitted or applied.
    #[error(transparent)]
    Whitening(#[from] mizumashi_whitening::Error),
}
