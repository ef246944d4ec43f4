//! Exact, mergeable statistics of image tensors: moments, histograms, quantiles and covariance.
//!
//! Every figure here is computed in one pass over a stream of batches, can be merged with the
//! figures of another stream (another thread, shard or machine), and can be saved with serde.
//! Neither the number of threads nor the way a set is cut into batches shows in any bit of a
//! result.
//!
//! * **`u8` data** is counted in integers ([`Histogram`], [`IntegerMoments`],
//!   [`IntegerCovariance`]): the state is exact, merging is addition, and two runs compare with
//!   `==`. Only the final division rounds.
//! * **Real data** is summed in `f64` around its own mean ([`Moments`], [`Covariance`]), in blocks
//!   of fixed shape that are merged in a fixed order, so data far from zero loses nothing.
//!
//! [`Statistics`] computes such an accumulator per channel, per pixel, per sample or for the whole
//! set, from NHWC or NCHW arrays.
//!
//! ```
//! use mizumashi_stats::{Grouping, Histogram, Layout, Statistics, Summary};
//! use ndarray::Array4;
//!
//! // Eight 4x4 RGB images, as they would be read from a file.
//! let images = Array4::from_shape_fn((8, 4, 4, 3), |(n, y, x, c)| (n + y + x + 10 * c) as u8);
//!
//! let mut statistics = Statistics::<Histogram>::new(Grouping::Channel);
//! for batch in images.axis_chunks_iter(ndarray::Axis(0), 3) {
//!     statistics.update(batch, Layout::Nhwc)?;
//! }
//! assert_eq!(statistics.mean(), [6.5, 16.5, 26.5]);
//! assert_eq!(statistics.groups()[2].median(), 26.5);
//! assert_eq!(statistics, Statistics::of(images.view(), Layout::Nhwc, Grouping::Channel)?);
//! # Ok::<(), mizumashi_stats::Error>(())
//! ```
//!
//! Every state is a [`PartialState`]: it is turned into compact bytes and back, so that parts of a
//! set may be gathered by any program on any machine and merged by another.
//!
//! # Where it stands
//!
//! It knows arrays, and nothing of images as files or of transforms; three crates build on it:
//!
//! ```text
//!  mizumashi           generator, flow, batches
//!  ├─ transform        recipes, plans, fusing
//!  │  ├─ affine        maps, resampling, points and boxes
//!  │  └─ stats         moments, histograms, covariance          <- here
//!  ├─ whitening        ZCA, PCA and their kin
//!  │  └─ stats
//!  ├─ batchnorm        the layer, and its relatives
//!  │  └─ stats
//!  └─ data             image files, CIFAR, a generated set
//! ```

mod binned;
mod byte_columns;
mod covariance;
mod error;
mod finite;
mod gram;
mod grouping;
mod histogram;
mod integer_covariance;
mod integer_moments;
mod integer_products;
mod layout;
mod moments;
mod partial;
mod quantile;
mod simd;
mod statistics;
mod summary;
mod symmetric;
mod weighted;

pub use binned::BinnedHistogram;
pub use covariance::Covariance;
pub use error::Error;
pub use gram::{centred_gram, centred_gram_u8, gram, gram_u8};
pub use grouping::Grouping;
pub use histogram::Histogram;
pub use integer_covariance::IntegerCovariance;
pub use integer_moments::IntegerMoments;
pub use layout::Layout;
pub use moments::Moments;
pub use partial::{FORMAT_VERSION, PartialState, state_kind};
pub use quantile::quantiles;
#[doc(hidden)]
pub use simd::{Kernel, vectorised};
pub use statistics::Statistics;
pub use summary::{Accumulator, JointSummary, Summary};
pub use weighted::WeightedMoments;
