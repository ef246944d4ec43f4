use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::frame::Frame;

/// What a whitening is made of: the frame, and the kept eigenvectors of the second moments in it.
pub(crate) struct Spectrum {
    pub(crate) frame: Frame,
    /// Variances along the kept directions, largest first: k values, all above zero.
    pub(crate) eigenvalues: Array1<f64>,
    /// The directions as columns, [oriented](orient): d x k, standard layout.
    pub(crate) components: Array2<f64>,
    /// The variance along all directions together, kept or not.
    pub(crate) total: f64,
    /// How far the covariance was drawn towards a multiple of the identity.
    pub(crate) shrinkage: f64,
}

/// Eigenvalues of `(1 - rho) C + rho mu I` from those of `C`.
pub(crate) fn shrunk(eigenvalues: ArrayView1<'_, f64>, rho: f64, mu: f64) -> Array1<f64> {
    match rho {
        0.0 => eigenvalues.to_owned(),
        _ => eigenvalues.mapv(|lambda| (1.0 - rho) * lambda.max(0.0) + rho * mu),
    }
}

/// Scales each column to unit length, with the sign that makes its entry of largest magnitude (the
/// first of them) positive.
pub(crate) fn orient(columns: &mut Array2<f64>) {
    let mut largest = Array1::<f64>::zeros(columns.ncols());
    for row in columns.rows() {
        largest.zip_mut_with(&row, |a, &b| *a = if b.abs() > a.abs() { b } else { *a });
    }
    let mut lengths = squared_lengths(columns.view());
    lengths.zip_mut_with(&largest, |length, &x| *length = length.sqrt().copysign(x));
    *columns /= &lengths;
}

/// Sums of squares of each column, row by row: the columns are far longer than many.
pub(crate) fn squared_lengths(columns: ArrayView2<'_, f64>) -> Array1<f64> {
    let mut sums = Array1::zeros(columns.ncols());
    for row in columns.rows() {
        sums.zip_mut_with(&row, |sum, &x| *sum += x * x);
    }
    sums
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::orient;

    #[test]
    fn columns_become_unit_vectors_of_settled_sign() {
        let mut columns = array![[3.0, 0.0, -3.0], [-4.0, -2.0, 3.0]];
        orient(&mut columns);
        let half = 0.5_f64.sqrt();
        assert!(
            (columns - array![[-0.6, 0.0, half], [0.8, 1.0, -half]])
                .iter()
                .all(|x| x.abs() < 1e-15)
        );
    }
}
