//! A folded network gives what the layers gave one after the other.

use mizumashi_batchnorm::{
    BatchNorm, BatchNormConfig, Error, Folded, Layout, RunningAverage, ScaleShift, WeightLayout,
};
use ndarray::{Array1, Array2, Array4, Axis, array, s};
use proptest::prelude::*;

proptest! {
    #[test]
    fn linear_layers_take_it_in_on_either_side(
        [samples, channels, others] in [1..5_usize, 1..6, 1..6],
        seed in 0.0..9.0,
        biased: bool,
    ) {
        let norm = trained(channels, seed, Layout::Nchw);
        let by = norm.scale_shift().unwrap();
        let bias = |outputs| biased.then(|| wave(outputs, seed + 1.0));
        let matrix = |rows, columns, seed| {
            wave(rows * columns, seed).into_shape_with_order((rows, columns)).unwrap()
        };

        // others -> channels -> norm; PyTorch's weight is (outputs, inputs), Keras' its transpose.
        let (x, weight) = (matrix(samples, others, seed), matrix(channels, others, seed + 2.0));
        let before = bias(channels);
        let expected = norm.infer(linear(&x, &weight, before.as_ref()).view()).unwrap();
        let before = before.as_ref().map(|bias| bias.view());
        let folded = by.into_preceding(weight.view(), WeightLayout::OutputFirst, before).unwrap();
        prop_assert!(near(&linear(&x, &folded.weight, Some(&folded.bias)), &expected));
        let keras = by.into_preceding(weight.t(), WeightLayout::OutputLast, before).unwrap();
        prop_assert_eq!((keras.weight.t(), keras.bias), (folded.weight.view(), folded.bias));

        // norm -> channels -> others.
        let (x, weight) = (matrix(samples, channels, seed), matrix(others, channels, seed + 2.0));
        let after = bias(others);
        let expected = linear(&norm.infer(x.view()).unwrap(), &weight, after.as_ref());
        let after = after.as_ref().map(|bias| bias.view());
        let folded = by.into_following(weight.view(), WeightLayout::OutputFirst, after).unwrap();
        prop_assert!(near(&linear(&x, &folded.weight, Some(&folded.bias)), &expected));
        let keras = by.into_following(weight.t(), WeightLayout::OutputLast, after).unwrap();
        prop_assert_eq!((keras.weight.t(), keras.bias), (folded.weight.view(), folded.bias));
    }

    #[test]
    fn convolutions_take_it_in_on_either_side(
        [groups, per_group, outputs_per_group, size] in [1..4_usize, 1..4, 1..4, 3..6],
        seed in 0.0..9.0,
    ) {
        let (channels, outputs) = (groups * per_group, groups * outputs_per_group);
        let weight = wave(outputs * per_group * 6, seed + 2.0)
            .into_shape_with_order((outputs, per_group, 3, 2))
            .unwrap();
        let bias = wave(outputs, seed + 3.0);
        let x = wave(2 * channels * size * size, seed)
            .into_shape_with_order((2, channels, size, size))
            .unwrap();

        let norm = trained(outputs, seed, Layout::Nchw);
        for padding in [0, 1] {
            let expected = convolve(&x, &weight, &bias, padding, groups);
            let expected = norm.infer(expected.view()).unwrap();
            let Folded { weight, bias } = norm
                .scale_shift()
                .unwrap()
                .into_preceding(weight.view(), WeightLayout::OutputFirst, Some(bias.view()))
                .unwrap();
            prop_assert!(near(&convolve(&x, &weight, &bias, padding, groups), &expected));
        }

        let norm = trained(channels, seed, Layout::Nchw);
        let normalised = norm.infer(x.view()).unwrap();
        let by = norm.scale_shift().unwrap();
        let folded = by
            .into_following(weight.view(), WeightLayout::OutputFirst, Some(bias.view()))
            .unwrap();
        let expected = convolve(&normalised, &weight, &bias, 0, groups);
        prop_assert!(near(&convolve(&x, &folded.weight, &folded.bias, 0, groups), &expected));

        // Padded, only inside.
        let expected = convolve(&normalised, &weight, &bias, 1, groups);
        let found = convolve(&x, &folded.weight, &folded.bias, 1, groups);
        let inside = s![.., .., 1..size - 1, 1..size];
        prop_assert!(near(&found.slice(inside).to_owned(), &expected.slice(inside).to_owned()));
        prop_assert!(!near(&found, &expected));
    }
}

#[test]
fn scale_and_shift_are_the_layer() {
    let norm = trained(4, 1.0, Layout::Nhwc);
    let x = wave(3 * 2 * 5 * 4, 2.0).into_shape_with_order((3, 2, 5, 4)).unwrap();
    let ScaleShift { scale, shift } = norm.scale_shift().unwrap();
    assert!(near(&(&x * &scale + &shift), &norm.infer(x.view()).unwrap()));
}

#[test]
fn what_does_not_fit_is_named() {
    let by = trained(4, 1.0, Layout::Nchw).scale_shift().unwrap();
    let weight = Array2::<f64>::ones((3, 5));
    let error = by.into_preceding(weight.view(), WeightLayout::OutputFirst, None).unwrap_err();
    assert_eq!(error, Error::WeightChannels { axis: 0, found: 3, expected: 4 });
    let error = by.into_following(weight.view(), WeightLayout::OutputFirst, None).unwrap_err();
    assert_eq!(error, Error::WeightChannels { axis: 1, found: 5, expected: 4 });
    // Two groups of channels, but three outputs.
    let weight = Array2::<f64>::ones((3, 2));
    let error = by.into_following(weight.view(), WeightLayout::OutputFirst, None).unwrap_err();
    assert_eq!(error, Error::WeightChannels { axis: 1, found: 2, expected: 4 });
    let weight = Array2::<f64>::ones((3, 0));
    assert!(by.into_following(weight.view(), WeightLayout::OutputFirst, None).is_err());
    let (weight, bias) = (Array2::<f64>::ones((4, 2)), array![1.0]);
    let error =
        by.into_preceding(weight.view(), WeightLayout::OutputFirst, Some(bias.view())).unwrap_err();
    assert_eq!(error, Error::Length { list: "bias", found: 1, expected: 4 });
    let error = by.into_preceding(bias.view(), WeightLayout::OutputLast, None).unwrap_err();
    assert_eq!(error, Error::Rank { rank: 1 });
    let off = BatchNormConfig { average: RunningAverage::Off, ..BatchNormConfig::keras() };
    let off = BatchNorm::<f64>::new(1, off).unwrap();
    assert_eq!(off.scale_shift().unwrap_err(), Error::Untracked);
}

fn trained(channels: usize, seed: f64, layout: Layout) -> BatchNorm<f64> {
    let config = BatchNormConfig { layout, ..BatchNormConfig::pytorch() };
    let mut norm = BatchNorm::new(channels, config).unwrap();
    norm.gamma_mut().assign(&wave(channels, seed + 4.0));
    norm.beta_mut().assign(&wave(channels, seed + 5.0));
    let variance = wave(channels, seed + 7.0).mapv(|value| value * value + 0.1);
    norm.set_running(&wave(channels, seed + 6.0).to_vec(), &variance.to_vec()).unwrap();
    norm
}

fn linear(x: &Array2<f64>, weight: &Array2<f64>, bias: Option<&Array1<f64>>) -> Array2<f64> {
    let y = x.dot(&weight.t());
    match bias {
        Some(bias) => y + bias,
        None => y,
    }
}

/// As PyTorch's `conv2d`: NCHW, weight (outputs, inputs / groups, height, width), zeros around.
fn convolve(
    x: &Array4<f64>,
    weight: &Array4<f64>,
    bias: &Array1<f64>,
    padding: usize,
    groups: usize,
) -> Array4<f64> {
    let (samples, channels, height, width) = x.dim();
    let (outputs, per_group, kernel_height, kernel_width) = weight.dim();
    let mut padded = Array4::zeros((samples, channels, height + 2 * padding, width + 2 * padding));
    padded.slice_mut(s![.., .., padding..padding + height, padding..padding + width]).assign(x);
    let shape = (
        samples,
        outputs,
        height + 2 * padding + 1 - kernel_height,
        width + 2 * padding + 1 - kernel_width,
    );
    Array4::from_shape_fn(shape, |(sample, output, row, column)| {
        let first = output / (outputs / groups) * per_group;
        let window = padded.slice(s![
            sample,
            first..first + per_group,
            row..row + kernel_height,
            column..column + kernel_width
        ]);
        bias[output] + (&window * &weight.index_axis(Axis(0), output)).sum()
    })
}

fn near<D: ndarray::Dimension>(
    found: &ndarray::Array<f64, D>,
    expected: &ndarray::Array<f64, D>,
) -> bool {
    assert_eq!(found.shape(), expected.shape());
    found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-10 * b.abs().max(1.0))
}

/// Values without pattern, of about unit size.
fn wave(length: usize, seed: f64) -> Array1<f64> {
    (0..length).map(|index| ((index * index) as f64 * 0.37 + seed * 1.7).sin() * 1.5).collect()
}
