//! The gradients (Ioffe & Szegedy 2015, section 3), with `m` values in the channel and the sums
//! over them:
//!
//! ```text
//! dbeta  = sum dy
//! dgamma = sum dy * x_hat
//! dx     = gamma * inv_std * (dy - dbeta / m - x_hat * dgamma / m)     batch statistics
//! dx     = gamma * inv_std * dy                                        frozen statistics
//! ```

use ndarray::{Array, Array1, Dimension};
use serde::{Deserialize, Serialize};

use crate::Real;
use crate::channels::Channels;
use crate::kernel;
use crate::saved::{Saved, Source, Standardisation};

/// The gradients of a loss with respect to everything that a layer's output depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gradients<T, D: Dimension> {
    /// With respect to the input; the shape of the batch.
    pub dx: Array<T, D>,
    /// With respect to gamma; one per channel.
    pub dgamma: Array1<T>,
    /// With respect to beta; one per channel.
    pub dbeta: Array1<T>,
}

/// The part of [`Gradients`] that an optimiser takes, when the caller owns the buffer of `dx`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterGradients<T> {
    /// With respect to gamma; one per channel.
    pub dgamma: Array1<T>,
    /// With respect to beta; one per channel.
    pub dbeta: Array1<T>,
}

/// What `dx` is computed with, `slope * (dy - dy_centre) + pull * (x - x_centre) + offset`, in that
/// order, from `gamma * inv_std` and the sums of `dy` and of `dy * (x - mean)`.
///
/// As in the forward pass, `offset` makes up for the rounding of the two centres.
fn coefficients<T: Real>(
    slope: f64,
    channel: Standardisation,
    sums: [f64; 2],
    count: usize,
) -> [T; 5] {
    let Standardisation { mean, inv_std } = channel;
    let [plain, along] = sums.map(|sum| sum / count as f64);
    let pull = -slope * inv_std * inv_std * along;
    let (dy_centre, x_centre) = (T::of(plain), T::of(mean));
    let offset = slope * (dy_centre.into() - plain) + pull * (x_centre.into() - mean);
    [T::of(slope), dy_centre, T::of(pull), x_centre, T::of(offset)]
}

/// Writes `dx` and returns the others. `x`, `dy` and `dx` are dense and have the view's shape.
pub(crate) fn gradients<T: Real>(
    view: Channels,
    saved: &Saved,
    gamma: &[T],
    x: &[T],
    dy: &[T],
    dx: &mut [T],
) -> ParameterGradients<T> {
    let sums = kernel::gradient_sums(view, x, dy, |channel| saved.channels[channel].mean);
    let slopes =
        gamma.iter().zip(&saved.channels).map(|(&gamma, channel)| gamma.into() * channel.inv_std);
    match saved.source {
        Source::Batch { values_per_channel } => {
            let coefficients: Vec<_> = slopes
                .zip(&saved.channels)
                .zip(&sums)
                .map(|((slope, channel), &sums)| {
                    coefficients(slope, *channel, sums, values_per_channel)
                })
                .collect();
            kernel::map(view, [x, dy], &coefficients, dx, |[x, dy], parameters| {
                let [slope, dy_centre, pull, x_centre, offset] = parameters;
                slope * (dy - dy_centre) + pull * (x - x_centre) + offset
            });
        }
        Source::Running => {
            let slopes: Vec<_> = slopes.map(|slope| [T::of(slope)]).collect();
            kernel::map(view, [dy], &slopes, dx, |[dy], [slope]| slope * dy);
        }
    }
    ParameterGradients {
        dgamma: sums
            .iter()
            .zip(&saved.channels)
            .map(|([_, along], channel)| T::of(along * channel.inv_std))
            .collect(),
        dbeta: sums.iter().map(|&[plain, _]| T::of(plain)).collect(),
    }
}
