//! Matrix products whose every element is the same bits whatever the number of threads and
//! whatever other rows are computed beside it.
//!
//! Each element is summed over the inner dimension by one call of ndarray's gemm, whose blocking of
//! that dimension is fixed and whose micro-kernels all add in the same order, at edges too. Cutting
//! the *outer* dimensions into panels for rayon therefore changes no bit. (With ndarray's own
//! `blas` feature the product is the BLAS's, and so are its promises.)

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, LinalgScalar, s};
use rayon::prelude::*;

/// Columns of one parallel panel: wide enough for gemm to run at speed, narrow enough that a batch
/// of few rows still occupies several threads.
const PANEL_COLUMNS: usize = 512;

/// Rows of one parallel panel. Every panel packs its share of `b` anew, which 256 rows repay.
const PANEL_ROWS: usize = 256;

/// `out = a b`.
pub(crate) fn product<T>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, out: ArrayViewMut2<'_, T>)
where
    T: LinalgScalar + Send + Sync,
{
    panels(a, b, T::zero(), out);
}

/// `out += a b`.
pub(crate) fn add_product(
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    out: ArrayViewMut2<'_, f64>,
) {
    panels(a, b, 1.0, out);
}

/// `out = beta out + a b`.
fn panels<T>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, beta: T, mut out: ArrayViewMut2<'_, T>)
where
    T: LinalgScalar + Send + Sync,
{
    out.axis_chunks_iter_mut(Axis(0), PANEL_ROWS)
        .into_par_iter()
        .zip(a.axis_chunks_iter(Axis(0), PANEL_ROWS))
        .for_each(|(mut out, a)| {
            out.axis_chunks_iter_mut(Axis(1), PANEL_COLUMNS)
                .into_par_iter()
                .zip(b.axis_chunks_iter(Axis(1), PANEL_COLUMNS))
                .for_each(|(mut out, b)| general_mat_mul(T::one(), &a, &b, beta, &mut out));
        });
}

/// `a a^T`, symmetric to the bit.
pub(crate) fn self_product(a: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut out = Array2::zeros((a.nrows(), a.nrows()));
    // The lower triangle and what panels reach beyond it, then its mirror image.
    out.axis_chunks_iter_mut(Axis(0), PANEL_ROWS)
        .into_par_iter()
        .zip(a.axis_chunks_iter(Axis(0), PANEL_ROWS))
        .enumerate()
        .for_each(|(panel, (mut out, rows))| {
            let end = panel * PANEL_ROWS + rows.nrows();
            product(rows, a.slice(s![..end, ..]).t(), out.slice_mut(s![.., ..end]));
        });
    for row in 0..out.nrows() {
        let (mut left, right) = out.multi_slice_mut((s![row, row + 1..], s![row + 1.., row]));
        left.assign(&right);
    }
    out
}
