//! Gradients against central differences of the forward pass, in f64.

use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Gradients, Layout, Renormalisation};
use ndarray::{Array4, ArrayView4, Ix4, array};

const STEP: f64 = 1e-5;

#[test]
fn training_gradients_match_finite_differences() {
    for layout in [Layout::Nchw, Layout::Nhwc] {
        check(
            layout,
            |layer, x| layer.clone().forward(x).unwrap().0,
            |layer, x, dy| {
                let (_, saved) = layer.clone().forward(x).unwrap();
                layer.backward(&saved, x, dy).unwrap()
            },
        );
    }
}

#[test]
fn frozen_gradients_match_finite_differences() {
    for layout in [Layout::Nchw, Layout::Nhwc] {
        check(
            layout,
            |layer, x| layer.infer(x).unwrap(),
            |layer, x, dy| layer.backward(&layer.frozen(), x, dy).unwrap(),
        );
    }
}

#[test]
fn weighted_gradients_match_finite_differences() {
    for layout in [Layout::Nchw, Layout::Nhwc] {
        // One per position, some of them masked; then one per sample.
        let positions = wave([3, 1, 5, 4], 4.0).mapv(|weight| (weight.abs() - 0.4).max(0.0));
        let positions = positions.into_shape_with_order((3, 5, 4)).unwrap();
        let samples = array![0.5, 0.0, 2.0];
        for weights in [positions.into_dyn(), samples.into_dyn()] {
            check(
                layout,
                |layer, x| layer.clone().training().weights(weights.view()).forward(x).unwrap().0,
                |layer, x, dy| {
                    let mut layer = layer.clone();
                    let (_, saved) = layer.training().weights(weights.view()).forward(x).unwrap();
                    layer.backward(&saved, x, dy).unwrap()
                },
            );
        }
    }
}

#[test]
fn renormalised_gradients_match_finite_differences() {
    // So far from the running statistics that r and d stand at their limits, where they do not move
    // with the input; elsewhere they do, and gradients through them are left out on purpose.
    let limits = Renormalisation { r_max: 1.01, d_max: 0.05 };
    let with = |layer: &BatchNorm<f64>| {
        let mut layer = layer.clone();
        layer.set_renormalisation(Some(limits)).unwrap();
        layer
    };
    for layout in [Layout::Nchw, Layout::Nhwc] {
        check(
            layout,
            |layer, x| with(layer).forward(x).unwrap().0,
            |layer, x, dy| {
                let mut layer = with(layer);
                let (_, saved) = layer.forward(x).unwrap();
                layer.backward(&saved, x, dy).unwrap()
            },
        );
    }
}

#[test]
fn gradients_from_the_output_match_finite_differences() {
    for layout in [Layout::Nchw, Layout::Nhwc] {
        check(
            layout,
            |layer, x| layer.clone().forward(x).unwrap().0,
            |layer, x, dy| {
                let (mut y, mut dx) = (x.to_owned(), dy.to_owned());
                let saved = layer.clone().forward_inplace(y.view_mut()).unwrap();
                let gradients = layer.backward_inplace(&saved, y.view(), dx.view_mut()).unwrap();
                Gradients { dx, dgamma: gradients.dgamma, dbeta: gradients.dbeta }
            },
        );
    }
}

/// Moves one parameter or one value by a step.
type Change<'a> = &'a dyn Fn(&mut BatchNorm<f64>, &mut Array4<f64>, f64);

/// Compares the gradients of `sum(dy * y)` for a small batch.
fn check(
    layout: Layout,
    forward: impl Fn(&BatchNorm<f64>, ArrayView4<f64>) -> Array4<f64>,
    backward: impl Fn(&BatchNorm<f64>, ArrayView4<f64>, ArrayView4<f64>) -> Gradients<f64, Ix4>,
) {
    let shape = layout.batch_shape(3, [5, 4, 2]);
    let x = wave(shape, 1.0);
    let dy = wave(shape, 2.0);
    let config = BatchNormConfig { layout, ..BatchNormConfig::pytorch() };
    let mut layer = BatchNorm::new(2, config).unwrap();
    layer.gamma_mut().assign(&array![0.7, -1.3]);
    layer.beta_mut().assign(&array![0.2, 0.5]);
    layer.set_running(&[0.3, -0.4], &[0.8, 2.5]).unwrap();

    let loss = |layer: &BatchNorm<f64>, x: &Array4<f64>| (&dy * &forward(layer, x.view())).sum();
    let slope = |change: Change| {
        let at = |step| {
            let (mut layer, mut x) = (layer.clone(), x.clone());
            change(&mut layer, &mut x, step);
            loss(&layer, &x)
        };
        (at(STEP) - at(-STEP)) / (2.0 * STEP)
    };
    let Gradients { dx, dgamma, dbeta } = backward(&layer, x.view(), dy.view());

    for (index, &gradient) in dx.indexed_iter() {
        close(gradient, slope(&|_, x, step| x[index] += step));
    }
    for channel in 0..2 {
        close(dgamma[channel], slope(&|layer, _, step| layer.gamma_mut()[channel] += step));
        close(dbeta[channel], slope(&|layer, _, step| layer.beta_mut()[channel] += step));
    }
}

fn close(gradient: f64, slope: f64) {
    assert!((gradient - slope).abs() < 1e-6 * gradient.abs().max(1e-2), "{gradient} {slope}");
}

/// Values without pattern, of about unit size.
fn wave(shape: [usize; 4], seed: f64) -> Array4<f64> {
    let mut position = seed;
    Array4::from_shape_simple_fn(shape, || {
        position += 1.0;
        (position * position * 0.37 + seed).sin() * 1.5
    })
}
