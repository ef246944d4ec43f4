//! The least and the greatest value of an image.

use ndarray::{ArrayView, Dimension};

/// (min, max); (infinity, -infinity) of no values.
pub(super) fn extremes<D: Dimension>(values: ArrayView<'_, f32, D>) -> (f32, f32) {
    let none = (f32::INFINITY, f32::NEG_INFINITY);
    let (min, max) = values.fold(none, |(min, max), &x| (min.min(x), max.max(x)));
    // Which zero of two is the lesser one is up to the processor, and the order to the memory.
    (min + 0.0, max + 0.0)
}
