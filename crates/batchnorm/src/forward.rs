//! The output, by whichever statistics: `y = gamma * (x - mean) * inv_std + beta`.

use crate::Real;
use crate::channels::Channels;
use crate::kernel;
use crate::saved::Saved;

/// Writes `y = scale * (x - centre) + offset`. `x` and `y` are dense and have the view's shape.
///
/// The mean is rounded to `T` before it is subtracted and `offset` makes up for it. Near a mean
/// far from zero that subtraction is exact, where `scale * x + shift` would lose digits.
pub(crate) fn standardise<T: Real>(
    view: Channels,
    saved: &Saved,
    gamma: &[T],
    beta: &[T],
    x: &[T],
    y: &mut [T],
) {
    let coefficients: Vec<_> = gamma
        .iter()
        .zip(beta)
        .zip(&saved.channels)
        .map(|((&gamma, &beta), channel)| {
            let scale = gamma.into() * channel.inv_std;
            let centre = T::of(channel.mean);
            let offset = beta.into() + scale * (centre.into() - channel.mean);
            [T::of(scale), centre, T::of(offset)]
        })
        .collect();
    kernel::map(view, [x], &coefficients, y, |[x], [scale, centre, offset]| {
        scale * (x - centre) + offset
    });
}
