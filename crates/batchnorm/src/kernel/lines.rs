//! Sums and maps along one line, whose values have statistics of their own.

use mizumashi_stats::vectorised;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::loops::{PlaneMap, PlaneSums};
use crate::Real;

/// The sums of `term(values of the inputs)`.
pub(crate) fn line_sums<T: Real, const INPUTS: usize, const SUMS: usize>(
    inputs: [ArrayView2<'_, T>; INPUTS],
    term: impl Fn([f64; INPUTS]) -> [f64; SUMS],
) -> [f64; SUMS] {
    vectorised(PlaneSums { inputs, parameter: (), term: move |values, ()| term(values) })
}

/// Writes `op(values of the inputs, value that was there)`.
pub(crate) fn map_line<T: Real, U: Real, const INPUTS: usize>(
    inputs: [ArrayView2<'_, T>; INPUTS],
    out: ArrayViewMut2<'_, U>,
    op: impl Fn([T; INPUTS], U) -> U,
) {
    let op = move |values, old, ()| op(values, old);
    vectorised(PlaneMap { inputs, parameters: &[()], out, op });
}
