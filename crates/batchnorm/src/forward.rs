//! The output, by whichever statistics: `y = gamma * (r * (x - mean) * inv_std + d) + beta`, with
//! `r = 1` and `d = 0` but for batch renormalisation.

use mizumashi_stats::WeightedMoments;
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel::{Agree, Operand, View, map, moments, sum_and_map};
use crate::saved::Standardisation;
use crate::{Error, Real};

/// `scale`, `centre` and `offset` of `y = scale * (x - centre) + offset`.
///
/// The mean is rounded to `T` before it is subtracted and `offset` makes up for it. Near a mean
/// far from zero that subtraction is exact, where `scale * x + shift` would lose digits.
pub(crate) fn coefficients<T: Real>(channel: &Standardisation, gamma: f64, beta: f64) -> [T; 3] {
    let scale = channel.scale(gamma);
    let centre = T::of(channel.mean);
    let offset = channel.shift(gamma, beta) + scale * (centre.into() - channel.mean);
    [T::of(scale), centre, T::of(offset)]
}

#[inline(always)]
fn output<T: Real>(x: T, [scale, centre, offset]: [T; 3]) -> T {
    scale * (x - centre) + offset
}

/// Writes the output by known statistics; without `x`, over the input.
pub(crate) fn standardise<T: Real>(
    view: View,
    x: Option<ArrayView2<'_, T>>,
    coefficients: &[[T; 3]],
    y: ArrayViewMut2<'_, T>,
) {
    match x {
        Some(x) => {
            map(view, [Operand::Each(x)], coefficients, y, |[x], _, by| output(x, by));
        }
        None => map(view, [], coefficients, y, |[], x, by| output(x, by)),
    }
}

/// Writes the output by the batch's own statistics, which it returns; without `x`, over the input.
pub(crate) fn standardise_by_batch<'a, T: Real>(
    view: View,
    x: Option<ArrayView2<'a, T>>,
    weights: Option<Operand<'a, T>>,
    coefficients: impl Fn(usize, &WeightedMoments) -> [T; 3] + Sync,
    y: ArrayViewMut2<'_, T>,
    agree: Option<Agree<'_, WeightedMoments>>,
) -> Result<Vec<WeightedMoments>, Error> {
    // A batch to read is an input; one to write over is what was there.
    match (x.map(Operand::Each), weights) {
        (Some(x), None) => sum_and_map(
            view,
            [x],
            y,
            agree,
            |tile, all| moments(view, tile.inputs, all),
            coefficients,
            |[x], _, by| output(x, by),
        ),
        (None, None) => sum_and_map(
            view,
            [],
            y,
            agree,
            |tile, all| moments(view, [tile.old], all),
            coefficients,
            |[], x, by| output(x, by),
        ),
        (Some(x), Some(weights)) => sum_and_map(
            view,
            [x, weights],
            y,
            agree,
            |tile, all| moments(view, tile.inputs, all),
            coefficients,
            |[x, _], _, by| output(x, by),
        ),
        (None, Some(weights)) => sum_and_map(
            view,
            [weights],
            y,
            agree,
            |tile, all| moments(view, [tile.old.reborrow(), tile.inputs[0].reborrow()], all),
            coefficients,
            |[_], x, by| output(x, by),
        ),
    }
}
