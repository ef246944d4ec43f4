//! The least and the greatest value of an image.

use ndarray::{ArrayView, Dimension};

/// (min, max); (infinity, -infinity) of no values.
pub(super) fn extremes<D: Dimension>(values: ArrayView<'_, f32, D>) -> (f32, f32) {
    values.fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), &x| (min.min(x), max.max(x)))
}
