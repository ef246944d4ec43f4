//! Batch normalisation ([Ioffe & Szegedy 2015](https://arxiv.org/abs/1502.03167)) as a layer:
//! training and inference forward passes, gradients, running statistics.
//!
//! Each channel of a batch is standardised by its own mean `m` and biased variance `v`, then
//! scaled and shifted by two learnt numbers: `y = gamma (x - m) / sqrt(v + epsilon) + beta`.
//!
//! - One layer serves every shape: `(samples, channels)`, NHWC and NCHW images, and any other
//!   rank whose channel axis is the second or the last.
//! - Statistics are sums in f64 around a value of the channel, so a mean far from zero costs no
//!   digits in f32.
//! - Reductions have a shape fixed by the shape of the batch: the result is the same to the bit
//!   for any number of rayon threads.
//! - The conventions of Keras and PyTorch, which differ in three places, are two named presets: see
//!   [`BatchNormConfig`]. Their trained layers are read from safetensors files, and written: see
//!   [`TensorNames`].
//! - A batch with NaN or infinity is refused before it can spoil the running statistics.
//! - Masks and weights ([`Training::weights`]), one batch on several workers ([`Collective`]), batch
//!   renormalisation ([`Renormalisation`]), passes in place.
//! - Folded into its neighbours ([`ScaleShift`]), it costs nothing at inference.
//! - Layer, group and instance normalisation: [`SampleNorm`].
//!
//! ```
//! use mizumashi_batchnorm::{BatchNorm, BatchNormConfig};
//! use ndarray::{Array4, s};
//!
//! // Two samples of 3 channels, 4 x 4 pixels, NCHW.
//! let x = Array4::from_shape_fn((2, 3, 4, 4), |(n, c, h, w)| (16 * n + 4 * h + w + 100 * c) as f32);
//! let mut layer = BatchNorm::new(3, BatchNormConfig::pytorch())?;
//!
//! let (y, saved) = layer.forward(x.view())?; // training: batch statistics
//! assert!(y.slice(s![.., 2, .., ..]).sum().abs() < 1e-4);
//!
//! let gradients = layer.backward(&saved, x.view(), y.view())?; // dy = y, for the example
//! layer.gamma_mut().scaled_add(-0.1, &gradients.dgamma);
//!
//! let y = layer.infer(x.view())?; // inference: running statistics, nothing changes
//! assert_eq!(y.shape(), x.shape());
//! # Ok::<(), mizumashi_batchnorm::Error>(())
//! ```
//!
//! # Where it stands
//!
//! It needs the statistics alone, and nothing of the generator; a network calls it, not the flow:
//!
//! ```text
//!  mizumashi           generator, flow, batches
//!  ├─ transform        recipes, plans, fusing
//!  │  ├─ affine        maps, resampling, points and boxes
//!  │  └─ stats         moments, histograms, covariance
//!  ├─ whitening        ZCA, PCA and their kin
//!  │  └─ stats
//!  ├─ batchnorm        the layer, and its relatives             <- here
//!  │  └─ stats
//!  └─ data             image files, CIFAR, a generated set
//! ```

mod backpropagation;
mod backward;
mod collective;
mod config;
mod error;
mod fold;
mod forward;
mod group_norm;
mod inference;
mod kernel;
mod layer;
mod layer_norm;
mod real;
mod renormalisation;
mod sample_norm;
mod saved;
mod stored;
mod tensors;
mod training;
mod weights;
mod workers;

pub use backpropagation::Backpropagation;
pub use backward::{Gradients, ParameterGradients};
pub use collective::Collective;
pub use config::{BatchNormConfig, RunningAverage, RunningVariance};
pub use error::Error;
pub use fold::{Folded, ScaleShift, WeightLayout};
pub use layer::BatchNorm;
pub use mizumashi_stats::Layout;
pub use real::Real;
pub use renormalisation::Renormalisation;
pub use safetensors;
pub use sample_norm::{SampleNorm, SampleNormConfig};
pub use saved::Saved;
pub use tensors::{Tensor, TensorNames};
pub use training::Training;
pub use workers::Workers;
