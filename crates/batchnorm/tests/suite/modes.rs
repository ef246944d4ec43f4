//! The ways to make a pass: in place, with weights, renormalised, frozen, and by other averages.

use mizumashi_batchnorm::{
    BatchNorm, BatchNormConfig, Error, Layout, Renormalisation, RunningAverage, RunningVariance,
};
use ndarray::{Array, Array1, Array2, Array4, Axis, Dimension, array, concatenate, s};
use proptest::prelude::*;

const LAYOUTS: [Layout; 2] = [Layout::Nchw, Layout::Nhwc];

#[test]
fn in_place_gives_what_other_memory_gets() {
    for layout in LAYOUTS {
        // In planes, in rows, and with many channels.
        for shape in [[3, 2, 9, 8], [40, 2, 2, 1], [2, 40, 5, 5]] {
            let (x, dy) = (wave(shape, 1.0), wave(shape, 2.0));
            let mut layer = layer(shape[layout.channel_axis().index()], layout);
            let mut other = layer.clone();
            let (y, saved) = layer.forward(x.view()).unwrap();
            let expected = layer.backward(&saved, x.view(), dy.view()).unwrap();

            let mut place = x.clone();
            let saved_in_place = other.forward_inplace(place.view_mut()).unwrap();
            assert_eq!(place, y);
            assert_eq!(other, layer);
            let mut gradient = dy.clone();
            let by =
                other.backward_inplace(&saved_in_place, place.view(), gradient.view_mut()).unwrap();
            assert!(near(&gradient, &expected.dx, 1e-12));
            assert!(near(&by.dgamma, &expected.dgamma, 1e-11));
            assert!(near(&by.dbeta, &expected.dbeta, 1e-12));

            let mut gradient = dy.clone();
            let by = layer.backward_inplace(&saved, x.view(), gradient.view_mut()).unwrap();
            assert_eq!((gradient, by.dgamma), (expected.dx, expected.dgamma));

            let inferred = layer.infer(x.view()).unwrap();
            let mut place = x.clone();
            layer.infer_inplace(place.view_mut()).unwrap();
            assert_eq!(place, inferred);
        }
    }
}

#[test]
fn in_place_needs_a_gamma_and_a_dense_batch_only_for_speed() {
    let mut layer = layer(3, Layout::Nhwc);
    let x = wave([2, 4, 5, 3], 1.0);
    let expected = layer.clone().forward(x.view()).unwrap().0;
    let mut wide = Array4::from_elem((2, 4, 10, 3), f64::NAN);
    wide.slice_mut(s![.., .., ..;2, ..]).assign(&x);
    layer.clone().forward_inplace(wide.slice_mut(s![.., .., ..;2, ..])).unwrap();
    assert_eq!(wide.slice(s![.., .., ..;2, ..]), expected);
    assert!(wide.slice(s![.., .., 1..;2, ..]).iter().all(|value| value.is_nan()));

    layer.gamma_mut()[1] = 0.0;
    let (mut place, before) = (x.clone(), layer.clone());
    let error = layer.forward_inplace(place.view_mut()).unwrap_err();
    assert_eq!(error, Error::ZeroGamma { channel: 1 });
    assert_eq!((place, layer), (x, before));
}

proptest! {
    #[test]
    fn whole_weights_are_repetitions(
        counts in prop::collection::vec(0..3_usize, 6),
        channels in 1..40_usize,
        seed in 0.0..9.0,
    ) {
        prop_assume!(counts.iter().sum::<usize>() > 1);
        let x = wave([6, channels, 1, 2], seed);
        let repeated: Vec<_> = counts
            .iter()
            .enumerate()
            .flat_map(|(sample, &count)| vec![x.slice(s![sample..=sample, .., .., ..]); count])
            .collect();
        let repeated = concatenate(Axis(0), &repeated).unwrap();
        let weights: Array1<f64> = counts.iter().map(|&count| count as f64).collect();
        let mut weighted = layer(channels, Layout::Nchw);
        let mut plain = weighted.clone();
        let (_, saved) = weighted.training().weights(weights.view()).forward(x.view()).unwrap();
        let (_, expected) = plain.forward(repeated.view()).unwrap();
        prop_assert!(near(&saved.mean(), &expected.mean(), 1e-12));
        prop_assert!(near(&saved.inv_std(), &expected.inv_std(), 1e-9));
        let (found, expected) = (weighted.running_variance(), plain.running_variance());
        prop_assert!(near(&found.to_owned(), &expected.to_owned(), 1e-10));
    }
}

#[test]
fn equal_weights_change_nothing() {
    for layout in LAYOUTS {
        for shape in [[3, 2, 9, 8], [40, 2, 2, 1], [2, 40, 5, 5], [70, 3, 20, 20]] {
            let (x, dy) = (wave(shape, 1.0), wave(shape, 2.0));
            let mut layer = layer(shape[layout.channel_axis().index()], layout);
            let (y, saved) = layer.forward(x.view()).unwrap();
            let plain = layer.backward(&saved, x.view(), dy.view()).unwrap();
            let ones = Array1::ones(shape[0]);
            let (z, saved) = layer.training().weights(ones.view()).forward(x.view()).unwrap();
            let weighted = layer.backward(&saved, x.view(), dy.view()).unwrap();
            assert!(near(&z, &y, 1e-12));
            assert!(near(&weighted.dx, &plain.dx, 1e-12));
        }
    }
}

#[test]
fn what_is_masked_may_be_anything() {
    for layout in LAYOUTS {
        let x = wave([4, 3, 5, 6], 1.0);
        let mut mask = Array1::ones(4);
        mask[0] = 0.0;
        let mut broken = x.clone();
        broken.slice_mut(s![0, .., .., ..]).fill(f64::NAN);
        let mut layer = layer(x.len_of(layout.channel_axis()), layout);
        let expected = layer.clone().forward(x.slice(s![1.., .., .., ..])).unwrap().0;
        let (y, _) = layer.training().weights(mask.view()).forward(broken.view()).unwrap();
        assert!(near(&y.slice(s![1.., .., .., ..]).to_owned(), &expected, 1e-12));
    }
}

#[test]
fn weights_are_checked() {
    let x = wave([4, 3, 5, 6], 1.0);
    let mut layer = layer(3, Layout::Nchw);
    let mut with = |weights: Array1<f64>| {
        layer.training().weights(weights.view()).forward(x.view()).unwrap_err()
    };
    let error = with(array![1.0, 1.0, -1.0, 1.0]);
    assert_eq!(error, Error::Weight { index: 2, weight: -1.0 });
    assert!(matches!(with(array![1.0, f64::NAN, 1.0, 1.0]), Error::Weight { index: 1, .. }));
    let error = with(array![1.0, 1.0]);
    assert_eq!(error, Error::WeightsShape { found: vec![2], expected: vec![4, 5, 6] });
    assert_eq!(with(array![0.0, 0.0, 0.0, 0.0]), Error::TooFewValues { values: 0.0 });
    let error = with(array![0.0, 0.01, 0.0, 0.0]); // 30 times
    assert!(matches!(error, Error::TooFewValues { values } if (values - 0.3).abs() < 1e-9));
    let wrong = Array2::<f64>::ones((4, 3));
    assert!(layer.training().weights(wrong.view()).forward(x.view()).is_err());
}

#[test]
fn renormalisation_stands_between_batch_and_running_statistics() {
    let x = wave([8, 3, 2, 2], 1.0);
    let mut layer = layer(3, Layout::Nchw);
    layer.set_running(&[0.1, -0.2, 0.3], &[1.1, 0.7, 2.0]).unwrap();
    let (by_batch, inferred) = (layer.clone().forward(x.view()).unwrap().0, layer.infer(x.view()));
    let by = |r_max, d_max| {
        let mut layer = layer.clone();
        layer.set_renormalisation(Some(Renormalisation { r_max, d_max })).unwrap();
        layer.forward(x.view()).unwrap().0
    };
    assert_eq!(by(1.0, 0.0), by_batch);
    assert!(near(&by(1e3, 1e3), &inferred.unwrap(), 1e-12));
    let error =
        layer.set_renormalisation(Some(Renormalisation { r_max: 0.5, d_max: 0.0 })).unwrap_err();
    assert_eq!(error, Error::Renormalisation { r_max: 0.5, d_max: 0.0 });
    let off = BatchNormConfig { average: RunningAverage::Off, ..BatchNormConfig::keras() };
    let mut off = BatchNorm::<f64>::new(3, off).unwrap();
    let limits = Some(Renormalisation { r_max: 2.0, d_max: 0.0 });
    assert_eq!(off.set_renormalisation(limits).unwrap_err(), Error::RenormalisationUntracked);
}

#[test]
fn a_frozen_layer_trains_as_it_infers() {
    let (x, dy) = (wave([4, 3, 5, 6], 1.0), wave([4, 3, 5, 6], 2.0));
    let mut layer = layer(3, Layout::Nchw);
    layer.set_running(&[0.1, -0.2, 0.3], &[1.1, 0.7, 2.0]).unwrap();
    layer.set_frozen(true);
    let before = layer.clone();
    let (y, saved) = layer.forward(x.view()).unwrap();
    assert_eq!(y, layer.infer(x.view()).unwrap());
    assert_eq!(layer, before);
    let expected = layer.backward(&layer.frozen(), x.view(), dy.view()).unwrap();
    assert_eq!(layer.backward(&saved, x.view(), dy.view()).unwrap(), expected);

    // And in place, where the gradients come from the output.
    let (mut place, mut gradient) = (x.clone(), dy.clone());
    let saved = layer.forward_inplace(place.view_mut()).unwrap();
    assert_eq!(place, y);
    let by = layer.backward_inplace(&saved, place.view(), gradient.view_mut()).unwrap();
    assert_eq!(gradient, expected.dx);
    assert!(near(&by.dgamma, &expected.dgamma, 1e-12));
}

#[test]
fn every_batch_counts_alike_in_a_cumulative_average() {
    let config =
        BatchNormConfig { average: RunningAverage::Cumulative, ..BatchNormConfig::pytorch() };
    let mut layer = BatchNorm::<f64>::new(1, config).unwrap();
    for batch in [array![[1.0], [3.0]], array![[4.0], [8.0]], array![[10.0], [10.0]]] {
        layer.forward(batch.view()).unwrap();
    }
    assert!((layer.running_mean()[0] - 6.0).abs() < 1e-12);
    assert!((layer.running_variance()[0] - 10.0 / 3.0).abs() < 1e-12);
}

#[test]
fn a_layer_without_parameters_has_none_to_train() {
    let config = BatchNormConfig { scale: false, center: false, ..BatchNormConfig::keras() };
    let mut layer = BatchNorm::<f64>::new(3, config).unwrap();
    let x = wave([4, 5, 6, 3], 1.0);
    let mut place = x.clone();
    let (y, saved) = layer.forward(x.view()).unwrap();
    let gradients = layer.backward(&saved, x.view(), y.view()).unwrap();
    assert_eq!(layer.gamma_mut().len() + layer.beta_mut().len(), 0);
    assert_eq!(gradients.dgamma.len() + gradients.dbeta.len(), 0);
    layer.forward_inplace(place.view_mut()).unwrap(); // gamma is 1
    assert_eq!(place, y);
}

#[test]
fn a_batch_of_one_needs_no_unbiased_variance_that_nobody_follows() {
    let config = BatchNormConfig { average: RunningAverage::Off, ..BatchNormConfig::pytorch() };
    assert_eq!(config.variance, RunningVariance::Unbiased);
    let mut layer = BatchNorm::<f64>::new(2, config).unwrap();
    layer.beta_mut().assign(&array![3.0, 4.0]);
    let x = array![[7.0, -1.0]];
    assert_eq!(layer.forward(x.view()).unwrap().0, array![[3.0, 4.0]]);
    assert_eq!(layer.infer(x.view()).unwrap(), array![[3.0, 4.0]]);
    let saved = layer.frozen();
    let error = layer.backward(&saved, x.view(), x.view()).unwrap_err();
    assert_eq!(error, Error::Length { list: "saved", found: 0, expected: 2 });
}

#[test]
fn inference_passes_on_what_is_not_finite_by_either_statistics() {
    let x = array![[1.0, 1.0], [f64::NAN, 2.0], [3.0, 3.0]];
    for average in [RunningAverage::Off, RunningAverage::Exponential] {
        let config = BatchNormConfig { average, ..BatchNormConfig::keras() };
        let layer = BatchNorm::<f64>::new(2, config).unwrap();
        let y = layer.infer(x.view()).unwrap();
        assert!(y[[1, 0]].is_nan() && y.column(1).iter().all(|y| y.is_finite()), "{y}");
    }
}

fn layer(channels: usize, layout: Layout) -> BatchNorm<f64> {
    let config = BatchNormConfig { layout, ..BatchNormConfig::pytorch() };
    let mut layer = BatchNorm::new(channels, config).unwrap();
    for channel in 0..channels {
        layer.gamma_mut()[channel] = 0.5 + (channel as f64 * 0.7).sin().abs();
        layer.beta_mut()[channel] = (channel as f64).cos();
    }
    layer
}

fn near<D: Dimension>(found: &Array<f64, D>, expected: &Array<f64, D>, limit: f64) -> bool {
    assert_eq!(found.shape(), expected.shape());
    found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < limit)
}

/// Values without pattern, of about unit size.
fn wave(shape: [usize; 4], seed: f64) -> Array4<f64> {
    let mut position = seed;
    Array4::from_shape_simple_fn(shape, || {
        position += 1.0;
        (position * position * 0.37 + seed).sin() * 1.5
    })
}
