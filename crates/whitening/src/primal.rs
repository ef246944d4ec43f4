use ndarray::{Array1, Array2, Axis, s};

use crate::spectrum::{Spectrum, orient, rank};
use crate::{Centring, Error, Solver};

/// Peak of bytes: the covariance with its eigenvectors in the solver; before that the state which
/// the covariance is read from, and a copy of it; after that the dense matrix in both precisions.
pub(crate) fn bytes(features: usize, solver: Solver) -> u64 {
    let d = features as u64;
    solver.bytes(features).max(d.saturating_mul(d).saturating_mul(28))
}

/// Decomposes the d x d covariance.
pub(crate) fn spectrum(
    mut mean: Array1<f64>,
    mut covariance: Array2<f64>,
    centring: Centring,
    tolerance: f64,
    solver: Solver,
) -> Result<Spectrum, Error> {
    let fits = covariance.dim() == (mean.len(), mean.len());
    if !fits || mean.iter().chain(&covariance).any(|x| !x.is_finite()) {
        return Err(Error::Moments { mean: mean.len(), covariance: covariance.dim().into() });
    }
    if centring == Centring::None {
        // Second moments about the origin: C + m m^T.
        for (mut row, &of_row) in covariance.axis_iter_mut(Axis(0)).zip(&mean) {
            row.scaled_add(of_row, &mean);
        }
        mean.fill(0.0);
    }
    let eigen = solver.eigen(covariance)?;
    let rank = rank(eigen.values.view(), tolerance);
    let mut components = eigen.vectors.slice(s![.., ..rank]).as_standard_layout().into_owned();
    orient(&mut components);
    Ok(Spectrum { mean, eigenvalues: eigen.values.slice(s![..rank]).to_owned(), components })
}
