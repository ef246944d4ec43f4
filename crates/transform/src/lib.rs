//! Image augmentation recipes: draw a plan per sample, fuse it, run it in one pass.
//!
//! A [`Recipe`] is an ordered list of [`Transform`]s with their ranges and probabilities.
//! Drawing it for a [`SampleKey`] fixes every random number and gives a [`Plan`]: plain data
//! that can be printed, stored, replayed, and applied to the mask, points and boxes of the same
//! sample. Fusing makes it a [`Program`] of as few passes over the pixels as possible.
//!
//! ```
//! use mizumashi_transform::{Recipe, SampleKey};
//! use mizumashi_transform::transforms::{RandomAffine, Rescale, SamplewiseStandardise};
//! use ndarray::Array3;
//!
//! let recipe = Recipe::new()
//!     .then(RandomAffine::rotation(20.0)?)
//!     .then(Rescale::new(1.0 / 255.0)?)
//!     .then(SamplewiseStandardise::new());
//! let image = Array3::from_shape_fn((32, 32, 3), |(row, column, _)| (row * 7 + column) as u8);
//! let plan = recipe.draw(SampleKey { seed: 42, epoch: 0, index: 0 }, image.dim())?;
//! let augmented = plan.apply(image.view())?;
//! assert_eq!(plan.fuse()?.passes(), 2); // rotation and rescaling in one, then standardisation
//! assert!(augmented.mean().unwrap().abs() < 1e-5);
//! # Ok::<(), mizumashi_transform::Error>(())
//! ```
//!
//! A transform of your own is a type with [`Transform`] implemented, in any crate; see the trait.
//! What its implementation needs is re-exported here: [`typetag`] and [`serde`] for recipe
//! files, [`ndarray`] for pixels, [`affine`] for maps, [`rand_distr`] for distributions.
//!
//! # Where it stands
//!
//! It knows one sample and its targets, and nothing of sets, batches or files. A crate with transforms
//! of your own needs this one alone:
//!
//! ```text
//!  mizumashi           generator, flow, batches
//!  ├─ transform        recipes, plans, fusing                   <- here
//!  │  ├─ affine        maps, resampling, points and boxes
//!  │  └─ stats         moments, histograms, covariance
//!  ├─ whitening        ZCA, PCA and their kin
//!  │  └─ stats
//!  ├─ batchnorm        the layer, and its relatives
//!  │  └─ stats
//!  └─ data             image files, CIFAR, a generated set
//! ```

#![forbid(unsafe_code)]

mod draw;
mod error;
mod plan;
mod program;
mod recipe;
mod shape;
mod step;
mod transform;
pub mod transforms;

pub use draw::{Draw, SampleKey};
pub use error::Error;
pub use mizumashi_affine::PixelValue;
pub use plan::{Fidelity, Plan};
pub use program::{Program, Scratch};
pub use recipe::{Recipe, SampleStage, Stage, VERSION};
pub use shape::ImageShape;
pub use step::{Geometric, Linear, PerChannel, Step};
pub use transform::{BatchOperation, Operation, Transform};

pub use mizumashi_affine as affine;
pub use {ndarray, rand_distr, serde, typetag};

/// Compiles and runs the guide's example.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/extending.md")]
struct Guide;
