//! Eigenvectors of a covariance from the inner products between samples.
//!
//! Let the n rows of `X` be the centred samples, so that the covariance is `C = X^T X / n` (d x d)
//! and the Gram matrix is `G = X X^T / n` (n x n). If `G v = lambda v` then
//! `C (X^T v) = lambda (X^T v)`: the same nonzero eigenvalues, and the eigenvectors of `C` are
//! `u = X^T v / sqrt(n lambda)`. All others of `C` belong to the eigenvalue zero and are not
//! needed. With n < d this takes O(n d) memory where `C` alone takes d^2.

use ndarray::{Array2, ArrayView2, Axis, s};

use crate::cut::Cut;
use crate::frame::Frame;
use crate::pixel::Pixel;
use crate::product::product;
use crate::spectrum::{Spectrum, orient, shrunk};
use crate::{Error, Solver};

/// Columns centred and converted to `f64` at a time.
const BLOCK_COLUMNS: usize = 2048;

/// Peak of bytes when at most `kept` directions are: the Gram matrix with its eigenvectors in the
/// solver; after that all and the kept eigenvectors, a block of columns, and the directions in
/// both precisions; where these are so many that the dense matrix is made, that as well.
pub(crate) fn bytes(samples: usize, features: usize, kept: usize, solver: Solver) -> u64 {
    let (n, d, k) = (samples as u64, features as u64, kept.min(samples) as u64);
    // Saturating: sizes come from outside.
    let vectors = n.saturating_mul(8).saturating_mul(n.saturating_add(k));
    let block = d.min(BLOCK_COLUMNS as u64).saturating_mul(8).saturating_mul(n);
    let directions = d.saturating_mul(12).saturating_mul(k);
    let matrix = match 2 * k >= d {
        true => d.saturating_mul(8).saturating_mul(d.saturating_add(k)),
        false => 0,
    };
    let after = [block, directions, matrix].into_iter().fold(vectors, u64::saturating_add);
    solver.bytes(samples).max(after)
}

/// Decomposes the n x n matrix of inner products, over n, between the coordinates of finite rows.
pub(crate) fn spectrum<T: Pixel>(
    rows: ArrayView2<'_, T>,
    frame: Frame,
    gram: Array2<f64>,
    cut: &Cut,
    shrinkage: f64,
    solver: Solver,
) -> Result<Spectrum, Error> {
    let (features, total) = (rows.ncols(), gram.diag().sum());
    let eigen = solver.eigen(gram)?;
    // More samples than values vary along no more directions than there are values.
    let rank = cut.rank(eigen.values.view(), total, false).min(features);
    let vectors = eigen.vectors.slice(s![.., ..rank]).as_standard_layout().into_owned();
    let eigenvalues = shrunk(eigen.values.slice(s![..rank]), shrinkage, total / features as f64);
    drop(eigen);

    let mut components = Array2::zeros((features, rank));
    let blocks = rows
        .axis_chunks_iter(Axis(1), BLOCK_COLUMNS)
        .zip(components.axis_chunks_iter_mut(Axis(0), BLOCK_COLUMNS));
    for (index, (rows, components)) in blocks.enumerate() {
        let z = frame.coordinates(rows, index * BLOCK_COLUMNS);
        product(z.t(), vectors.view(), components);
    }
    // To unit length: dividing by the length found is more exact than by sqrt(n lambda).
    orient(&mut components);
    Ok(Spectrum { frame, eigenvalues, components, total, shrinkage })
}
