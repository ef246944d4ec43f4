use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply_householder,
};
use faer::linalg::qr::no_pivoting::factor::{
    qr_in_place, qr_in_place_scratch, recommended_block_size,
};
use faer::{Conj, Mat};
use ndarray::{Array2, ArrayView2};

use crate::Error;
use crate::solver::{Solver, faer_parallelism};

/// `A = Q R` with orthonormal columns in `Q` (m x min(m, n)) and an upper triangular `R`
/// (min(m, n) x n), by Householder's reflections.
pub(crate) struct Qr {
    pub(crate) q: Array2<f64>,
    pub(crate) r: Array2<f64>,
}

impl Qr {
    pub(crate) fn of(a: ArrayView2<'_, f64>) -> Result<Self, Error> {
        let (m, n) = a.dim();
        let size = m.min(n);
        if size == 0 {
            return Ok(Self { q: Array2::zeros((m, 0)), r: Array2::zeros((0, n)) });
        }
        let memory = |request| {
            MemBuffer::try_new(request).map_err(|_| Error::Solver {
                solver: Solver::Faer,
                size: m.max(n),
                reason: "out of memory".to_owned(),
            })
        };
        let parallelism = faer_parallelism();
        let block = recommended_block_size::<f64>(m, n);
        let mut factors = Mat::from_fn(m, n, |i, j| a[[i, j]]);
        let mut coefficients = Mat::zeros(block, size);
        let request = qr_in_place_scratch::<f64>(m, n, block, parallelism, Default::default());
        qr_in_place(
            factors.as_mut(),
            coefficients.as_mut(),
            parallelism,
            MemStack::new(&mut memory(request)?),
            Default::default(),
        );
        let r =
            Array2::from_shape_fn((size, n), |(i, j)| if i <= j { factors[(i, j)] } else { 0.0 });
        let mut q = Mat::identity(m, size);
        apply_householder(
            factors.get(.., ..size),
            coefficients.as_ref(),
            Conj::No,
            q.as_mut(),
            parallelism,
            MemStack::new(&mut memory(apply_scratch::<f64>(m, block, size))?),
        );
        Ok(Self { q: Array2::from_shape_fn((m, size), |(i, j)| q[(i, j)]), r })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::Qr;

    #[test]
    fn factors_of_tall_wide_and_singular_matrices_multiply_to_them() {
        let tall = array![[3.0, 1.0], [4.0, -2.0], [0.0, 5.0]];
        let singular = array![[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 0.0, 1.0]];
        for a in [tall.clone(), tall.reversed_axes(), singular, Array2::zeros((4, 2))] {
            let Qr { q, r } = Qr::of(a.view()).unwrap();
            assert!((q.dot(&r) - &a).iter().all(|x| x.abs() < 1e-14));
            let inner = q.t().dot(&q) - Array2::<f64>::eye(q.ncols());
            assert!(inner.iter().all(|x| x.abs() < 1e-14));
        }
    }
}
