//! Agreement with numpy, whose figures `golden/make.py` wrote.

use mizumashi_stats::{
    Accumulator, BinnedHistogram, Covariance, Grouping, Histogram, IntegerCovariance,
    IntegerMoments, JointSummary, Layout, Moments, Statistics, centred_gram, centred_gram_u8, gram,
    gram_u8, quantiles,
};
use ndarray::{Array, Array1, Array2, Array4, ArrayView2, Axis, Dimension, aview1};
use serde_json::Value;

fn golden(name: &str) -> Value {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn figures(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(figures).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

/// The generator of `make.py`, in C order whatever the order of the array.
fn draw<T, D: Dimension>(
    seed: u32,
    shape: impl Into<ndarray::StrideShape<D>>,
    value: impl Fn(u32) -> T,
) -> Array<T, D> {
    let shape = shape.into();
    let mut state = seed;
    let values = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        value(state)
    });
    Array::from_shape_vec(shape.clone(), values.take(shape.size()).collect()).unwrap()
}

fn bytes<D: Dimension>(seed: u32, shape: impl Into<ndarray::StrideShape<D>>) -> Array<u8, D> {
    draw(seed, shape, |state| (state >> 24) as u8)
}

fn reals<D: Dimension>(
    seed: u32,
    centre: f32,
    shape: impl Into<ndarray::StrideShape<D>>,
) -> Array<f32, D> {
    let unit = |state: u32| (state >> 8) as f32 / 8_388_608.0;
    draw(seed, shape, |state| centre + (unit(state) - 1.0))
}

#[track_caller]
fn assert_close(found: &[f64], expected: &Value, tolerance: f64) {
    let expected = figures(expected);
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0_f64, |scale, figure| scale.max(figure.abs()));
    for (found, expected) in found.iter().zip(&expected) {
        let error = (found - expected).abs();
        assert!(error <= tolerance * scale, "{found} is not {expected}: off by {error:e}");
    }
}

fn assert_statistics<A: Accumulator>(batch: &Array4<A::Value>, expected: &Value, tolerance: f64) {
    let planar = batch.view().permuted_axes([0, 3, 1, 2]);
    let packed_planar = planar.as_standard_layout();
    let mut mirrored = batch.clone();
    mirrored.invert_axis(Axis(2));
    let mut backwards = mirrored.as_standard_layout().into_owned();
    backwards.invert_axis(Axis(2));

    for (grouping, name) in [
        (Grouping::Whole, "whole"),
        (Grouping::Channel, "channel"),
        (Grouping::Pixel, "pixel"),
        (Grouping::Sample, "sample"),
    ] {
        let expected = &expected[name];
        for (batch, layout) in [
            (batch.view(), Layout::Nhwc),
            (planar, Layout::Nchw),
            (packed_planar.view(), Layout::Nchw),
            (backwards.view(), Layout::Nhwc),
        ] {
            let statistics = Statistics::<A>::of(batch, layout, grouping).unwrap();
            assert_close(&statistics.mean(), &expected["mean"], 1e-14);
            assert_close(&statistics.variance(), &expected["variance"], tolerance);
            assert_close(&statistics.sample_variance(), &expected["sample_variance"], tolerance);
            assert_close(&statistics.std(), &expected["std"], tolerance);
            let of_groups = |figure: fn(&A) -> f64| -> Vec<f64> {
                statistics.groups().iter().map(figure).collect()
            };
            assert_close(&of_groups(A::min), &expected["min"], 0.0);
            assert_close(&of_groups(A::max), &expected["max"], 0.0);
        }
    }
}

#[test]
fn u8_statistics_agree_in_every_grouping_layout_and_stride() {
    let golden = golden("statistics");
    let batch = bytes(1, (7, 5, 4, 3));
    assert_statistics::<Histogram>(&batch, &golden["u8"], 1e-14);
    assert_statistics::<IntegerMoments>(&batch, &golden["u8"], 1e-14);
}

#[test]
fn variance_of_values_far_from_zero_agrees() {
    let batch = reals(2, 10_000.0, (7, 5, 4, 3));
    assert_statistics::<Moments>(&batch, &golden("statistics")["f32"], 1e-11);
}

#[test]
fn quantiles_are_those_of_numpy_to_the_bit() {
    let golden = golden("quantiles");
    let qs = figures(&golden["qs"]);

    let histogram = Histogram::of(bytes(1, (7, 5, 4, 3)).view());
    assert_eq!(histogram.quantiles(&qs).unwrap(), figures(&golden["u8"]));
    assert_eq!(histogram.median(), figures(&golden["u8"])[3]);

    let small = reals(3, 0.0, 999);
    assert_eq!(quantiles(small.view(), &qs).unwrap(), figures(&golden["f32"]));
    let spread: Array1<f32> =
        figures(&golden["spread"]).iter().map(|&value| value as f32).collect();
    assert_eq!(quantiles(spread.view(), &qs).unwrap(), figures(&golden["f32_spread"]));
}

#[test]
fn histogram_counts_are_those_of_bincount() {
    let histogram = Histogram::of(bytes(1, (7, 5, 4, 3)).view());
    let counts = histogram.counts().map(|count| count as f64);
    assert_eq!(counts.to_vec(), figures(&golden("quantiles")["counts_u8"]));
}

#[test]
fn binned_histograms_are_those_of_numpy_at_edges_too() {
    let golden = golden("quantiles");
    let edges: Vec<f32> = figures(&golden["edges"]).iter().map(|&edge| edge as f32).collect();
    let values = ndarray::concatenate![Axis(0), reals(3, 0.0, 999), aview1(&edges)];
    for expected in golden["binned"].as_array().unwrap() {
        let of = |key: &str| expected[key].as_f64().unwrap();
        let mut histogram =
            BinnedHistogram::new(of("low"), of("high"), of("bins") as usize).unwrap();
        histogram.update(values.view()).unwrap();
        assert_eq!(histogram.edges(), figures(&expected["edges"]));
        let counts: Vec<f64> = histogram.counts().iter().map(|&count| count as f64).collect();
        assert_eq!(counts, figures(&expected["counts"]));
        let outside = |is_outside: fn(f64, f64) -> bool, edge: &str| {
            values.iter().filter(|&&value| is_outside(value.into(), of(edge))).count() as u64
        };
        assert_eq!(histogram.underflow(), outside(|value, low| value < low, "low"));
        assert_eq!(histogram.overflow(), outside(|value, high| value > high, "high"));
        assert_eq!(histogram.count(), values.len() as u64);
    }
}

fn assert_joint(found: &impl JointSummary, expected: &Value, tolerance: f64) {
    let flat = |matrix: Array2<f64>| matrix.into_iter().collect::<Vec<_>>();
    let count = found.count() as f64;
    assert_close(&found.mean().to_vec(), &expected["mean"], 1e-14);
    assert_close(&flat(found.covariance()), &expected["covariance"], tolerance);
    assert_close(&flat(found.sample_covariance()), &expected["sample_covariance"], tolerance);
    assert_close(&flat(found.scatter() / count), &expected["covariance"], tolerance);
}

#[test]
fn covariance_is_that_of_numpy() {
    let golden = golden("covariance");

    let rows = bytes(7, (2100, 5));
    let mut covariance = IntegerCovariance::new(5);
    covariance.update(rows.view()).unwrap();
    assert_joint(&covariance, &golden["u8"], 1e-14);

    let rows = reals(8, 10_000.0, (1100, 5));
    let mut covariance = Covariance::new(5);
    covariance.update(rows.view()).unwrap();
    assert_joint(&covariance, &golden["f32"], 1e-12);
}

#[test]
fn gram_matrices_are_those_of_numpy() {
    let golden = golden("covariance");
    let flat = |matrix: Array2<f64>| matrix.into_iter().collect::<Vec<_>>();
    let column_means = |rows: ArrayView2<f64>| rows.mean_axis(Axis(0)).unwrap();
    let assert_means = |found: &Array1<f64>, expected: &Array1<f64>| {
        assert!((found - expected).iter().all(|error| error.abs() < 1e-12));
    };

    let rows = bytes(5, (6, 1100));
    assert_eq!(gram_u8(rows.view()).unwrap().mapv(|entry| entry as f64), {
        Array2::from_shape_vec((6, 6), figures(&golden["gram_u8"])).unwrap()
    });
    let (mean, centred) = centred_gram_u8(rows.view()).unwrap();
    assert_means(&mean, &column_means(rows.mapv(f64::from).view()));
    assert_close(&flat(centred), &golden["centred_gram_u8"], 1e-14);

    let rows = reals(6, 100.0, (6, 1100));
    assert_close(&flat(gram(rows.view()).unwrap()), &golden["gram"], 1e-14);
    let (mean, centred) = centred_gram(rows.view()).unwrap();
    assert_means(&mean, &column_means(rows.mapv(f64::from).view()));
    assert_close(&flat(centred), &golden["centred_gram"], 1e-13);
}
