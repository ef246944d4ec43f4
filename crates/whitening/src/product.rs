//! Matrix products whose every element is the same bits whatever the number of threads and
//! whatever other rows are computed beside it.
//!
//! Each element is summed over the inner dimension in an order that the sizes of `b` alone decide.
//! faer's gemm does so, at edges and in parallel too, but for a single row, which it multiplies as a
//! vector and which is computed as two here, and for small products, for which it has other code.
//! So where a product of two rows would be small, ndarray's gemm multiplies any number of them: its
//! micro-kernels all add in the same order.

use faer::linalg::matmul::{matmul, triangular};
use faer::traits::RealField;
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::linalg::general_mat_mul;
use ndarray::{
    Array2, ArrayView2, ArrayViewMut2, Axis, CowArray, Ix2, LinalgScalar, concatenate, s,
};
use rayon::prelude::*;

/// Elements of `b` up to which ndarray's gemm is taken: faer counts products of up to 16^3
/// multiplications as small.
const SMALL: usize = 16 * 16 * 16 / 2;

/// Rows that a thread takes at a time of a product by a small `b`.
const ROWS: usize = 256;

/// `f32` or `f64`.
pub(crate) trait Scalar: LinalgScalar + RealField {}

impl<T: LinalgScalar + RealField> Scalar for T {}

/// `out = a b`.
pub(crate) fn product<T: Scalar>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    out: ArrayViewMut2<'_, T>,
) {
    multiply(a, b, Accum::Replace, out);
}

/// `out += a b`.
pub(crate) fn add_product<T: Scalar>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    out: ArrayViewMut2<'_, T>,
) {
    multiply(a, b, Accum::Add, out);
}

fn multiply<T: Scalar>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    accumulate: Accum,
    mut out: ArrayViewMut2<'_, T>,
) {
    let (rows, columns) = out.dim();
    if b.len() <= SMALL || columns == 1 || b.nrows() == 1 {
        let beta = if accumulate == Accum::Add { T::one() } else { T::zero() };
        return out
            .axis_chunks_iter_mut(Axis(0), ROWS)
            .into_par_iter()
            .zip(a.axis_chunks_iter(Axis(0), ROWS))
            .for_each(|(mut out, a)| general_mat_mul(T::one(), &a, &b, beta, &mut out));
    }
    if rows != 1
        && let Some(values) = out.as_slice_mut()
    {
        let out = MatMut::from_row_major_slice_mut(values, rows, columns);
        let (a, b) = (dense(a), dense(b));
        return matmul(out, accumulate, matrix(&a), matrix(&b), T::one(), threads());
    }
    let twice = |rows: ArrayView2<'_, T>| match concatenate(Axis(0), &[rows, rows]) {
        Ok(rows) => rows,
        Err(_) => rows.to_owned(), // equally wide as they are
    };
    let mut whole = if rows == 1 { twice(out.view()) } else { out.to_owned() };
    match rows {
        1 => multiply(twice(a).view(), b, accumulate, whole.view_mut()),
        _ => multiply(a, b, accumulate, whole.view_mut()),
    }
    out.assign(&whole.slice(s![..rows, ..]));
}

/// `a a^T`, symmetric to the bit.
pub(crate) fn self_product(a: ArrayView2<'_, f64>) -> Array2<f64> {
    let size = a.nrows();
    let mut out = Array2::zeros((size, size));
    if let Some(values) = out.as_slice_mut() {
        let a = dense(a);
        triangular::matmul(
            MatMut::from_row_major_slice_mut(values, size, size),
            triangular::BlockStructure::TriangularLower,
            Accum::Replace,
            matrix(&a),
            triangular::BlockStructure::Rectangular,
            matrix(&a).transpose(),
            triangular::BlockStructure::Rectangular,
            1.0,
            threads(),
        );
    }
    for row in 0..size {
        let (mut left, right) = out.multi_slice_mut((s![row, row + 1..], s![row + 1.., row]));
        left.assign(&right);
    }
    out
}

/// All threads of the pool that this is called on; see above for why their number does not show.
fn threads() -> Par {
    Par::rayon(0)
}

/// The matrix with its rows, or its columns, one after the other; copied only where it is neither.
fn dense<T: Scalar>(matrix: ArrayView2<'_, T>) -> CowArray<'_, T, Ix2> {
    if matrix.is_standard_layout() || matrix.t().is_standard_layout() {
        return matrix.into();
    }
    matrix.to_owned().into()
}

/// A [`dense`] matrix as faer sees it.
fn matrix<'a, T: Scalar>(dense: &'a CowArray<'_, T, Ix2>) -> MatRef<'a, T> {
    let (rows, columns) = dense.dim();
    match dense.as_slice() {
        Some(values) => MatRef::from_row_major_slice(values, rows, columns),
        None => {
            let values = dense.as_slice_memory_order().unwrap_or_default();
            MatRef::from_column_major_slice(values, rows, columns)
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ArrayView2, Axis, s};
    use proptest::prelude::*;

    use super::{Scalar, add_product, product, self_product};

    fn noise<T: From<f32>>(rows: usize, columns: usize, seed: u32) -> Array2<T> {
        let mut state = seed;
        Array2::from_shape_simple_fn((rows, columns), || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0).into()
        })
    }

    fn of<T: Scalar>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Array2<T> {
        let mut out = Array2::zeros((a.nrows(), b.ncols()));
        product(a, b, out.view_mut());
        out
    }

    /// In blocks of `height` rows, by `threads`.
    fn in_blocks<T: Scalar>(
        a: ArrayView2<'_, T>,
        b: ArrayView2<'_, T>,
        height: usize,
        threads: usize,
    ) -> Array2<T> {
        let mut out = Array2::zeros((a.nrows(), b.ncols()));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            for (a, out) in
                a.axis_chunks_iter(Axis(0), height).zip(out.axis_chunks_iter_mut(Axis(0), height))
            {
                product(a, b, out);
            }
        });
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..Default::default() })]

        #[test]
        fn neither_blocks_of_rows_nor_threads_show(
            [rows, columns] in [1..70_usize, 1..90],
            inner in prop_oneof![1..90_usize, 500..1500_usize],
            height in 1..20_usize,
            threads in 1..4_usize,
            transposed: bool,
            seed: u32,
        ) {
            let a = noise::<f32>(rows, inner, seed);
            let b = match transposed {
                true => noise::<f32>(columns, inner, !seed).reversed_axes(),
                false => noise::<f32>(inner, columns, !seed),
            };
            let whole = of(a.view(), b.view());
            prop_assert_eq!(&whole, &in_blocks(a.view(), b.view(), height, threads));
            let (a, b) = (a.mapv(f64::from), b.mapv(f64::from));
            let exact = of(a.view(), b.view());
            prop_assert_eq!(&exact, &in_blocks(a.view(), b.view(), height, threads));
            for (&sum, &exact) in whole.iter().zip(&exact) {
                prop_assert!((f64::from(sum) - exact).abs() <= 1e-6 * inner as f64);
            }
            for (&sum, dot) in exact.iter().zip(a.dot(&b)) {
                prop_assert!((sum - dot).abs() <= 1e-14 * inner as f64);
            }
        }
    }

    #[test]
    fn many_values_are_summed_in_one_order_too() {
        let (a, b) = (noise::<f32>(300, 3072, 1), noise::<f32>(768, 3072, 2).reversed_axes());
        let whole = of(a.view(), b.view());
        for (height, threads) in [(1, 1), (7, 2), (33, 3), (128, 2), (299, 2)] {
            assert_eq!(whole, in_blocks(a.view(), b.view(), height, threads), "{height} {threads}");
        }
    }

    #[test]
    fn what_is_written_may_have_gaps_and_is_added_to() {
        let (a, b) = (noise::<f64>(5, 9, 1), noise::<f64>(9, 6, 2));
        let mut wide = Array2::ones((5, 8));
        add_product(a.view(), b.view(), wide.slice_mut(s![.., 1..7]));
        let mut row = Array2::ones((1, 6));
        add_product(a.slice(s![..1, ..]), b.view(), row.view_mut());
        let expected = a.dot(&b) + 1.0;
        assert!((&wide.slice(s![.., 1..7]) - &expected).iter().all(|x| x.abs() < 1e-14));
        assert!(wide.column(0).iter().chain(wide.column(7)).all(|&x| x == 1.0));
        assert!((&row - &expected.slice(s![..1, ..])).iter().all(|x| x.abs() < 1e-14));
    }

    #[test]
    fn a_product_with_itself_is_symmetric_to_the_bit() {
        let a = noise::<f64>(137, 61, 3);
        for a in [a.view(), a.t()] {
            let product = self_product(a);
            assert_eq!(product, product.t());
            assert!((&product - &a.dot(&a.t())).iter().all(|x| x.abs() < 1e-12));
        }
    }
}
