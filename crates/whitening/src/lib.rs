//! Whitening of images by ZCA, PCA, Cholesky and their like, with or without the d x d covariance matrix.
//!
//! Whitening is a linear map after which the values of a sample are uncorrelated and of unit
//! variance: `y = W (x - m)` with `W C W^T = I`, where `m` and `C` are the mean and the population
//! covariance of the fitted samples. [`WhiteningKind`] chooses among the maps that do this: ZCA,
//! after which an image still looks like one, PCA, after which it is a list of components, and
//! others. `docs/whitening.md` of the repository shows in pictures what each does.
//!
//! ```
//! use mizumashi_whitening::{Layout, Regularisation, Scope, Whitener};
//! use ndarray::Array4;
//!
//! // 64 images of 4x4 RGB pixels.
//! let images = Array4::from_shape_fn((64, 4, 4, 3), |(n, y, x, c)| {
//!     ((n * 7919 + y * 104_729 + x * 1299 + c * 15_485) * (n + 1) / 64 % 256) as u8
//! });
//! let whitening = Whitener::zca()
//!     .regularisation(Regularisation::Eigenvalue(0.1))
//!     .fit_images(images.view(), Layout::Nhwc, Scope::Pixels)?;
//! let white = whitening.apply(images.view(), Layout::Nhwc)?;
//! assert_eq!(white.dim(), images.dim());
//! # Ok::<(), mizumashi_whitening::Error>(())
//! ```
//!
//! # What correlation is removed: between R, G and B, or between pixels?
//!
//! [`Scope`] decides. [`Scope::Pixels`] takes an image as one observation of d = height x width x
//! channels values: every value is decorrelated from every other, so neighbouring pixels *and*
//! colours; `W` is d x d, and smooth surfaces vanish while edges stay. [`Scope::Channels`] takes
//! each pixel as an observation of its channels: R, G and B are decorrelated from each other and
//! nothing else changes; `W` is 3 x 3, and pixels remain as like their neighbours as they were.
//! ZCA whitening in the deep-learning literature, and in Keras, is the former.
//!
//! Between the two lie [`Patches`]: pixels are decorrelated from their neighbours, by a matrix so
//! small that one picture is enough to fit it, and that works on images of any size, as a
//! [`Convolution`]. See [`PatchWhitening`].
//!
//! # Directions in which nothing varies
//!
//! A direction of variance zero cannot be brought to unit variance, and one of little variance
//! holds mostly noise. [`Regularisation`] bounds how far small variances are amplified; null
//! directions, those below the [rank cut](Whitener::rank_tolerance), are mapped to zero, so what a
//! later image holds along them is dropped. Keep this in mind with fewer samples than values: n
//! samples vary along n - 1 directions at most.
//!
//! # Is the result right?
//!
//! [`Whitening::diagnosis`] tells what the spectrum says: rank, condition number, what epsilon means
//! for the variances at hand, and warnings in words, of too few samples for one.
//! [`Whitening::diagnosis_on`] whitens rows that were not fitted and tells how white they came out.
//! Neither costs anything until it is called.
//!
//! ```
//! use mizumashi_whitening::{Layout, Scope, Whitener};
//! use ndarray::{Array4, s};
//!
//! let images = Array4::from_shape_fn((300, 8, 8, 3), |(n, y, x, c)| {
//!     ((n * n * 31 + y * x * n * 13 + x * x * 7 + c * y * 5 + c * n * 3) % 251) as u8
//! });
//! let (fitted, held_out) = (images.slice(s![..200, .., .., ..]), images.slice(s![200.., .., .., ..]));
//! let whitening = Whitener::zca().fit_images(fitted, Layout::Nhwc, Scope::Channels)?;
//! let diagnosis = whitening.diagnosis_on(held_out, Layout::Nhwc)?;
//! assert!(diagnosis.warnings().is_empty(), "{diagnosis}");
//! # Ok::<(), mizumashi_whitening::Error>(())
//! ```
//!
//! # Large sets, and sets in pieces
//!
//! [`ImageMoments`] and [`PatchMoments`] are fed batch by batch and merge over shards and machines;
//! for `u8` what is fitted from them is, to the bit, what a fit of all at once gives.
//!
//! # Storing
//!
//! [`Whitening::save`] and [`Whitening::load`], and those of [`ImageWhitening`] and
//! [`PatchWhitening`], store matrices in the format of safetensors, one file that other programs
//! can read. All three are of serde as well, for recipes that hold a whitening among other things;
//! as JSON, a matrix takes two to three times the space.
//!
//! # Fewer samples than values
//!
//! The covariance of 224x224 RGB images takes 181 GB. With n < d it is never formed: its
//! eigenvectors come from the n x n inner products between samples ([`Method::Dual`]), and `W` is
//! kept as two thin factors and applied as such. Memory grows with n d alone.
//! Where few [directions](Whitener::directions) of many matter, [`Method::Randomised`] finds them
//! without the inner products either. [`Whitening::solution`] tells which way was taken.
//!
//! # A single picture
//!
//! One sample minus the mean of itself is zero, so fitting a single image is an
//! [error](Error::SingleSample), unless it was centred in another way before and is to be taken as
//! it is ([`Centring::None`]). Then its only direction is itself, with second moment `|x|^2`, and
//! whitening divides it by its own norm: `W x = x / |x|`. That is what Keras computes for the lone
//! image of many a tutorial, after it has subtracted from each channel its mean: a picture of
//! standard deviation `1 / sqrt(d)`, 0.0045105 for 128x128 RGB, grey to the eye and whitened in
//! name only. Here it takes megabytes, not the 9.7 GB of the matrix.
//!
//! ```
//! use mizumashi_whitening::{Centring, Regularisation, Whitener};
//! use ndarray::array;
//!
//! let picture = array![[3.0_f32, -4.0, 0.0, 1.0, 0.0]];
//! assert!(Whitener::zca().fit(picture.view()).is_err());
//! let white = Whitener::zca()
//!     .centring(Centring::None)
//!     .regularisation(Regularisation::Eigenvalue(0.0))
//!     .fit(picture.view())?
//!     .apply(picture.view())?;
//! assert!((white - picture / 26_f32.sqrt()).iter().all(|x| x.abs() < 1e-6));
//! # Ok::<(), mizumashi_whitening::Error>(())
//! ```
//!
//! # Where it stands
//!
//! It needs the statistics alone, and an eigen-solver; the generator calls it for whole batches:
//!
//! ```text
//!  mizumashi           generator, flow, batches
//!  ├─ transform        recipes, plans, fusing
//!  │  ├─ affine        maps, resampling, points and boxes
//!  │  └─ stats         moments, histograms, covariance
//!  ├─ whitening        ZCA, PCA and their kin                   <- here
//!  │  └─ stats
//!  ├─ batchnorm        the layer, and its relatives
//!  │  └─ stats
//!  └─ data             image files, CIFAR, a generated set
//! ```

mod cholesky;
mod convolution;
mod cut;
mod diagnosis;
mod dual;
mod error;
mod filters;
mod fit;
mod frame;
mod held_out;
mod image_moments;
mod images;
mod kind;
mod model;
mod observations;
mod operator;
mod patch_moments;
mod patch_whitening;
mod patches;
mod pixel;
mod primal;
mod product;
mod qr;
mod randomised;
mod regularisation;
mod safetensors;
mod shrinkage;
mod solver;
mod spectrum;
mod warning;
mod whitener;
mod whitening;

pub use convolution::{Convolution, Padding};
pub use diagnosis::{Diagnosis, EffectiveEpsilon};
pub use error::Error;
pub use held_out::HeldOut;
pub use image_moments::ImageMoments;
pub use images::ImageWhitening;
pub use kind::{Centring, Method, Remainder, Scope, WhiteningKind};
pub use mizumashi_stats::Layout;
pub use patch_moments::PatchMoments;
pub use patch_whitening::PatchWhitening;
pub use patches::Patches;
pub use pixel::Pixel;
pub use regularisation::Regularisation;
pub use shrinkage::Shrinkage;
pub use solver::Solver;
pub use warning::Warning;
pub use whitener::Whitener;
pub use whitening::{Solution, Whitening};
