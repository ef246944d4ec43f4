//! Batch normalisation ([Ioffe & Szegedy 2015](https://arxiv.org/abs/1502.03167)) as a layer:
//! training and inference forward passes, gradients, running statistics.
//!
//! Each channel of a batch is standardised by its own mean `m` and biased variance `v`, then
//! scaled and shifted by two learnt numbers: `y = gamma (x - m) / sqrt(v + epsilon) + beta`.
//!
//! - One layer serves every shape: `(samples, channels)`, NHWC and NCHW images, and any other
//!   rank whose channel axis is the second or the last.
//! - Statistics are two-pass sums in f64, so a mean far from zero costs no digits in f32.
//! - Reductions have a shape fixed by the shape of the batch: the result is the same to the bit
//!   for any number of rayon threads.
//! - The conventions of Keras and PyTorch for the running statistics, which differ in three
//!   places, are two named presets: see [`BatchNormConfig`].
//! - A batch with NaN or infinity is refused before it can spoil the running statistics.
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

mod backward;
mod channels;
mod columns;
mod config;
mod error;
mod forward;
mod kernel;
mod layer;
mod real;
mod saved;

pub use backward::{Gradients, ParameterGradients};
pub use config::{BatchNormConfig, RunningVariance};
pub use error::Error;
pub use layer::BatchNorm;
pub use mizumashi_stats::Layout;
pub use real::Real;
pub use saved::Saved;
