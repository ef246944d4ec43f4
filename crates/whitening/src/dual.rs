//! Eigenvectors of a covariance from the inner products between samples.
//!
//! Let the n rows of `X` be the centred samples, so that the covariance is `C = X^T X / n` (d x d)
//! and the Gram matrix is `G = X X^T / n` (n x n). If `G v = lambda v` then
//! `C (X^T v) = lambda (X^T v)`: the same nonzero eigenvalues, and the eigenvectors of `C` are
//! `u = X^T v / sqrt(n lambda)`. All others of `C` belong to the eigenvalue zero and are not
//! needed. With n < d this takes O(n d) memory where `C` alone takes d^2.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Zip, s};

use crate::pixel::Pixel;
use crate::product::product;
use crate::spectrum::{Spectrum, orient, rank};
use crate::{Centring, Error, Solver};

/// Columns centred and converted to `f64` at a time.
const BLOCK_COLUMNS: usize = 2048;

/// Peak of bytes: the Gram matrix with its eigenvectors in the solver; after that the kept
/// eigenvectors twice, a block of columns, and the directions in both precisions.
pub(crate) fn bytes(samples: usize, features: usize, solver: Solver) -> u64 {
    let (n, d) = (samples as u64, features as u64);
    // Per sample, and saturating: sizes come from outside.
    let vectors = n.saturating_mul(16);
    let block = d.min(BLOCK_COLUMNS as u64) * 8;
    let directions = d.saturating_mul(12);
    let bytes = vectors.saturating_add(block).saturating_add(directions).saturating_mul(n);
    solver.bytes(samples).max(bytes)
}

/// Decomposes the n x n Gram matrix of finite rows.
pub(crate) fn spectrum<T: Pixel>(
    rows: ArrayView2<'_, T>,
    centring: Centring,
    tolerance: f64,
    solver: Solver,
) -> Result<Spectrum, Error> {
    let (samples, features) = rows.dim();
    let (mean, gram) = T::gram(rows, centring)?;
    let eigen = solver.eigen(gram / samples as f64)?;
    let rank = rank(eigen.values.view(), tolerance);
    let vectors = eigen.vectors.slice(s![.., ..rank]).as_standard_layout().into_owned();

    let mut components = Array2::zeros((features, rank));
    let blocks = rows
        .axis_chunks_iter(Axis(1), BLOCK_COLUMNS)
        .zip(mean.axis_chunks_iter(Axis(0), BLOCK_COLUMNS))
        .zip(components.axis_chunks_iter_mut(Axis(0), BLOCK_COLUMNS));
    for ((rows, mean), components) in blocks {
        product(centred(rows, mean).t(), vectors.view(), components);
    }
    // To unit length: dividing by the length found is more exact than by sqrt(n lambda).
    orient(&mut components);
    Ok(Spectrum { eigenvalues: eigen.values.slice(s![..rank]).to_owned(), components, mean })
}

fn centred<T: Pixel>(rows: ArrayView2<'_, T>, mean: ArrayView1<'_, f64>) -> Array2<f64> {
    let mut block = Array2::zeros(rows.raw_dim());
    Zip::from(block.rows_mut()).and(rows.rows()).par_for_each(|to, from| {
        Zip::from(to)
            .and(from)
            .and(mean)
            .for_each(|to, &x, &mean| *to = Into::<f64>::into(x) - mean);
    });
    block
}
