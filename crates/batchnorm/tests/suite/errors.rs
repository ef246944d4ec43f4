//! Every bad input has its error, and leaves the layer and the buffers as they were.

use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Error, Layout, RunningVariance};
use ndarray::{Array1, Array2, Array4, array};

#[test]
fn epsilon_must_be_positive_and_finite() {
    for epsilon in [0.0, -1e-3, f64::INFINITY, f64::NAN] {
        let config = BatchNormConfig { epsilon, ..BatchNormConfig::keras() };
        let error = BatchNorm::<f32>::new(3, config).unwrap_err();
        assert!(matches!(error, Error::Epsilon { epsilon: e } if e.to_bits() == epsilon.to_bits()));
    }
}

#[test]
fn momentum_must_be_a_weight() {
    for momentum in [-0.1, 1.1, f64::NAN] {
        let config = BatchNormConfig { momentum, ..BatchNormConfig::keras() };
        let error = BatchNorm::<f32>::new(3, config).unwrap_err();
        assert!(
            matches!(error, Error::Momentum { momentum: m } if m.to_bits() == momentum.to_bits())
        );
    }
    for momentum in [0.0, 1.0] {
        let config = BatchNormConfig { momentum, ..BatchNormConfig::keras() };
        assert!(BatchNorm::<f32>::new(3, config).is_ok());
    }
}

#[test]
fn a_layer_must_have_channels() {
    let error = BatchNorm::<f64>::new(0, BatchNormConfig::keras()).unwrap_err();
    assert_eq!(error, Error::NoChannels);
}

#[test]
fn a_batch_must_have_the_channels_of_the_layer_on_the_axis_of_the_layout() {
    let x = Array4::zeros((2, 3, 4, 5));
    for (layout, axis, found) in [(Layout::Nchw, 1, 3), (Layout::Nhwc, 3, 5)] {
        let mut layer = layer(7, layout);
        let expected = Error::Channels { axis, found, expected: 7 };
        assert_eq!(layer.forward(x.view()).unwrap_err(), expected);
        assert_eq!(layer.infer(x.view()).unwrap_err(), expected);
        let saved = layer.frozen();
        assert_eq!(layer.backward(&saved, x.view(), x.view()).unwrap_err(), expected);
    }
}

#[test]
fn a_batch_must_have_a_channel_axis() {
    let x = Array1::zeros(3);
    let error = layer(3, Layout::Nchw).forward(x.view()).unwrap_err();
    assert_eq!(error, Error::Rank { rank: 1 });
}

#[test]
fn a_batch_must_hold_values() {
    for shape in [(0, 3, 4, 4), (2, 3, 0, 4)] {
        let x = Array4::zeros(shape);
        let expected = Error::EmptyBatch { shape: x.shape().to_vec() };
        assert_eq!(layer(3, Layout::Nchw).forward(x.view()).unwrap_err(), expected);
        assert_eq!(layer(3, Layout::Nchw).infer(x.view()).unwrap_err(), expected);
    }
}

#[test]
fn other_arrays_must_have_the_shape_of_the_batch() {
    let x = noise(4, 3);
    let other = Array2::zeros((3, 4));
    let expected = |array| Error::Shape { array, found: vec![3, 4], expected: vec![4, 3] };
    let mut layer = layer(3, Layout::Nchw);
    let mut out = other.clone();
    assert_eq!(layer.forward_into(x.view(), out.view_mut()).unwrap_err(), expected("y"));
    assert_eq!(layer.infer_into(x.view(), out.view_mut()).unwrap_err(), expected("y"));
    let (_, saved) = layer.forward(x.view()).unwrap();
    let error = layer.backward(&saved, x.view(), other.view()).unwrap_err();
    assert_eq!(error, expected("dy"));
    let error = layer.backward_into(&saved, x.view(), x.view(), out.view_mut()).unwrap_err();
    assert_eq!(error, expected("dx"));
    assert_eq!(out, other);
}

#[test]
fn the_unbiased_variance_needs_two_values_per_channel() {
    let x = noise(1, 3);
    let mut layer = layer(3, Layout::Nchw);
    let before = layer.clone();
    assert_eq!(layer.forward(x.view()).unwrap_err(), Error::TooFewValues { values: 1.0 });
    assert_eq!(layer, before);
    assert!(layer.infer(x.view()).is_ok());
    let biased =
        BatchNormConfig { variance: RunningVariance::Biased, ..BatchNormConfig::pytorch() };
    assert!(BatchNorm::new(3, biased).unwrap().forward(x.view()).is_ok());
}

#[test]
fn a_batch_that_is_not_finite_names_the_channel_and_spoils_nothing() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        // In planes, and in rows.
        for shape in [(4, 3, 30, 30), (40, 3, 1, 2)] {
            let mut x = Array4::zeros(shape);
            x[[2, 1, 0, 1]] = bad;
            let mut layer = layer(3, Layout::Nchw);
            let before = layer.clone();
            let error = layer.forward(x.view()).unwrap_err();
            assert!(matches!(error, Error::NonFinite { channel: 1, .. }), "{error}");
            assert_eq!(layer, before);
        }
    }
}

#[test]
fn a_variance_that_overflows_is_not_finite() {
    let mut layer = BatchNorm::<f64>::new(1, BatchNormConfig::keras()).unwrap();
    let error = layer.forward(array![[1e200], [-1e200]].view()).unwrap_err();
    assert!(
        matches!(error, Error::NonFinite { channel: 0, mean: 0.0, variance } if !variance.is_finite())
    );
}

#[test]
fn saved_statistics_must_be_those_of_the_batch() {
    let x = noise(4, 3);
    let mut layer = layer(3, Layout::Nchw);
    let (_, saved) = layer.forward(noise(5, 3).view()).unwrap();
    let error = layer.backward(&saved, x.view(), x.view()).unwrap_err();
    assert_eq!(error, Error::SavedBatch { found: 4, expected: 5 });
    let saved = self::layer(2, Layout::Nchw).frozen();
    let error = layer.backward(&saved, x.view(), x.view()).unwrap_err();
    assert_eq!(error, Error::Length { list: "saved", found: 2, expected: 3 });
}

#[test]
fn running_statistics_must_be_possible() {
    let mut layer = layer(2, Layout::Nchw);
    let before = layer.clone();
    let length = |list| Error::Length { list, found: 1, expected: 2 };
    assert_eq!(layer.set_running(&[0.0], &[1.0, 1.0]).unwrap_err(), length("running_mean"));
    assert_eq!(layer.set_running(&[0.0, 0.0], &[1.0]).unwrap_err(), length("running_variance"));
    for (mean, variance) in [
        (0.0, -1.0),
        (0.0, f64::NAN),
        (0.0, f64::INFINITY),
        (f64::NAN, 1.0),
        (1e300, 1.0), // finite, but not in f32
    ] {
        let error = layer.set_running(&[0.0, mean], &[1.0, variance]).unwrap_err();
        assert!(matches!(error, Error::RunningStatistics { channel: 1, .. }), "{error}");
    }
    assert_eq!(layer, before);
}

#[test]
fn messages_name_the_value_and_the_mend() {
    let error =
        BatchNorm::<f32>::new(3, BatchNormConfig { epsilon: -1.0, ..BatchNormConfig::keras() });
    let message = error.unwrap_err().to_string();
    assert_eq!(message, "epsilon is -1; it must be finite and greater than 0");
}

fn layer(channels: usize, layout: Layout) -> BatchNorm<f32> {
    let config = BatchNormConfig { layout, ..BatchNormConfig::pytorch() };
    BatchNorm::new(channels, config).unwrap()
}

fn noise(samples: usize, channels: usize) -> Array2<f32> {
    Array2::from_shape_fn((samples, channels), |(n, c)| ((3 * n + 5 * c) % 7) as f32)
}
