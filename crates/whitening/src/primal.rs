use ndarray::{Array2, s};

use crate::cut::Cut;
use crate::frame::Frame;
use crate::spectrum::{Spectrum, orient, shrunk};
use crate::{Error, Solver, WhiteningKind};

/// Peak of bytes: the covariance with its eigenvectors in the solver; before that the state which
/// the covariance is read from, and a copy of it; after that the dense matrix in both precisions,
/// or the factors of Cholesky's with what they are found from.
pub(crate) fn bytes(features: usize, kind: WhiteningKind, solver: Solver) -> u64 {
    let d = features as u64;
    let per_entry = if kind == WhiteningKind::Cholesky { 44 } else { 28 };
    solver.bytes(features).max(d.saturating_mul(d).saturating_mul(per_entry))
}

/// Decomposes the d x d second moments of the coordinates in the frame.
pub(crate) fn spectrum(
    frame: Frame,
    second: Array2<f64>,
    cut: &Cut,
    shrinkage: f64,
    solver: Solver,
) -> Result<Spectrum, Error> {
    let (features, total) = (second.nrows(), second.diag().sum());
    let eigen = solver.eigen(second)?;
    // A shrunk covariance has full rank, unless nothing varies at all.
    let rank = cut.rank(eigen.values.view(), total, shrinkage * total > 0.0);
    let mut components = eigen.vectors.slice(s![.., ..rank]).as_standard_layout().into_owned();
    orient(&mut components);
    let eigenvalues = shrunk(eigen.values.slice(s![..rank]), shrinkage, total / features as f64);
    Ok(Spectrum { frame, eigenvalues, components, total, shrinkage })
}
