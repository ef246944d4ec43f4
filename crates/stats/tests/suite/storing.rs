//! States stored by serde: how they read, that streams go on, and damaged data refused.

use std::fmt::Debug;

use mizumashi_stats::{
    BinnedHistogram, Covariance, Grouping, Histogram, IntegerCovariance, IntegerMoments, Layout,
    Moments, Statistics,
};
use ndarray::{Array2, Array4, array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Storing `value` with one field replaced must not read back.
#[track_caller]
fn assert_refused<T: Serialize + DeserializeOwned + Debug>(value: &T, field: &str, damage: Value) {
    let mut stored = serde_json::to_value(value).unwrap();
    assert!(stored.get(field).is_some(), "no field {field} in {stored}");
    stored[field] = damage;
    assert!(serde_json::from_value::<T>(stored.clone()).is_err(), "{stored}");
}

fn images() -> Array4<u8> {
    Array4::from_shape_fn((3, 2, 2, 3), |(n, y, x, c)| (100 * n + 30 * y + 10 * x + c) as u8)
}

fn rows() -> Array2<f32> {
    Array2::from_shape_fn((700, 3), |(row, column)| ((row * 17 + column * 5) % 23) as f32 / 7.0)
}

fn covariance() -> Covariance {
    let mut covariance = Covariance::new(3);
    covariance.update(rows().view()).unwrap();
    covariance
}

fn integer_covariance() -> IntegerCovariance {
    let mut covariance = IntegerCovariance::new(3);
    covariance.update(rows().mapv(|value| value as u8).view()).unwrap();
    covariance
}

fn binned() -> BinnedHistogram {
    let mut histogram = BinnedHistogram::new(0.1, 2.0, 5).unwrap();
    histogram.update(rows().view()).unwrap();
    histogram
}

#[test]
fn a_stored_stream_goes_on_as_if_it_had_not_stopped() {
    let rows = rows();
    let (head, tail) = rows.view().split_at(ndarray::Axis(0), 600);
    let mut stopped = Covariance::new(3);
    stopped.update(head).unwrap();
    let json = serde_json::to_string(&stopped).unwrap();
    let mut resumed: Covariance = serde_json::from_str(&json).unwrap();
    resumed.update(tail).unwrap();
    assert_eq!(resumed, covariance());
}

#[test]
fn names_are_stored_in_snake_case() {
    assert_eq!(serde_json::to_value(Layout::Nchw).unwrap(), json!("nchw"));
    assert_eq!(serde_json::to_value(Grouping::Pixel).unwrap(), json!("pixel"));
}

#[test]
fn damaged_moments_are_refused() {
    let moments = Moments::of(&[1.0, 2.0, 4.0]);
    assert_refused(&moments, "count", json!(0));
    assert_refused(&moments, "count", json!(1_u64 << 60));
    assert_refused(&moments, "mean", json!(9.0));
    assert_refused(&moments, "scatter", json!(-1.0));
    assert_refused(&moments, "min", json!(5.0));
    assert_refused(&moments, "max", Value::Null);

    let moments = IntegerMoments::of(&[1, 2, 4]);
    assert_refused(&moments, "count", json!(0));
    assert_refused(&moments, "count", json!(1_u64 << 60));
    assert_refused(&moments, "sum", json!(13));
    assert_refused(&moments, "sum_of_squares", json!(16));
    assert_refused(&moments, "sum_of_squares", json!(49));
    assert_refused(&moments, "min", json!(3));
}

#[test]
fn damaged_histograms_are_refused() {
    assert!(serde_json::from_value::<Histogram>(json!(vec![0; 255])).is_err());
    assert!(serde_json::from_value::<Histogram>(json!(vec![u64::MAX; 256])).is_err());

    assert_refused(&binned(), "low", json!(2.0));
    assert_refused(&binned(), "counts", json!([]));
    assert_refused(&binned(), "overflow", json!(u64::MAX));
}

#[test]
fn damaged_statistics_are_refused() {
    let of = |grouping| {
        Statistics::<IntegerMoments>::of(images().view(), Layout::Nhwc, grouping).unwrap()
    };
    let group = json!(IntegerMoments::of(&[1; 12]));
    for grouping in [Grouping::Whole, Grouping::Channel, Grouping::Pixel, Grouping::Sample] {
        assert_refused(&of(grouping), "groups", json!([group, group]));
        assert_refused(&of(grouping), "samples", json!(0));
        assert_refused(&of(grouping), "samples", json!(4));
        assert_refused(&of(grouping), "samples", json!(1_u64 << 60));
    }
    assert_refused(&of(Grouping::Channel), "image_shape", json!([2, 2, 2]));
    assert_refused(&of(Grouping::Channel), "image_shape", json!([2, 3, 3]));
    assert_refused(&of(Grouping::Pixel), "image_shape", Value::Null);
    assert_refused(&of(Grouping::Whole), "image_shape", json!([usize::MAX, 2, 3]));
}

#[test]
fn damaged_covariances_are_refused() {
    assert_refused(&covariance(), "count", json!(0));
    assert_refused(&covariance(), "count", json!(1_u64 << 60));
    assert_refused(&covariance(), "dims", json!(2));
    assert_refused(&covariance(), "mean", json!([1.0, 2.0]));
    assert_refused(&covariance(), "mean", json!([1.0, 2.0, Value::Null]));
    assert_refused(&covariance(), "scatter", json!([1.0]));
    assert_refused(&covariance(), "scatter", json!([1.0, 0.0, 0.0, -1.0, 0.0, 1.0]));
    assert_refused(&covariance(), "pending", json!([1.0]));
    assert_refused(&covariance(), "pending", json!(vec![0.0; 3 * 512]));

    assert_refused(&integer_covariance(), "count", json!(0));
    assert_refused(&integer_covariance(), "count", json!(1_u64 << 60));
    assert_refused(&integer_covariance(), "dims", json!(usize::MAX));
    assert_refused(&integer_covariance(), "sums", json!([0, 0]));
    assert_refused(&integer_covariance(), "sums", json!([i64::MIN, 0, 0]));
    assert_refused(&integer_covariance(), "products", json!([1]));
    assert_refused(&integer_covariance(), "products", json!([i64::MAX, 0, 0, 1, 0, 1]));
    let mut stored = serde_json::to_value(integer_covariance()).unwrap();
    stored["products"][1] = json!(1_i64 << 40);
    assert!(serde_json::from_value::<IntegerCovariance>(stored).is_err());
}

#[test]
fn a_small_state_reads_as_documented() {
    let mut covariance = IntegerCovariance::new(2);
    covariance.update(array![[128, 129], [130, 127]].view()).unwrap();
    let stored = json!({"dims": 2, "count": 2, "sums": [2, 0], "products": [4, -2, 2]});
    assert_eq!(serde_json::to_value(covariance).unwrap(), stored);
}
