//! Bad input: each error is met, says what to mend, and leaves the state as it was.

use mizumashi_stats::{
    BinnedHistogram, Covariance, Error, Grouping, Histogram, IntegerCovariance, JointSummary,
    Layout, Moments, Statistics, centred_gram, centred_gram_u8, gram, gram_u8, quantiles,
};
use ndarray::{Array1, Array2, Array4, array};

#[test]
fn empty_arrays_are_refused() {
    let shape = vec![0, 2, 2, 3];
    let batch = Array4::<u8>::zeros((0, 2, 2, 3));
    assert_eq!(
        Statistics::<Histogram>::of(batch.view(), Layout::Nhwc, Grouping::Whole),
        Err(Error::Empty { shape })
    );
    let none = Array2::<f32>::zeros((0, 2));
    let none_u8 = Array2::<u8>::zeros((0, 2));
    let empty = Error::Empty { shape: vec![0, 2] };
    assert_eq!(Covariance::new(2).update(none.view()), Err(empty.clone()));
    assert_eq!(IntegerCovariance::new(2).update(none_u8.view()), Err(empty.clone()));
    assert_eq!(gram(none.view()), Err(empty.clone()));
    assert_eq!(centred_gram(none.view()), Err(empty.clone()));
    assert_eq!(gram_u8(none_u8.view()), Err(empty.clone()));
    assert_eq!(centred_gram_u8(none_u8.view()), Err(empty.clone()));
    assert_eq!(quantiles(none.view(), &[0.5]), Err(empty));
    assert_eq!(Histogram::default().quantile(0.5), Err(Error::NoValues));
}

#[test]
fn a_pixel_that_is_not_finite_is_named() {
    for layout in [Layout::Nhwc, Layout::Nchw] {
        for grouping in [Grouping::Whole, Grouping::Channel, Grouping::Pixel, Grouping::Sample] {
            let mut batch = Array4::zeros((3, 4, 5, 3));
            let mut statistics =
                Statistics::<Moments>::of(batch.view(), Layout::Nhwc, grouping).unwrap();
            let before = statistics.clone();
            batch[[1, 2, 4, 0]] = f32::INFINITY;
            batch[[1, 3, 0, 0]] = f32::NAN;
            if layout == Layout::Nchw {
                batch = batch.permuted_axes([0, 3, 1, 2]).as_standard_layout().into_owned();
            }
            assert_eq!(
                statistics.update(batch.view(), layout),
                Err(Error::NonFinitePixel {
                    value: f64::INFINITY,
                    sample: 1,
                    row: 2,
                    column: 4,
                    channel: 0
                })
            );
            assert_eq!(statistics, before);
        }
    }
}

#[test]
fn a_value_that_is_not_finite_is_named() {
    let values = array![[1.0, 2.0], [f32::NEG_INFINITY, 4.0]];
    let error = Error::NonFinite { value: f64::NEG_INFINITY, index: vec![1, 0] };
    assert_eq!(quantiles(values.view(), &[0.5]), Err(error.clone()));
    assert_eq!(gram(values.view()), Err(error.clone()));
    assert_eq!(centred_gram(values.view()), Err(error.clone()));
    let mut histogram = BinnedHistogram::new(0.0, 1.0, 2).unwrap();
    assert_eq!(histogram.update(values.view()), Err(error.clone()));
    assert_eq!(histogram.count(), 0);
    let mut covariance = Covariance::new(2);
    assert_eq!(covariance.update(values.view()), Err(error.clone()));
    assert_eq!(covariance.count(), 0);

    let transposed = Error::NonFinite { value: f64::NEG_INFINITY, index: vec![0, 1] };
    assert_eq!(quantiles(values.t(), &[0.5]), Err(transposed));
    assert!(error.to_string().contains("-inf at index [1, 0]"));
}

#[test]
fn another_image_shape_per_pixel_is_refused_and_both_named() {
    let [square, wide] = [(1, 2, 2, 3), (1, 2, 4, 3)].map(Array4::<u8>::zeros);
    let of = |batch: &Array4<u8>| {
        Statistics::<Histogram>::of(batch.view(), Layout::Nhwc, Grouping::Pixel).unwrap()
    };
    let error = Error::ImageShape { expected: [2, 2, 3], found: [2, 4, 3] };
    let mut statistics = of(&square);
    assert_eq!(statistics.update(wide.view(), Layout::Nhwc), Err(error.clone()));
    assert_eq!(statistics.merge(&of(&wide)), Err(error.clone()));
    assert_eq!(statistics, of(&square));
    let message = error.to_string();
    assert!(message.contains("[2, 2, 3]") && message.contains("[2, 4, 3]"));
}

#[test]
fn another_number_of_channels_is_refused() {
    let [colour, grey] = [(1, 2, 2, 3), (1, 2, 2, 1)].map(Array4::<u8>::zeros);
    let of = |batch: &Array4<u8>| {
        Statistics::<Histogram>::of(batch.view(), Layout::Nhwc, Grouping::Channel).unwrap()
    };
    let error = Error::Channels { expected: 3, found: 1 };
    let mut statistics = of(&colour);
    assert_eq!(statistics.update(grey.view(), Layout::Nhwc), Err(error.clone()));
    assert_eq!(statistics.merge(&of(&grey)), Err(error));
    assert_eq!(statistics, of(&colour));
}

#[test]
fn statistics_of_different_grouping_do_not_merge() {
    let mut statistics = Statistics::<Histogram>::new(Grouping::Pixel);
    let error = Error::Grouping { expected: Grouping::Pixel, found: Grouping::Channel };
    assert_eq!(statistics.merge(&Statistics::new(Grouping::Channel)), Err(error));
}

#[test]
fn rows_of_another_length_are_refused() {
    let error = Error::Dimensions { expected: 3, found: 2 };
    let (mut real, mut exact) = (Covariance::new(3), IntegerCovariance::new(3));
    assert_eq!(real.update(Array2::<f64>::zeros((4, 2)).view()), Err(error.clone()));
    assert_eq!(exact.update(Array2::zeros((4, 2)).view()), Err(error.clone()));
    assert_eq!(real.merge(&Covariance::new(2)), Err(error.clone()));
    assert_eq!(exact.merge(&IntegerCovariance::new(2)), Err(error));
}

#[test]
fn a_matrix_beyond_all_memory_is_refused() {
    let size = 1 << 22;
    let error = Error::TooLarge { size };
    let row = Array2::<u8>::zeros((1, size));
    assert_eq!(IntegerCovariance::new(size).update(row.view()), Err(error.clone()));
    assert_eq!(Covariance::new(size).update(row.view()), Err(error.clone()));
    assert_eq!(gram_u8(row.t()), Err(error.clone()));
    assert_eq!(centred_gram(row.mapv(f32::from).t()), Err(error));
}

#[test]
fn quantiles_out_of_range_are_refused() {
    let values = Array1::<f32>::zeros(3);
    let histogram = Histogram::from_slice(&[1, 2, 3]);
    for value in [-0.1, 1.1, f64::INFINITY] {
        let error = Error::Quantile { value };
        assert_eq!(quantiles(values.view(), &[0.5, value]), Err(error.clone()));
        assert_eq!(histogram.quantile(value), Err(error));
    }
    assert!(histogram.quantile(f64::NAN).is_err());
}

#[test]
fn bins_must_be_sound_and_the_same() {
    for (low, high) in [(1.0, 1.0), (2.0, 1.0), (0.0, f64::INFINITY), (-f64::MAX, f64::MAX)] {
        assert_eq!(BinnedHistogram::new(low, high, 2), Err(Error::Range { low, high }));
    }
    assert!(BinnedHistogram::new(f64::NAN, 1.0, 2).is_err());
    for bins in [0, usize::MAX] {
        let error = Error::BinCount { bins, limit: 1 << 24 };
        assert_eq!(BinnedHistogram::new(0.0, 1.0, bins), Err(error));
    }

    let mut histogram = BinnedHistogram::new(0.0, 1.0, 2).unwrap();
    let error = Error::Bins {
        bins: 2,
        low: 0.0,
        high: 1.0,
        found_bins: 2,
        found_low: 0.0,
        found_high: 3.0,
    };
    assert_eq!(histogram.merge(&BinnedHistogram::new(0.0, 3.0, 2).unwrap()), Err(error));
}
