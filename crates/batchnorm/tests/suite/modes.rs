//! The ways to make a pass: in place, with weights, renormalised, frozen, and by other averages.

use mizumashi_batchnorm::{
    BatchNorm, BatchNormConfig, Error, Layout, Renormalisation, RunningAverage, RunningVariance,
};
use ndarray::{Array, Array1, Array2, Array4, Axis, Dimension, array, concatenate, s, stack};
use proptest::prelude::*;

const LAYOUTS: [Layout; 2] = [Layout::Nchw, Layout::Nhwc];

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
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn in_place_gives_what_other_memory_gets(
        // In planes, in rows, and with many channels.
        [n, c, h, w] in prop_oneof![
            [2..5_usize, 1..5, 5..10, 5..10],
            [20..50_usize, 1..5, 1..3, 1..3],
            [2..4_usize, 20..50, 3..7, 3..7],
        ],
        layout in prop::sample::select(&LAYOUTS[..]),
        seed in 0.0..9.0,
    ) {
        let shape = layout.batch_shape(n, [h, w, c]);
        let (x, dy) = (wave(shape, seed), wave(shape, seed + 1.0));
        let mut layer = layer(c, layout);
        let mut other = layer.clone();
        let (y, saved) = layer.forward(x.view()).unwrap();
        let expected = layer.backward(&saved, x.view(), dy.view()).unwrap();

        let mut place = x.clone();
        let saved_in_place = other.forward_inplace(place.view_mut()).unwrap();
        prop_assert_eq!(&place, &y);
        prop_assert_eq!(&other, &layer);
        let mut gradient = dy.clone();
        let by =
            other.backward_inplace(&saved_in_place, place.view(), gradient.view_mut()).unwrap();
        // The input is recovered to about 1e-15, of which dgamma has at most 324 times.
        prop_assert!(near(&gradient, &expected.dx, 1e-12));
        prop_assert!(near(&by.dgamma, &expected.dgamma, 1e-11));
        prop_assert_eq!(by.dbeta, &expected.dbeta);

        let mut gradient = dy.clone();
        let by = layer.backward_inplace(&saved, x.view(), gradient.view_mut()).unwrap();
        prop_assert_eq!((gradient, by.dgamma), (expected.dx, expected.dgamma));

        let inferred = layer.infer(x.view()).unwrap();
        let mut place = x.clone();
        layer.infer_inplace(place.view_mut()).unwrap();
        prop_assert_eq!(place, inferred);
    }

    #[test]
    fn running_statistics_follow_those_of_the_batches(
        samples in prop::collection::vec(2..6_usize, 1..5),
        [c, h, w] in [1..4_usize, 1..5, 1..5],
        momentum in 0.0..=1.0,
        (cumulative, unbiased) in any::<(bool, bool)>(),
        layout in prop::sample::select(&LAYOUTS[..]),
        seed in 0.0..9.0,
    ) {
        let (average, (variance, ddof)) = (
            if cumulative { RunningAverage::Cumulative } else { RunningAverage::Exponential },
            match unbiased {
                true => (RunningVariance::Unbiased, 1.0),
                false => (RunningVariance::Biased, 0.0),
            },
        );
        let config =
            BatchNormConfig { layout, momentum, variance, average, ..BatchNormConfig::pytorch() };
        let mut layer = BatchNorm::<f64>::new(c, config).unwrap();
        let start = Array2::from_shape_fn((2, c), |(which, _)| [0.0, 1.0][which]);
        let (mut exponential, mut sum) = (start.clone(), Array2::zeros((2, c)));
        for (index, &n) in samples.iter().enumerate() {
            let x = wave(layout.batch_shape(n, [h, w, c]), seed + index as f64);
            layer.forward(x.view()).unwrap();
            let batch = Array2::from_shape_fn((2, c), |(which, channel)| {
                let x = x.index_axis(layout.channel_axis(), channel);
                [x.mean().unwrap(), x.var(ddof)][which]
            });
            exponential = exponential * (1.0 - momentum) + &batch * momentum;
            sum += &batch;
        }
        prop_assert_eq!(layer.batches(), samples.len() as u64);
        let expected = if cumulative { sum / samples.len() as f64 } else { exponential };
        // Sums of at most 80 squares below 9.
        let found = stack![Axis(0), layer.running_mean(), layer.running_variance()];
        prop_assert!(near(&found, &expected, 1e-13));
    }

    #[test]
    fn renormalisation_goes_towards_the_running_statistics_as_far_as_its_limits(
        [n, c, h, w] in [2..6_usize, 1..20, 1..5, 1..5],
        (mean, variance) in (-2.0..2.0, 0.05..5.0),
        (r_max, d_max) in (1.0..3.0_f64, 0.0..2.0_f64),
        layout in prop::sample::select(&LAYOUTS[..]),
        seed in 0.0..9.0,
    ) {
        let x = wave(layout.batch_shape(n, [h, w, c]), seed);
        let mut layer = layer(c, layout);
        layer.set_running(&vec![mean; c], &vec![variance; c]).unwrap();
        let by = |r_max: f64, d_max: f64| {
            let mut layer = layer.clone();
            layer.set_renormalisation(Some(Renormalisation { r_max, d_max })).unwrap();
            layer.forward(x.view()).unwrap().0
        };
        let mut expected = x.clone();
        for (channel, mut x) in expected.axis_iter_mut(layout.channel_axis()).enumerate() {
            let centre = x.mean().unwrap();
            let [std, running_std] = [x.var(0.0), variance].map(|square| (square + 1e-5).sqrt());
            let r = (std / running_std).clamp(1.0 / r_max, r_max);
            let d = ((centre - mean) / running_std).clamp(-d_max, d_max);
            let (gamma, beta) = (layer.gamma()[channel], layer.beta()[channel]);
            x.mapv_inplace(|x| gamma * (r * (x - centre) / std + d) + beta);
        }
        // An inverse deviation below 320 multiplies the rounding of a mean.
        prop_assert!(near(&by(r_max, d_max), &expected, 1e-12));
        prop_assert!(near(&by(1e6, 1e6), &layer.infer(x.view()).unwrap(), 1e-12));
        prop_assert_eq!(by(1.0, 0.0), layer.clone().forward(x.view()).unwrap().0);
    }

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
fn renormalisation_needs_limits_and_running_statistics() {
    let mut layer = layer(3, Layout::Nchw);
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
