//! What holds for the covariance and Gram matrix of any rows: merging, splits, threads, tiles.

use crate::streams::{batches, on_threads};
use mizumashi_stats::{
    Covariance, IntegerCovariance, JointSummary, centred_gram, centred_gram_u8, gram, gram_u8,
};
use ndarray::{Array2, ArrayView2, Axis, s};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn rows(count: impl Strategy<Value = usize>) -> impl Strategy<Value = Array2<u8>> {
    (count, 1..5_usize).prop_flat_map(|(n, d)| {
        vec(any::<u8>(), n * d)
            .prop_map(move |values| Array2::from_shape_vec((n, d), values).unwrap())
    })
}

/// Up to four blocks of 512 rows, whole ones and others, far from zero; and where to cut them.
fn blocks_and_cuts() -> impl Strategy<Value = (Array2<f32>, Vec<usize>)> {
    let counts = prop_oneof![4 => 1..1800_usize, 1 => Just(512), 1 => Just(1024)];
    let cuts = vec(prop_oneof![0..1800_usize, select(vec![511, 512, 1024])], 0..4);
    (rows(counts), cuts).prop_map(|(rows, mut cuts)| {
        cuts.retain(|&cut| cut < rows.nrows());
        (rows.mapv(|value| f32::from(value) / 3.0 + 1000.0), cuts)
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
    fn integer_covariance_merges_exactly(rows in rows(1..200_usize), cut: Index) {
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
    fn either_covariance_agrees_with_the_definition(rows in rows(1..1200_usize)) {
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

    #[test]
    fn neither_updates_nor_strides_show_in_a_covariance((rows, cuts) in blocks_and_cuts()) {
        let once = covariance_of(rows.view(), &[]);
        prop_assert_eq!(&covariance_of(rows.view(), &cuts), &once);
        let transposed = rows.t().as_standard_layout().into_owned();
        for cuts in [&cuts[..], &[]] {
            prop_assert_eq!(&covariance_of(transposed.t(), cuts), &once);
        }
    }

    #[test]
    fn covariances_merged_in_any_order_equal_one_pass_up_to_rounding(
        (rows, cuts) in blocks_and_cuts(),
    ) {
        let empty = Covariance::new(rows.ncols());
        let merged = |parts: &[Covariance]| {
            let mut all = empty.clone();
            parts.iter().for_each(|part| all.merge(part).unwrap());
            all
        };
        let mut parts: Vec<_> = batches(rows.nrows(), &cuts)
            .into_iter()
            .map(|batch| covariance_of(rows.slice(s![batch, ..]), &[]))
            .collect();
        for part in &parts {
            prop_assert_eq!(&merged(&[part.clone(), empty.clone()]), part);
        }
        let forward = merged(&parts);
        let pairs: Vec<_> = parts.chunks(2).map(merged).collect();
        parts.reverse();

        let once = covariance_of(rows.view(), &[]);
        let (mean, scatter) = (once.mean(), once.scatter());
        for found in [forward, merged(&pairs), merged(&parts)] {
            prop_assert_eq!(found.count(), once.count());
            // Sums of such `f32` are exact in `f64`: a mean is off by a division and a few merges.
            prop_assert!((found.mean() - &mean).iter().all(|error| error.abs() <= 1e-14 * 1085.0));
            // An entry sums up to 1800 products, at most the trace: each adds a rounding, 1.1e-16.
            let error = (found.scatter() - &scatter).mapv(f64::abs);
            prop_assert!(error.iter().all(|&error| error <= 1e-12 * scatter.diag().sum()));
        }
    }

    /// Of few rows, for the sake of time, and of more columns than the 512 multiplied at once.
    #[test]
    fn gram_matrices_agree_with_the_definition_whatever_the_strides(
        columns in rows(1..1200_usize),
        row_by_row: bool,
        step in select(vec![1, -1, 2, -3]),
    ) {
        fn wide<T>(columns: &Array2<T>, step: isize) -> ArrayView2<'_, T> {
            columns.slice(s![..;step, ..]).reversed_axes()
        }
        let columns = match row_by_row {
            true => columns.t().as_standard_layout().into_owned().reversed_axes(),
            false => columns,
        };
        let (single, double) = (columns.mapv(f32::from), columns.mapv(f64::from));
        let rows = wide(&columns, step);
        let [single, double] = [
            (gram(wide(&single, step)).unwrap(), centred_gram(wide(&single, step)).unwrap()),
            (gram(wide(&double, step)).unwrap(), centred_gram(wide(&double, step)).unwrap()),
        ];
        prop_assert_eq!(&single, &double);

        let whole = rows.mapv(i64::from);
        let products = whole.dot(&whole.t());
        prop_assert_eq!(&gram_u8(rows).unwrap(), &products);
        // Whole numbers stay whole in `f64`.
        prop_assert_eq!(single.0, products.mapv(|entry| entry as f64));

        // Times the number of rows, deviations from the mean are whole as well.
        let count = rows.nrows() as i64;
        let sums = whole.sum_axis(Axis(0));
        let mean = sums.mapv(|sum| sum as f64 / count as f64);
        let deviations = &whole * count - &sums;
        let products = deviations.dot(&deviations.t());
        let centred = products.mapv(|entry| entry as f64 / (count * count) as f64);
        prop_assert_eq!(centred_gram_u8(rows).unwrap(), (mean.clone(), centred.clone()));
        let (found_mean, found) = single.1;
        prop_assert_eq!(found_mean, mean);
        // Up to 1200 products and their sums are rounded, and a mean by 255 * 1.1e-16 where no
        // deviation but 0 is below a quarter: together by less than 5e-13 of the trace.
        let error = (found - &centred).mapv(f64::abs);
        prop_assert!(error.iter().all(|&error| error <= 5e-13 * centred.diag().sum()));
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
