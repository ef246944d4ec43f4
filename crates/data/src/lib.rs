//! Image data sets: as arrays, or as files that are decoded when they are needed.
//!
//! [`files`] lists the pictures of a folder or a table and decodes them one by one. A [`Dataset`] holds u8 images in one `[samples, height, width, channels]` array, one label per
//! image, and the names of the classes. It comes from
//!
//! - [`cifar`]: the binary files of CIFAR-10 and CIFAR-100, read and written;
//! - [`Synthetic`]: little coloured pictures drawn from a seed, for machines that have no data set.
//!
//! [`to_categorical`] turns labels into one-hot rows.
//!
//! ```
//! use mizumashi_data::{Synthetic, to_categorical};
//!
//! let data = Synthetic { train: 200, test: 50, seed: 7, ..Synthetic::default() }.generate()?;
//! assert_eq!(data.train.images().dim(), (200, 32, 32, 3));
//! assert_eq!(data.train.class_names()[0], "ball");
//!
//! let targets = to_categorical(data.train.labels().view(), data.train.class_count())?;
//! assert_eq!(targets.dim(), (200, 10));
//! # Ok::<(), mizumashi_data::Error>(())
//! ```
//!
//! # Where it stands
//!
//! It needs no other crate of the house, and none but the facade needs it:
//!
//! ```text
//!  mizumashi           generator, flow, batches
//!  ├─ transform        recipes, plans, fusing
//!  │  ├─ affine        maps, resampling, points and boxes
//!  │  └─ stats         moments, histograms, covariance
//!  ├─ whitening        ZCA, PCA and their kin
//!  │  └─ stats
//!  ├─ batchnorm        the layer, and its relatives
//!  │  └─ stats
//!  └─ data             image files, CIFAR, a generated set      <- here
//! ```

#![forbid(unsafe_code)]

mod allocate;
mod categorical;
pub mod cifar;
mod dataset;
mod error;
pub mod files;
mod synthetic;

pub use categorical::{class_count, to_categorical};
pub use dataset::{Dataset, TrainTest};
pub use error::Error;
pub use synthetic::{Part, Synthetic};
