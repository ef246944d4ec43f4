//! What can go wrong between a recipe and its pixels.

use crate::ImageShape;

/// Why a recipe could not be built, drawn or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A transform's parameter is outside what it can mean.
    #[error("{transform}: {parameter} is {value}; {mend}")]
    Parameter {
        /// The transform, by its name in a recipe file.
        transform: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// The offending value, as text.
        value: String,
        /// What it must be instead.
        mend: &'static str,
    },
    /// A step made for one number of channels met an image with another.
    #[error(
        "{transform} holds figures for {expected} channels but the image has {found}; \
         fit it on images of the same kind"
    )]
    Channels {
        /// The transform, by its name in a recipe file.
        transform: &'static str,
        /// Channels the transform was made for.
        expected: usize,
        /// Channels of the image.
        found: usize,
    },
    /// An image, mask or output buffer does not have the shape the plan was drawn for.
    #[error(
        "the {what} is {found}, but the plan was drawn for {expected}; draw one for this shape"
    )]
    Shape {
        /// Which array.
        what: &'static str,
        /// The shape the plan needs.
        expected: ImageShape,
        /// The shape that was given.
        found: ImageShape,
    },
    /// A step makes an image of more values than memory can address.
    #[error("a step makes an image of {shape}, which no memory can hold; give it a smaller output")]
    TooLarge {
        /// The shape it would have.
        shape: ImageShape,
    },
    /// A matrix, a range or a resampling was refused by `mizumashi-affine`.
    #[error(transparent)]
    Affine(#[from] mizumashi_affine::Error),
    /// A recipe or plan file has a version this crate does not read.
    #[error(
        "the file has version {found}; this release reads version {supported}: write it again, or read it with the release that wrote it"
    )]
    Version {
        /// The version in the file.
        found: u32,
        /// The version this release reads.
        supported: u32,
    },
    /// A recipe or plan file is not the JSON it should be.
    #[error("not a readable recipe or plan: {0}")]
    Json(#[from] serde_json::Error),
    /// A transform from outside this crate failed.
    #[error("{transform}: {source}")]
    Custom {
        /// The transform's name.
        transform: &'static str,
        /// Its own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
