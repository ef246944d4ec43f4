//! Affine maps of the plane, random affine ranges, and resampling of images with any border.
//!
//! - [`Affine`] is a 2x3 matrix that acts on points; it composes, inverts and prints.
//! - [`RandomAffine`] holds ranges (rotation, shifts, shear, zooms, flips);
//!   [`draw`](RandomAffine::draw) turns them into the [`AffineParameters`] of one image, which name
//!   each number and become one [`Affine`].
//! - [`Warp`] resamples an image through a map in one pass, with scipy's rules for borders and
//!   ties, from `u8` or `f32` pixels to `u8` or `f32` pixels, of any number of channels and any
//!   memory layout.
//! - [`Point`] and [`BoundingBox`] follow the same map, so that targets stay on their pixels.
//!
//! # Coordinates
//!
//! A point is (x, y): x counts columns to the right, y counts rows downwards, and the *centre* of
//! the top left pixel is (0, 0). When an image is resampled, the map takes an *output* pixel to
//! the place in the *input* that it shows; points and boxes travel the other way, through the
//! [inverse](Affine::inverse).
//!
//! # Example
//!
//! Turn a picture clockwise by a quarter, about its centre:
//!
//! ```
//! use mizumashi_affine::{AffineParameters, Border, Interpolation, Warp};
//! use ndarray::{Array3, array};
//!
//! let image = array![[1u8, 2], [3, 4]].into_shape_with_order((2, 2, 1))?;
//! let parameters = AffineParameters { rotation: 90.0, ..AffineParameters::default() };
//! let warp = Warp {
//!     map: parameters.to_affine(2, 2),
//!     interpolation: Interpolation::Bilinear,
//!     border: Border::Nearest,
//! };
//! let mut turned = Array3::<f32>::zeros((2, 2, 1));
//! warp.apply(image.view(), turned.view_mut())?;
//! assert_eq!(turned.into_raw_vec_and_offset().0, [3.0, 1.0, 4.0, 2.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where it stands
//!
//! It knows images as arrays, and nothing of files, chance per sample or recipes; those build on it:
//!
//! ```text
//!  mizumashi           generator, flow, batches
//!  ├─ transform        recipes, plans, fusing
//!  │  ├─ affine        maps, resampling, points and boxes       <- here
//!  │  └─ stats         moments, histograms, covariance
//!  ├─ whitening        ZCA, PCA and their kin
//!  │  └─ stats
//!  ├─ batchnorm        the layer, and its relatives
//!  │  └─ stats
//!  └─ data             image files, CIFAR, a generated set
//! ```

mod affine;
mod border;
mod error;
mod interpolation;
mod kernel;
mod parameters;
mod pixel_value;
mod random;
mod spline_order;
mod targets;
mod warp;

pub use affine::Affine;
pub use border::Border;
pub use error::Error;
pub use interpolation::Interpolation;
pub use kernel::prefetch;
pub use parameters::AffineParameters;
pub use pixel_value::PixelValue;
pub use random::{RandomAffine, Shift};
pub use spline_order::SplineOrder;
pub use targets::{BoundingBox, Point};
pub use warp::Warp;
