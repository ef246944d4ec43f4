//! What holds for every batch: the moments of the output, and results that do not depend on
//! threads, layout, rank, strides or whose buffer they are written to.

use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Gradients, Layout, Real};
use ndarray::{
    Array, Array2, Array4, ArrayD, ArrayView, ArrayViewMut4, Axis, Dimension, Zip, array, s,
};
use num_traits::cast;
use proptest::prelude::*;

/// NCHW shapes in planes and in rows, of many blocks and of few, with and without remainders.
const SHAPES: [[usize; 4]; 7] = [
    [9, 3, 40, 33],
    [2, 2, 80, 70],
    [70, 5, 1, 1],
    [3000, 3, 2, 1],
    [40, 300, 3, 3],
    [1, 64, 9, 9],
    [2, 5000, 1, 1],
];

proptest! {
    #[test]
    fn outputs_have_mean_beta_and_deviation_gamma(
        [n, c, h, w] in [2..6_usize, 1..5, 1..9, 1..9],
        gamma in -3.0..3.0,
        beta in -3.0..3.0,
        seed: u32,
    ) {
        let x = noise::<f64>([n, c, h, w], seed);
        let mut layer = BatchNorm::new(c, BatchNormConfig::pytorch()).unwrap();
        layer.gamma_mut().fill(gamma);
        layer.beta_mut().fill(beta);
        let (y, _) = layer.forward(x.view()).unwrap();
        for (x, y) in x.axis_iter(Axis(1)).zip(y.axis_iter(Axis(1))) {
            let shrunk = (x.var(0.0) / (x.var(0.0) + 1e-5)).sqrt();
            prop_assert!((y.mean().unwrap() - beta).abs() < 1e-10);
            prop_assert!((y.std(0.0) - gamma.abs() * shrunk).abs() < 1e-10);
        }
    }

    #[test]
    fn nhwc_equals_nchw_permuted([n, c, h, w] in [2..9_usize, 1..20, 1..9, 1..9], seed: u32) {
        let (x, dy) = (noise::<f64>([n, c, h, w], seed), noise([n, c, h, w], !seed));
        let (y, planes) = train(x.view(), dy.view(), Layout::Nchw);
        let (y_last, rows) = train(channels_last(&x).view(), channels_last(&dy).view(), Layout::Nhwc);
        prop_assert!(close(&y_last, &channels_last(&y), 1e-9));
        prop_assert!(close(&rows.dx, &channels_last(&planes.dx), 1e-9));
        prop_assert!(close(&rows.dgamma, &planes.dgamma, 1e-9));
        prop_assert!(close(&rows.dbeta, &planes.dbeta, 1e-9));
    }

    /// The output does not change with the mean of a channel, nor with its scale but for epsilon:
    /// along either there is no gradient.
    #[test]
    fn gradients_have_the_sums_that_standardising_leaves(
        [n, c, h, w] in [2..9_usize, 1..20, 1..9, 1..9],
        layout in prop::sample::select(vec![Layout::Nchw, Layout::Nhwc]),
        seed: u32,
    ) {
        let shape = layout.batch_shape(n, [h, w, c]);
        let (x, dy) = (noise::<f64>(shape, seed), noise(shape, !seed));
        let (_, Gradients { dx, dgamma, dbeta }) = train(x.view(), dy.view(), layout);
        for channel in 0..c {
            let [x, dy, dx] =
                [&x, &dy, &dx].map(|array| array.index_axis(layout.channel_axis(), channel));
            let variance = x.var(0.0);
            let inv_std = 1.0 / (variance + 1e-5).sqrt();
            let x_hat = (&x - x.mean().unwrap()) * inv_std;
            let gamma = 0.5 + channel as f64 / c as f64; // that of `train`
            let rest = gamma * inv_std * dgamma[channel] * 1e-5 / (variance + 1e-5);
            for (found, expected) in [
                (dbeta[channel], dy.sum()),
                (dgamma[channel], (&dy * &x_hat).sum()),
                (dx.sum(), 0.0),
                ((&dx * &x_hat).sum(), rest),
            ] {
                let error = (found - expected).abs();
                prop_assert!(error < rounding(x.len(), inv_std), "{found} for {expected}");
            }
        }
    }
}

#[test]
fn statistics_match_plain_sums_for_every_way_of_cutting_into_blocks() {
    for shape in SHAPES {
        for layout in [Layout::Nchw, Layout::Nhwc] {
            let x = noise::<f64>(shape, 1);
            let dy = noise::<f64>(shape, 2);
            let axis = layout.channel_axis();
            let mut layer = BatchNorm::new(x.len_of(axis), config(layout)).unwrap();
            let (_, saved) = layer.forward(x.view()).unwrap();
            let gradients = layer.backward(&saved, x.view(), dy.view()).unwrap();
            for (channel, x) in x.axis_iter(axis).enumerate() {
                let dy = dy.index_axis(axis, channel);
                let (mean, variance) = (x.mean().unwrap(), x.var(0.0));
                let inv_std = 1.0 / (variance + 1e-5).sqrt();
                let dgamma = Zip::from(&x).and(&dy).fold(0.0, |sum, x, dy| sum + dy * (x - mean));
                assert!((saved.mean()[channel] - mean).abs() < 1e-12);
                assert!((saved.inv_std()[channel] / inv_std - 1.0).abs() < 1e-12);
                assert!((gradients.dbeta[channel] - dy.sum()).abs() < 1e-9);
                assert!((gradients.dgamma[channel] - dgamma * inv_std).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let results = SHAPES.iter().flat_map(|&shape| {
                let (x, dy) = (noise::<f32>(shape, 3), noise(shape, 4));
                [Layout::Nchw, Layout::Nhwc].map(|layout| train(x.view(), dy.view(), layout))
            });
            results.collect::<Vec<_>>()
        })
    };
    let alone = run(1);
    for threads in [2, 3, 8] {
        assert!(run(threads) == alone, "{threads} threads");
    }
}

#[test]
fn every_rank_has_its_channels_second_or_last() {
    for shape in [vec![9, 3], vec![4, 3, 5], vec![2, 3, 4, 5], vec![2, 3, 4, 2, 3]] {
        let values = |seed| {
            let length = shape.iter().product();
            let values = noise::<f64>([length, 1, 1, 1], seed).into_flat();
            values.into_shape_with_order(shape.clone()).unwrap()
        };
        let (x, dy) = (values(7), values(8));
        let last = |array: &ArrayD<f64>| {
            let order: Vec<usize> = (0..1).chain(2..shape.len()).chain(1..2).collect();
            array.view().permuted_axes(order).as_standard_layout().into_owned()
        };
        let (y, gradients) = train(x.view(), dy.view(), Layout::Nchw);
        let (z, by) = train(last(&x).view(), last(&dy).view(), Layout::Nhwc);
        assert!(close(&z, &last(&y), 1e-12));
        assert!(close(&by.dx, &last(&gradients.dx), 1e-12));
        assert!(close(&by.dgamma, &gradients.dgamma, 1e-12));
        // The channels are where they are said to be.
        for (channel, y) in y.axis_iter(Axis(1)).enumerate() {
            let beta = channel as f64 / 3.0 - 0.3;
            assert!((y.mean().unwrap() - beta).abs() < 1e-12);
        }
    }
}

#[test]
fn rank_does_not_matter() {
    let (x, dy) = (noise::<f32>([50, 7, 1, 1], 5), noise([50, 7, 1, 1], 6));
    let (y, gradients) = train(x.view(), dy.view(), Layout::Nchw);
    let flat = |array: &Array4<f32>| -> Array2<f32> { array.slice(s![.., .., 0, 0]).to_owned() };
    for layout in [Layout::Nchw, Layout::Nhwc] {
        let (y_flat, flat_gradients) = train(flat(&x).view(), flat(&dy).view(), layout);
        assert_eq!(y_flat, flat(&y));
        assert_eq!(flat_gradients.dx, flat(&gradients.dx));
        assert_eq!(flat_gradients.dgamma, gradients.dgamma);
    }
    let dynamic = |array: &Array4<f32>| -> ArrayD<f32> { array.clone().into_dyn() };
    let (y_dynamic, _) = train(dynamic(&x).view(), dynamic(&dy).view(), Layout::Nchw);
    assert_eq!(y_dynamic, dynamic(&y));
}

#[test]
fn strides_and_buffers_do_not_matter() {
    // Every other row, and the columns backwards: in steps that no dense array has.
    check_strides(|array| array.slice_move(s![.., .., ..;2, ..;-1]));
    // Dense, but in another order.
    check_strides(|array| array.permuted_axes([3, 1, 0, 2]));
}

fn check_strides(view: impl Fn(ArrayViewMut4<f32>) -> ArrayViewMut4<f32>) {
    let (mut x, mut dy) = (noise([8, 3, 6, 5], 7), noise([8, 3, 6, 5], 8));
    let (x, dy) = (view(x.view_mut()), view(dy.view_mut()));
    let dense = |array: &ArrayViewMut4<f32>| array.as_standard_layout().into_owned();
    let mut layer = BatchNorm::new(3, config(Layout::Nchw)).unwrap();
    let (y, saved) = layer.forward(dense(&x).view()).unwrap();
    let gradients = layer.backward(&saved, dense(&x).view(), dense(&dy).view()).unwrap();
    let inferred = layer.infer(dense(&x).view()).unwrap();

    let mut other = BatchNorm::new(3, config(Layout::Nchw)).unwrap();
    let mut buffer = Array4::from_elem((8, 3, 6, 5), f32::NAN);
    let mut out = view(buffer.view_mut());
    assert_eq!(other.forward_into(x.view(), out.view_mut()).unwrap(), saved);
    assert_eq!((&out.view(), &other), (&y.view(), &layer));
    let parameters = other.backward_into(&saved, x.view(), dy.view(), out.view_mut()).unwrap();
    assert_eq!(out, gradients.dx);
    assert_eq!(parameters.dgamma, gradients.dgamma);
    assert_eq!(parameters.dbeta, gradients.dbeta);
    other.infer_into(x.view(), out.view_mut()).unwrap();
    assert_eq!(out, inferred);
    let written = out.len();
    assert_eq!(buffer.iter().filter(|value| !value.is_nan()).count(), written);
}

#[test]
fn a_mean_far_from_zero_costs_f32_no_digits() {
    for layout in [Layout::Nchw, Layout::Nhwc] {
        let shape = layout.batch_shape(16, [24, 24, 6]);
        let x = noise::<f32>(shape, 9).mapv(|x| 1e4 + x);
        let dy = noise::<f32>(shape, 10).mapv(|dy| 1e2 + dy);
        let (y, gradients) = train(x.view(), dy.view(), layout);
        let (exact_y, exact) = train(x.mapv(f64::from).view(), dy.mapv(f64::from).view(), layout);
        assert!(close(&y.mapv(f64::from), &exact_y, 1e-6));
        assert!(close(&gradients.dx.mapv(f64::from), &exact.dx, 1e-6));
        for (&found, &exact) in gradients.dgamma.iter().zip(&exact.dgamma) {
            assert!((f64::from(found) - exact).abs() < 1e-6 * exact.abs());
        }
    }
}

#[test]
fn one_value_per_channel_gives_beta_with_the_biased_variance() {
    let mut layer = BatchNorm::<f32>::new(3, BatchNormConfig::keras()).unwrap();
    layer.beta_mut().assign(&array![1.0, 2.0, 3.0]);
    let x = array![[5.0, -7.0, 0.1]];
    let (y, saved) = layer.forward(x.view()).unwrap();
    assert_eq!(y.row(0), layer.beta());
    assert_eq!(layer.running_variance(), array![0.99, 0.99, 0.99]);
    let gradients = layer.backward(&saved, x.view(), y.view()).unwrap();
    assert_eq!(gradients.dx, array![[0.0, 0.0, 0.0]]);
}

#[test]
fn inference_uses_the_running_statistics_that_were_set() {
    let config = BatchNormConfig { epsilon: 1.0, ..BatchNormConfig::keras() };
    let mut layer = BatchNorm::<f32>::new(2, config).unwrap();
    layer.set_running(&[1.0, -2.0], &[3.0, 0.0]).unwrap();
    let y = layer.infer(array![[5.0, -2.0], [1.0, 1.0]].view()).unwrap();
    assert_eq!(y, array![[2.0, 0.0], [0.0, 3.0]]);
}

#[test]
fn inference_passes_values_that_are_not_finite_to_their_own_position() {
    let layer = BatchNorm::<f32>::new(2, BatchNormConfig::pytorch()).unwrap();
    let y = layer.infer(array![[1.0, f32::NAN], [f32::INFINITY, 2.0]].view()).unwrap();
    assert!(y[[0, 0]].is_finite() && y[[1, 1]].is_finite());
    assert!(y[[0, 1]].is_nan() && y[[1, 0]].is_infinite());
}

fn config(layout: Layout) -> BatchNormConfig {
    BatchNormConfig { layout, ..BatchNormConfig::pytorch() }
}

/// The output and the gradients of one training step with gammas and betas that all differ.
fn train<T: Real, D: Dimension>(
    x: ArrayView<T, D>,
    dy: ArrayView<T, D>,
    layout: Layout,
) -> (Array<T, D>, Gradients<T, D>) {
    let channels = match layout {
        Layout::Nchw => x.shape()[1],
        Layout::Nhwc => x.shape()[x.ndim() - 1],
    };
    let mut layer = BatchNorm::new(channels, config(layout)).unwrap();
    for channel in 0..channels {
        layer.gamma_mut()[channel] = cast(0.5 + channel as f64 / channels as f64).unwrap();
        layer.beta_mut()[channel] = cast(channel as f64 / channels as f64 - 0.3).unwrap();
    }
    let (y, saved) = layer.forward(x.view()).unwrap();
    let gradients = layer.backward(&saved, x, dy).unwrap();
    (y, gradients)
}

/// What rounding may make of a sum over so many values below 1, or over their gradients, which
/// multiply that of their mean by `inv_std` twice. 50 roundings each.
pub(crate) fn rounding(values: usize, inv_std: f64) -> f64 {
    50.0 * f64::EPSILON * values as f64 * inv_std.powi(2)
}

pub(crate) fn close<D: Dimension>(
    found: &Array<f64, D>,
    expected: &Array<f64, D>,
    limit: f64,
) -> bool {
    assert_eq!(found.shape(), expected.shape());
    found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < limit)
}

pub(crate) fn channels_last(array: &Array4<f64>) -> Array4<f64> {
    array.view().permuted_axes([0, 2, 3, 1]).as_standard_layout().into_owned()
}

/// Values in [-1, 1), by a linear congruential generator.
pub(crate) fn noise<T: Real>(shape: [usize; 4], seed: u32) -> Array4<T> {
    let mut state = seed;
    Array4::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        cast(f64::from(state >> 8) / f64::from(1_u32 << 23) - 1.0).unwrap()
    })
}
