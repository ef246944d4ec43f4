//! What holds for the covariance and Gram matrix of any rows: merging, splits, threads, tiles.

use crate::streams::{batches, on_threads};
use mizumashi_stats::{
    Covariance, IntegerCovariance, JointSummary, centred_gram, centred_gram_u8, gram_u8,
};
use ndarray::{Array2, ArrayView2, Axis, s};
use proptest::collection::vec;
use proptest::prelude::*;

fn rows(longest: usize) -> impl Strategy<Value = Array2<u8>> {
    (1..longest, 1..5_usize).prop_flat_map(|(n, d)| {
        vec(any::<u8>(), n * d)
            .prop_map(move |values| Array2::from_shape_vec((n, d), values).unwrap())
    })
}

fn covariance_of(rows: ArrayView2<'_, f32>, cuts: &[usize]) -> Covariance {
    let mut covariance = Covariance::new(rows.ncols());
    for batch in batches(rows.nrows(), cuts) {
        covariance.update(rows.slice(s![batch, ..])).unwrap();
    }
    covariance
}

fn integer_covariance_of(rows: ArrayView2<'_, u8>) -> IntegerCovariance {
    let mut covariance = IntegerCovariance::new(rows.ncols());
    covariance.update(rows).unwrap();
    covariance
}

/// Every block size in play is crossed: 512 and 1024 rows, 256 columns.
fn many_rows() -> Array2<u8> {
    Array2::from_shape_fn((1500, 300), |(row, column)| {
        ((row * row * 31 + row * column * 7 + column * 13) % 251) as u8
    })
}

proptest! {
    #[test]
    fn integer_covariance_merges_exactly(rows in rows(200), cut in any::<prop::sample::Index>()) {
        let (left, right) = rows.view().split_at(Axis(0), cut.index(rows.nrows()));
        let mut parts = IntegerCovariance::new(rows.ncols());
        let mut merged = parts.clone();
        for part in [right, left].into_iter().filter(|part| part.nrows() > 0) {
            parts.update(part).unwrap();
            merged.merge(&integer_covariance_of(part)).unwrap();
        }
        prop_assert_eq!(&parts, &integer_covariance_of(rows.view()));
        prop_assert_eq!(merged, parts);
    }

    #[test]
    fn either_covariance_agrees_with_the_definition(rows in rows(1200)) {
        let real = rows.mapv(f64::from);
        let mean = real.mean_axis(Axis(0)).unwrap();
        let centred = &real - &mean;
        let scatter = centred.t().dot(&centred);
        let real = real.mapv(|value| value as f32);
        let of_real: &dyn JointSummary = &covariance_of(real.view(), &[]);
        for found in [of_real, &integer_covariance_of(rows.view())] {
            prop_assert_eq!(found.count(), rows.nrows() as u64);
            prop_assert_eq!(found.dims(), rows.ncols());
            let error = (found.scatter() - &scatter).mapv(f64::abs);
            prop_assert!(error.iter().all(|&error| error <= 1e-12 * scatter.diag().sum()));
            prop_assert!((found.mean() - &mean).iter().all(|error| error.abs() <= 1e-12 * 255.0));
        }
    }
}

#[test]
fn splitting_rows_into_updates_never_shows() {
    let rows = many_rows().mapv(|value| f32::from(value) / 3.0 + 1000.0);
    let once = covariance_of(rows.view(), &[]);
    for cuts in [vec![1, 2, 3], vec![511, 513, 1024], (0..1500).step_by(97).collect()] {
        assert_eq!(covariance_of(rows.view(), &cuts), once);
    }
    let transposed = rows.t().as_standard_layout().into_owned();
    assert_eq!(covariance_of(transposed.t(), &[700]), once);
}

#[test]
fn merging_covariances_equals_one_pass_up_to_rounding() {
    let rows = many_rows().mapv(|value| f32::from(value) / 3.0 + 1000.0);
    let once = covariance_of(rows.view(), &[]).covariance();
    for cut in [0, 100, 700, 1024, 1500] {
        let (left, right) = rows.view().split_at(Axis(0), cut);
        let [mut merged, right] = [left, right].map(|rows| match rows.nrows() {
            0 => Covariance::new(rows.ncols()),
            _ => covariance_of(rows, &[]),
        });
        merged.merge(&right).unwrap();
        assert_eq!(merged.count(), 1500);
        let error = (merged.covariance() - &once).mapv(f64::abs);
        assert!(error.iter().all(|&error| error <= 1e-12 * once.diag().sum()));
    }
}

#[test]
fn large_covariances_are_symmetric_and_agree_across_tiles() {
    let rows = many_rows();
    let exact = integer_covariance_of(rows.view());
    let real = covariance_of(rows.mapv(f32::from).view(), &[]);
    for (row, column) in [(0, 0), (0, 299), (10, 260), (255, 256), (299, 298), (290, 3)] {
        let sum = |term: fn(i64, i64) -> i64| -> i64 {
            let columns = rows.column(row).into_iter().zip(rows.column(column));
            columns.map(|(&left, &right)| term(left.into(), right.into())).sum()
        };
        let numerator = 1500 * sum(|x, y| x * y) - sum(|x, _| x) * sum(|_, y| y);
        let expected = numerator as f64 / (1500.0 * 1500.0);
        assert_eq!(exact.covariance()[[row, column]], expected);
        assert!((real.covariance()[[row, column]] - expected).abs() < 1e-9);
    }
    assert_eq!(exact.covariance(), exact.covariance().t());
    assert_eq!(real.covariance(), real.covariance().t());
}

#[test]
fn gram_matrices_are_exact_across_tiles_and_dual_to_the_scatter() {
    let rows = many_rows();
    let rows = rows.slice(s![..270, ..]);
    let gram = gram_u8(rows).unwrap();
    let wide = rows.mapv(i64::from);
    assert_eq!(gram, wide.dot(&wide.t()));

    let (mean, exact) = centred_gram_u8(rows).unwrap();
    let (real_mean, real) = centred_gram(rows.mapv(f32::from).view()).unwrap();
    let primal = integer_covariance_of(rows);
    assert_eq!(mean, primal.mean());
    assert_eq!(real_mean, primal.mean());
    assert!((&real - &exact).iter().all(|error| error.abs() < 1e-6));
    assert!((exact.diag().sum() / primal.scatter().diag().sum() - 1.0).abs() < 1e-13);
}

#[test]
fn products_stay_exact_where_one_sum_in_f32_would_round() {
    // Far from 128, so that the sums soon pass 2^24, and odd.
    let rows = Array2::from_shape_fn((5000, 2), |(row, column)| u8::from((row + column) % 3 == 0));
    let wide = rows.mapv(i64::from);
    assert_eq!(gram_u8(rows.t()).unwrap(), wide.t().dot(&wide));
}

#[test]
fn the_number_of_threads_never_shows() {
    let figures = || {
        let rows = many_rows();
        let real = rows.mapv(|value| f32::from(value).sqrt());
        (
            covariance_of(real.view(), &[700]).covariance(),
            centred_gram(real.slice(s![..300, ..])).unwrap(),
            integer_covariance_of(rows.view()),
        )
    };
    let once = on_threads(1, figures);
    assert!(on_threads(2, figures) == once);
    assert!(on_threads(7, figures) == once);
}

#[test]
fn figures_of_no_rows_are_nan_and_so_is_the_sample_covariance_of_one() {
    let mut one_row = Covariance::new(2);
    let mut one_u8_row = IntegerCovariance::new(2);
    for empty in [&one_row as &dyn JointSummary, &one_u8_row] {
        assert!(empty.mean().iter().chain(&empty.covariance()).all(|figure| figure.is_nan()));
    }
    one_row.update(ndarray::array![[1.0_f32, 2.0]].view()).unwrap();
    one_u8_row.update(ndarray::array![[1, 2]].view()).unwrap();
    for one in [&one_row as &dyn JointSummary, &one_u8_row] {
        assert_eq!(one.covariance(), Array2::<f64>::zeros((2, 2)));
        assert!(one.sample_covariance().iter().all(|figure| figure.is_nan()));
    }
}
