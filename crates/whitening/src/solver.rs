use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{MatMut, MatRef, Par, diag::DiagMut};
use ndarray::{Array1, Array2, Axis, ShapeBuilder};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Which library finds the eigenvalues and eigenvectors of the covariance.
///
/// Both work in 64-bit arithmetic and agree to rounding; where eigenvalues coincide, the
/// eigenvectors are arbitrary, but the ZCA matrix is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Solver {
    /// [faer](https://docs.rs/faer): pure Rust, needs no system library, and gives the same bits
    /// for any number of rayon threads.
    #[default]
    Faer,
    /// LAPACK through [ndarray-linalg](https://docs.rs/ndarray-linalg) and the system's OpenBLAS.
    /// Only with the feature `lapack`. Whether bits depend on threads is for that library to say.
    #[cfg(feature = "lapack")]
    Lapack,
}

/// Side of a matrix that no machine holds (32 TiB), and beyond which sizes might overflow.
const LARGEST: usize = 1 << 21;

/// `A = vectors diag(values) vectors^T`, values in descending order, vectors as columns.
pub(crate) struct Eigen {
    pub(crate) values: Array1<f64>,
    pub(crate) vectors: Array2<f64>,
}

impl Solver {
    /// Decomposes a symmetric matrix with finite entries, reading its lower triangle alone.
    pub(crate) fn eigen(self, symmetric: Array2<f64>) -> Result<Eigen, Error> {
        let size = symmetric.nrows();
        let ascending = match self {
            Self::Faer => faer_eigen(&symmetric),
            #[cfg(feature = "lapack")]
            Self::Lapack => lapack_eigen(symmetric),
        };
        let Eigen { mut values, mut vectors } =
            ascending.map_err(|reason| Error::Solver { solver: self, size, reason })?;
        values.invert_axis(Axis(0));
        vectors.invert_axis(Axis(1));
        if values.iter().chain(&vectors).any(|x| !x.is_finite()) {
            let reason = "the result is not finite".to_owned();
            return Err(Error::Solver { solver: self, size, reason });
        }
        Ok(Eigen { values, vectors })
    }

    /// Bytes that `eigen` takes for a matrix of this side, the matrix itself included.
    pub(crate) fn bytes(self, size: usize) -> u64 {
        if size > LARGEST {
            return u64::MAX;
        }
        let matrix = 8 * size as u64 * size as u64;
        let workspace = match self {
            Self::Faer => faer_workspace(size).unaligned_bytes_required() as u64,
            // The blocked reduction takes a few dozen columns.
            #[cfg(feature = "lapack")]
            Self::Lapack => 8 * 64 * size as u64,
        };
        2 * matrix + workspace
    }
}

/// faer cuts the reduction to tridiagonal form into as many parts as it is told there are threads,
/// and sums them; a constant therefore keeps the result the same on any machine's pool. On two
/// threads eight parts are as fast as two, and 1.7 times as fast as one, at a size of 3072.
pub(crate) fn faer_parallelism() -> Par {
    Par::rayon(8)
}

fn faer_workspace(size: usize) -> StackReq {
    self_adjoint_evd_scratch::<f64>(
        size,
        ComputeEigenvectors::Yes,
        faer_parallelism(),
        Default::default(),
    )
}

fn faer_eigen(symmetric: &Array2<f64>) -> Result<Eigen, String> {
    let size = symmetric.nrows();
    let matrix = symmetric.as_standard_layout();
    let matrix = matrix.as_slice().ok_or("the matrix is not contiguous")?;
    let (mut values, mut vectors) = (vec![0.0; size], vec![0.0; size * size]);
    let mut workspace =
        MemBuffer::try_new(faer_workspace(size)).map_err(|_| "out of memory".to_owned())?;
    self_adjoint_evd(
        MatRef::from_row_major_slice(matrix, size, size),
        DiagMut::from_slice_mut(&mut values),
        Some(MatMut::from_column_major_slice_mut(&mut vectors, size, size)),
        faer_parallelism(),
        MemStack::new(&mut workspace),
        Default::default(),
    )
    .map_err(|error| format!("{error:?}"))?;
    let vectors = Array2::from_shape_vec((size, size).f(), vectors).map_err(|e| e.to_string())?;
    Ok(Eigen { values: Array1::from_vec(values), vectors })
}

#[cfg(feature = "lapack")]
fn lapack_eigen(symmetric: Array2<f64>) -> Result<Eigen, String> {
    use ndarray_linalg::{EighInto, UPLO};

    let (values, vectors) = symmetric.eigh_into(UPLO::Lower).map_err(|error| error.to_string())?;
    Ok(Eigen { values, vectors })
}
