//! The leading eigenvectors of a covariance from products of the samples with thin matrices
//! (Halko, Martinsson and Tropp, 2011).
//!
//! Let the n rows of `Z` be the centred samples. From a random orthonormal block `Q` (n x l), with
//! l somewhat larger than the k wanted, subspace iteration repeats `Y = Z^T Q` and `Q = orth(Z Y)`.
//! The eigenvectors of the small `Y^T Y / n` (l x l) turn `Y` into estimates of those of the
//! covariance; they are good when its eigenvalues (Ritz values) no longer move. Neither a d x d nor
//! an n x n matrix is formed: memory is O((n + d) k).

use ndarray::{Array1, Array2, ArrayView2, s};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::cut::Cut;
use crate::frame::{Frame, tile_bytes};
use crate::pixel::Pixel;
use crate::product::{product, self_product};
use crate::qr::Qr;
use crate::solver::Eigen;
use crate::spectrum::{Spectrum, orient, shrunk};
use crate::{Error, Solver};

/// By how much of the largest a Ritz value may still move at the end.
const SETTLED: f64 = 1e-9;

/// Iterations after which the directions are taken as they are.
const ITERATIONS: usize = 40;

/// Key of the random block. It is a constant: the same data give the same bits.
const KEY: u64 = 0x6D69_7A75_6D61_7368;

/// Columns of the block for k directions.
pub(crate) fn block(samples: usize, features: usize, directions: usize) -> usize {
    let oversampled = directions.saturating_add(10 + directions / 4);
    oversampled.min(samples).min(features)
}

/// Peak of bytes: a block on either side with its factors, a tile of samples, the directions in
/// both precisions.
pub(crate) fn bytes(samples: usize, features: usize, directions: usize) -> u64 {
    let l = block(samples, features, directions) as u64;
    let (n, d, k) = (samples as u64, features as u64, l.min(directions as u64));
    let rows = n.saturating_mul(32).saturating_mul(l);
    let columns = d.saturating_mul(8 * l + 12 * k + 40);
    rows.saturating_add(columns).saturating_add(tile_bytes(n, d)).saturating_add(32 * l * l)
}

/// Estimates at most `directions` leading eigenvectors for finite rows of total variance `total`.
pub(crate) fn spectrum<T: Pixel>(
    rows: ArrayView2<'_, T>,
    frame: Frame,
    total: f64,
    directions: usize,
    cut: &Cut,
    shrinkage: f64,
    solver: Solver,
) -> Result<Spectrum, Error> {
    let (samples, features) = rows.dim();
    let width = block(samples, features, directions);
    let mut random = ChaCha8Rng::seed_from_u64(KEY);
    let signs = Array2::from_shape_simple_fn((samples, width), || {
        if random.random::<bool>() { 1.0 } else { -1.0 }
    });
    let mut q = Qr::of(signs.view())?.q;
    let mut before = Array1::zeros(width);
    let mut iteration = 0;
    let (y, Eigen { values, vectors }) = loop {
        let y = frame.multiply_transposed(rows, q.view());
        let ritz = solver.eigen(self_product(y.t()) / samples as f64)?;
        let wanted = s![..directions.min(width)];
        let moved = (&ritz.values - &before)
            .slice(wanted)
            .iter()
            .fold(0.0_f64, |worst, x| worst.max(x.abs()));
        iteration += 1;
        if moved <= SETTLED * ritz.values[0].abs() || iteration == ITERATIONS {
            break (y, ritz);
        }
        before = ritz.values;
        q = Qr::of(frame.multiply(rows, y.view()).view())?.q;
    };
    let rank = cut.rank(values.view(), total, false);
    let vectors = vectors.slice(s![.., ..rank]).as_standard_layout().into_owned();
    let mut components = Array2::zeros((features, rank));
    product(y.view(), vectors.view(), components.view_mut());
    drop(y);
    orient(&mut components);
    let eigenvalues = shrunk(values.slice(s![..rank]), shrinkage, total / features as f64);
    Ok(Spectrum { frame, eigenvalues, components, total, shrinkage })
}
