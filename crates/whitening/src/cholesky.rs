use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::Error;
use crate::qr::Qr;

/// The whitening by Cholesky's factor of the inverse covariance.
#[derive(Debug, Clone)]
pub(crate) struct Cholesky {
    /// `W`: upper triangular, its diagonal positive.
    pub(crate) matrix: Array2<f64>,
    /// The orthogonal `Q` of `W = Q diag(g) U^T`.
    pub(crate) rotation: Array2<f64>,
}

impl Cholesky {
    /// From all directions (d x d) and their gains.
    ///
    /// The triangle of the QR factors of `diag(g) U^T` is the factor of its square
    /// `U diag(g^2) U^T`, the inverse covariance, without forming that, which would square the
    /// condition number.
    pub(crate) fn new(
        components: ArrayView2<'_, f64>,
        gains: ArrayView1<'_, f64>,
    ) -> Result<Self, Error> {
        let (features, rank) = components.dim();
        if rank < features {
            return Err(Error::CholeskyRank { rank, features });
        }
        let Qr { q, mut r } = Qr::of((&components * &gains).t())?;
        let signs: Array1<f64> = r.diag().mapv(f64::signum);
        for (mut row, &sign) in r.rows_mut().into_iter().zip(&signs) {
            // Not by multiplication, which would make zeros negative.
            row.mapv_inplace(|x| if sign < 0.0 { 0.0 - x } else { x });
        }
        Ok(Self { matrix: r, rotation: (q * &signs).reversed_axes() })
    }
}
