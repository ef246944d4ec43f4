//! The gradients (Ioffe & Szegedy 2015, section 3). With weights `w` of sum `m` (1 each, unless
//! given), batch renormalisation's `r` and `d` (1 and 0 without it), and sums over the channel:
//!
//! ```text
//! dbeta  = sum dy
//! dgamma = sum dy * (r * x_hat + d)
//! dx     = gamma * r * inv_std * (dy - w / m * (sum dy + x_hat * sum dy * x_hat))  batch statistics
//! dx     = gamma * inv_std * dy                                                 running statistics
//! ```

use std::ops::Range;

use ndarray::{Array, Array1, ArrayView2, ArrayViewMut2, Dimension};
use serde::{Deserialize, Serialize};

use crate::kernel::{Agree, Operand, Tile, View, sum_and_map, tile_sums};
use crate::saved::{Source, Standardisation};
use crate::{Error, Real};

/// The gradients of a loss with respect to everything that a layer's output depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gradients<T, D: Dimension> {
    /// With respect to the input; the shape of the batch.
    pub dx: Array<T, D>,
    /// With respect to gamma; one per channel, or none where the layer has no gamma.
    pub dgamma: Array1<T>,
    /// With respect to beta; one per channel, or none where the layer has no beta.
    pub dbeta: Array1<T>,
}

/// The part of [`Gradients`] that an optimiser takes, when the caller owns the buffer of `dx`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterGradients<T> {
    /// With respect to gamma; one per channel, or none where the layer has no gamma.
    pub dgamma: Array1<T>,
    /// With respect to beta; one per channel, or none where the layer has no beta.
    pub dbeta: Array1<T>,
}

/// A channel as the backward pass sees it. What it is given, `u`, is the input or, after a pass in
/// place, the output; either way `u - centre = factor * (x - mean)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channel {
    centre: f64,
    factor: f64,
    slope: f64,
    by: Standardisation,
}

impl Channel {
    pub(crate) fn new(by: Standardisation, gamma: f64, beta: f64, in_place: bool) -> Self {
        let slope = by.scale(gamma);
        let (centre, factor) =
            if in_place { (by.shift(gamma, beta), slope) } else { (by.mean, 1.0) };
        Self { centre, factor, slope, by }
    }

    /// The gradient of gamma and that of beta, from the sums of `dy` and of `dy * (u - centre)`.
    pub(crate) fn parameters(&self, [plain, along]: [f64; 2]) -> [f64; 2] {
        let Standardisation { inv_std, r, d, .. } = self.by;
        [r * inv_std * along / self.factor + d * plain, plain]
    }

    /// What `dx` is computed with, `slope * (dy - dy_centre) + w * (pull * (u - centre) + offset)`.
    ///
    /// Of equal weights the mean of `dy` is subtracted from it first. As in the forward pass,
    /// `offset` makes up for the rounding of the two centres.
    fn coefficients<T: Real>(
        &self,
        [plain, along]: [f64; 2],
        source: Source,
        weighted: bool,
    ) -> [T; 5] {
        let (slope, zero) = (T::of(self.slope), T::zero());
        let Source::Batch { weight, .. } = source else { return [slope, zero, zero, zero, zero] };
        let inv_std = self.by.inv_std;
        let [plain, along] = [plain / weight, along / weight / self.factor];
        let pull = -self.slope * inv_std * inv_std * along / self.factor;
        let dy_centre = if weighted { zero } else { T::of(plain) };
        let centre = T::of(self.centre);
        let offset = self.slope * (dy_centre.into() - plain) + pull * (centre.into() - self.centre);
        [slope, dy_centre, T::of(pull), centre, T::of(offset)]
    }
}

/// `dx` by [`Channel::coefficients`]. It captures nothing, which loops could not keep in registers.
#[inline(always)]
fn input_gradient<T: Real>(u: T, dy: T, weight: T, by: [T; 5]) -> T {
    let [slope, dy_centre, pull, centre, offset] = by;
    slope * (dy - dy_centre) + weight * (pull * (u - centre) + offset)
}

/// Adds what a tile of `u` and `dy` holds to its channels' sums of `dy` and of `dy * (u - centre)`.
pub(crate) fn add_sums<T: Real>(
    view: View,
    inputs: [ArrayView2<'_, T>; 2],
    centre: impl Fn(usize) -> f64,
    all: &mut [[f64; 2]],
) {
    let term = |[u, dy]: [f64; 2], centre: f64| [dy, dy * (u - centre)];
    tile_sums(view, all.len(), inputs, centre, term, |channel, [plain, along]| {
        all[channel][0] += plain;
        all[channel][1] += along;
    });
}

/// Writes `dx` and returns of each channel the sums of `dy` and of `dy * (u - centre)`; without
/// `dy`, over it.
pub(crate) fn gradients<'a, T: Real>(
    view: View,
    channels: &[Channel],
    source: Source,
    (u, dy): (ArrayView2<'a, T>, Option<ArrayView2<'a, T>>),
    weights: Option<Operand<'a, T>>,
    dx: ArrayViewMut2<'_, T>,
    agree: Option<Agree<'_, [f64; 2]>>,
) -> Result<Vec<[f64; 2]>, Error> {
    let weighted = weights.is_some();
    let parameters =
        |channel: usize, sums: &_| channels[channel].coefficients::<T>(*sums, source, weighted);
    let add = |of: Range<usize>, u: ArrayView2<'_, T>, dy: ArrayView2<'_, T>, all: &mut [_]| {
        let centre = |channel: usize| channels[of.start + channel].centre;
        add_sums(view, [u.reborrow(), dy.reborrow()], centre, all);
    };
    // The numbers of running statistics do not move with the input, whatever it is.
    let u = Operand::Each(u);
    // A gradient to read is an input; one to write over is what was there.
    match (source, dy.map(Operand::Each), weights) {
        (Source::Running, Some(dy), _) => sum_and_map(
            view,
            [u, dy],
            dx,
            agree,
            |Tile { channels, inputs: [u, dy], .. }, all| add(channels, u, dy, all),
            parameters,
            |[_, dy], _, [slope, ..]| slope * dy,
        ),
        (Source::Running, None, _) => sum_and_map(
            view,
            [u],
            dx,
            agree,
            |Tile { channels, inputs: [u], old }, all| add(channels, u, old, all),
            parameters,
            |[_], dy, [slope, ..]| slope * dy,
        ),
        (_, Some(dy), None) => sum_and_map(
            view,
            [u, dy],
            dx,
            agree,
            |Tile { channels, inputs: [u, dy], .. }, all| add(channels, u, dy, all),
            parameters,
            |[u, dy], _, by| input_gradient(u, dy, T::one(), by),
        ),
        (_, None, None) => sum_and_map(
            view,
            [u],
            dx,
            agree,
            |Tile { channels, inputs: [u], old }, all| add(channels, u, old, all),
            parameters,
            |[u], dy, by| input_gradient(u, dy, T::one(), by),
        ),
        (_, Some(dy), Some(weights)) => sum_and_map(
            view,
            [u, dy, weights],
            dx,
            agree,
            |Tile { channels, inputs: [u, dy, _], .. }, all| add(channels, u, dy, all),
            parameters,
            |[u, dy, weight], _, by| input_gradient(u, dy, weight, by),
        ),
        (_, None, Some(weights)) => sum_and_map(
            view,
            [u, weights],
            dx,
            agree,
            |Tile { channels, inputs: [u, _], old }, all| add(channels, u, old, all),
            parameters,
            |[u, weight], dy, by| input_gradient(u, dy, weight, by),
        ),
    }
}
