//! From raw images to endless shuffled training batches.
//!
//! The facade of the mizumashi crates: [`ImageDataGenerator`] is Keras' class of that name with
//! exact statistics, one pass over the pixels, and batches that depend on the seed alone. The
//! parts it is made of are re-exported as modules and can be used alone:
//!
//! ```text
//!  images: an array, or files ────────────────────────────────┐
//!     │ fit                                                    │
//!     ▼                                                        ▼
//!  statistics ──► recipe ──draw(seed, epoch, index)──► plan ──fuse, run──► batch of f32
//!     └► whitening ──▲                                  └► masks, points, boxes
//! ```
//!
//! ```
//! use mizumashi::ImageDataGenerator;
//! use mizumashi::data::Synthetic;
//!
//! let set = Synthetic { train: 64, test: 8, ..Synthetic::default() }.generate()?;
//! let mut generator = ImageDataGenerator::builder()
//!     .featurewise_center(true)
//!     .featurewise_std_normalization(true)
//!     .rotation_range(20.0)
//!     .horizontal_flip(true)
//!     .build()?;
//! generator.fit(set.train.images())?;
//! for batch in generator.flow(set.train.images(), set.train.labels(), 32)?.take(2) {
//!     let batch = batch?;
//!     assert_eq!((batch.x.dim(), batch.y.len()), ((32, 32, 32, 3), 32));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | crate | what it is for |
//! |---|---|---|
//! | [`stats`] | `mizumashi-stats` | moments, histograms, quantiles, covariance |
//! | [`affine`] | `mizumashi-affine` | affine maps and resampling |
//! | [`whitening`] | `mizumashi-whitening` | ZCA and PCA |
//! | [`batchnorm`] | `mizumashi-batchnorm` | batch normalisation |
//! | [`transform`] | `mizumashi-transform` | recipes, plans, own transforms |
//! | [`data`] | `mizumashi-data` | image files, CIFAR files and a generated set |

#![forbid(unsafe_code)]

mod batch;
mod builder;
mod error;
mod fit;
mod fitted;
mod flow;
mod from_files;
mod gathered;
mod generator;
mod labels;
#[cfg(doctest)]
mod pages;
mod panic;
mod parameters;
mod permutation;
mod pixel;
mod prefetch;
mod rows;
mod shard;
mod source;
mod state;
mod whiten;

pub use batch::{Batch, apply};
pub use builder::{ImageDataGeneratorBuilder, ZoomRange};
pub use error::Error;
pub use fitted::Fitted;
pub use flow::Flow;
pub use from_files::FlowFromFiles;
pub use generator::ImageDataGenerator;
pub use labels::{Labels, OneHot};
pub use parameters::TransformParameters;
pub use pixel::Pixel;
pub use prefetch::Prefetch;
pub use rows::Rows;
pub use source::Source;
pub use state::FlowState;
pub use whiten::Whiten;

pub use mizumashi_affine as affine;
pub use mizumashi_batchnorm as batchnorm;
pub use mizumashi_data as data;
pub use mizumashi_stats as stats;
pub use mizumashi_transform as transform;
pub use mizumashi_whitening as whitening;
pub use ndarray;
