use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// What a whitening is made of: the mean and the kept eigenvectors of the covariance.
pub(crate) struct Spectrum {
    /// What is subtracted: d values.
    pub(crate) mean: Array1<f64>,
    /// Variances along the kept directions, largest first: k values, all above zero.
    pub(crate) eigenvalues: Array1<f64>,
    /// The directions as columns, [oriented](orient): d x k, standard layout.
    pub(crate) components: Array2<f64>,
}

/// How many of the eigenvalues, given in descending order, are more than `tolerance` of the largest.
pub(crate) fn rank(eigenvalues: ArrayView1<'_, f64>, tolerance: f64) -> usize {
    let largest = eigenvalues.first().copied().unwrap_or(0.0).max(0.0);
    eigenvalues.iter().take_while(|&&lambda| lambda > tolerance * largest).count()
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

    use super::{orient, rank};

    #[test]
    fn rank_counts_what_exceeds_the_tolerance() {
        let eigenvalues = array![4.0, 1.0, 4e-10, -1e-12];
        assert_eq!(rank(eigenvalues.view(), 1e-10), 2);
        assert_eq!(rank(eigenvalues.view(), 0.0), 3);
        assert_eq!(rank(array![0.0, 0.0].view(), 0.0), 0);
        assert_eq!(rank(array![-1e-30, -1.0].view(), 0.5), 0);
    }

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
