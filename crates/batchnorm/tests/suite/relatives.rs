//! Layer, group and instance normalisation against PyTorch (see `golden/make.py`), against central
//! differences, and against each other.

use crate::figures::{Step, array, read};
use crate::properties::{channels_last, close, noise, rounding};
use mizumashi_batchnorm::{
    BatchNorm, BatchNormConfig, Error, Gradients, Layout, Real, RunningVariance, SampleNorm,
    SampleNormConfig, Saved,
};
use ndarray::{Array1, Array2, Array4, ArrayView1, Axis, IxDyn, array, s};
use num_traits::cast;
use proptest::prelude::*;
use serde::Deserialize;

const PYTORCH: SampleNormConfig = SampleNormConfig::pytorch();

#[derive(Deserialize)]
struct Case {
    kind: String,
    shape: Vec<usize>,
    axes: Option<Vec<usize>>,
    groups: Option<usize>,
    epsilon: f64,
    gamma: Vec<f64>,
    beta: Vec<f64>,
    x: Vec<f64>,
    dy: Vec<f64>,
    expected: Step,
}

impl Case {
    fn layer<T: Real>(&self) -> SampleNorm<T> {
        let learnt = !self.gamma.is_empty();
        let config =
            SampleNormConfig { epsilon: self.epsilon, scale: learnt, center: learnt, ..PYTORCH };
        let mut layer = match (&self.axes, self.groups) {
            (Some(axes), _) => SampleNorm::layer(axes, config),
            (None, Some(groups)) => SampleNorm::group(groups, self.shape[1], config),
            _ => panic!("{} has neither axes nor groups", self.kind),
        }
        .unwrap();
        let values = |values| ArrayView1::from(values).mapv(|value: f64| cast(value).unwrap());
        layer.gamma_mut().assign(&values(&self.gamma));
        layer.beta_mut().assign(&values(&self.beta));
        layer
    }

    fn step<T: Real>(&self) -> Step {
        let layer = self.layer::<T>();
        let (x, dy) = (array::<T>(&self.shape, &self.x), array(&self.shape, &self.dy));
        let (y, saved) = layer.forward::<IxDyn>(x.view()).unwrap();
        Step::new(&y, &layer.backward(&saved, x.view(), dy.view()).unwrap())
    }
}

#[test]
fn both_precisions_match_pytorch() {
    for case in read::<Case>("relatives.json") {
        let name = format!("{} {:?}", case.kind, case.shape);
        let error = case.step::<f64>().error(&case.expected);
        assert!(error < 2e-14, "{name}: {error:e}");
        let error = case.step::<f32>().error(&case.expected);
        assert!(error < 1e-6, "{name}, f32: {error:e}");
    }
}

proptest! {
    #[test]
    fn what_shares_statistics_has_mean_beta_and_deviation_gamma(
        shape in [1..5_usize, 1..13, 1..7, 1..7], per in 1..5_usize, first in 0..4_usize,
        gamma in -3.0..3.0, beta in -3.0..3.0, seed: u32,
    ) {
        let (shape, norms) = norms(shape, per, first);
        let x = noise::<f64>(shape, seed);
        for (mut norm, sets) in norms {
            norm.gamma_mut().fill(gamma);
            norm.beta_mut().fill(beta);
            let (y, _) = norm.forward(x.view()).unwrap();
            let sets = (sets, x.len() / sets);
            for (x, y) in rows(&x, sets).outer_iter().zip(rows(&y, sets).outer_iter()) {
                let shrunk = (x.var(0.0) / (x.var(0.0) + 1e-5)).sqrt();
                // A gamma of 3 and an inverse deviation below 320 multiply the rounding of a mean.
                prop_assert!((y.mean().unwrap() - beta).abs() < 1e-12);
                prop_assert!((y.std(0.0) - gamma.abs() * shrunk).abs() < 1e-12);
            }
        }
    }

    /// The output does not change with the mean of what shares statistics, whatever the gammas.
    #[test]
    fn dx_sums_to_nothing_over_what_shares_statistics(
        shape in [1..5_usize, 1..13, 1..7, 1..7], per in 1..5_usize, first in 0..4_usize,
        seed: u32,
    ) {
        let (shape, norms) = norms(shape, per, first);
        let (x, dy) = (noise::<f64>(shape, seed), noise(shape, !seed));
        for (mut norm, sets) in norms {
            let gammas = noise::<f64>([norm.gamma().len(), 1, 1, 1], seed ^ 1);
            norm.gamma_mut().assign(&gammas.flatten());
            let (_, saved) = norm.forward(x.view()).unwrap();
            let dx = norm.backward(&saved, x.view(), dy.view()).unwrap().dx;
            let sets = (sets, x.len() / sets);
            for (dx, inv_std) in rows(&dx, sets).outer_iter().zip(saved.inv_std()) {
                prop_assert!(dx.sum().abs() < rounding(dx.len(), inv_std), "{}", dx.sum());
            }
        }
    }

    #[test]
    fn one_group_is_layer_normalisation_of_each_sample(
        shape in [1..5_usize, 1..13, 1..7, 1..7],
        gamma in -3.0..3.0, beta in -3.0..3.0, seed: u32,
    ) {
        let [_, c, h, w] = shape;
        let (x, dy) = (noise::<f64>(shape, seed), noise(shape, !seed));
        let step = |norm: Result<SampleNorm<f64>, Error>| {
            let mut norm = norm.unwrap();
            norm.gamma_mut().fill(gamma);
            norm.beta_mut().fill(beta);
            let (y, saved) = norm.forward(x.view()).unwrap();
            (y, norm.backward(&saved, x.view(), dy.view()).unwrap(), saved)
        };
        let (y, by_group, saved) = step(SampleNorm::group(1, c, PYTORCH));
        let (z, by_layer, _) = step(SampleNorm::layer(&shape[1..], PYTORCH));
        let limit = 3.0 * largest_rounding(&x, &saved);
        prop_assert!(close(&y, &z, limit));
        prop_assert!(close(&by_group.dx, &by_layer.dx, limit));
        let channels = |by: &Array1<f64>| by.to_shape((c, h * w)).unwrap().sum_axis(Axis(1));
        prop_assert!(close(&by_group.dgamma, &channels(&by_layer.dgamma), limit));
        prop_assert!(close(&by_group.dbeta, &channels(&by_layer.dbeta), limit));
    }

    #[test]
    fn instance_normalisation_is_batch_normalisation_of_each_sample_alone(
        [n, c, h, w] in [1..5_usize, 1..13, 1..7, 1..7],
        layout in prop::sample::select(vec![Layout::Nchw, Layout::Nhwc]),
        seed: u32,
    ) {
        let shape = layout.batch_shape(n, [h, w, c]);
        let (x, dy) = (noise::<f64>(shape, seed), noise(shape, !seed));
        let variance = RunningVariance::Biased; // the other refuses a single value
        let config = BatchNormConfig { layout, variance, ..BatchNormConfig::pytorch() };
        let mut batch = BatchNorm::new(c, config).unwrap();
        batch.gamma_mut().assign(&noise([c, 1, 1, 1], seed ^ 1).flatten());
        batch.beta_mut().assign(&noise([c, 1, 1, 1], seed ^ 2).flatten());
        let config = SampleNormConfig { layout, ..PYTORCH };
        let mut norm = SampleNorm::instance(c, config).unwrap();
        norm.gamma_mut().assign(&batch.gamma());
        norm.beta_mut().assign(&batch.beta());

        let (y, saved) = norm.forward(x.view()).unwrap();
        let gradients = norm.backward(&saved, x.view(), dy.view()).unwrap();
        let limit = largest_rounding(&x, &saved);
        let [mut dgamma, mut dbeta] = [(); 2].map(|()| Array1::<f64>::zeros(c));
        for sample in 0..n {
            let alone = |array: &Array4<f64>| array.select(Axis(0), &[sample]);
            let (x, dy) = (alone(&x), alone(&dy));
            let (expected, saved) = batch.forward(x.view()).unwrap();
            let by = batch.backward(&saved, x.view(), dy.view()).unwrap();
            prop_assert!(close(&alone(&y), &expected, limit));
            prop_assert!(close(&alone(&gradients.dx), &by.dx, limit));
            dgamma += &by.dgamma;
            dbeta += &by.dbeta;
        }
        prop_assert!(close(&gradients.dgamma, &dgamma, limit));
        prop_assert!(close(&gradients.dbeta, &dbeta, limit));
    }

    #[test]
    fn channels_last_are_channels_second_permuted(
        [n, groups, per, h, w] in [1..5_usize, 1..5, 1..5, 1..7, 1..7], seed: u32,
    ) {
        let c = groups * per;
        let (x, dy) = (noise::<f64>([n, c, h, w], seed), noise([n, c, h, w], !seed));
        let step = |layout: Layout, x: Array4<f64>, dy: Array4<f64>| {
            let config = SampleNormConfig { layout, ..PYTORCH };
            let mut norm = SampleNorm::group(groups, c, config).unwrap();
            norm.gamma_mut().assign(&noise([c, 1, 1, 1], seed ^ 1).flatten());
            norm.beta_mut().assign(&noise([c, 1, 1, 1], seed ^ 2).flatten());
            let (y, saved) = norm.forward(x.view()).unwrap();
            (y, norm.backward(&saved, x.view(), dy.view()).unwrap(), saved)
        };
        let (y, planes, saved) = step(Layout::Nchw, x.clone(), dy.clone());
        let (y_last, rows, _) = step(Layout::Nhwc, channels_last(&x), channels_last(&dy));
        let limit = largest_rounding(&x, &saved);
        prop_assert!(close(&y_last, &channels_last(&y), limit));
        prop_assert!(close(&rows.dx, &channels_last(&planes.dx), limit));
        prop_assert!(close(&rows.dgamma, &planes.dgamma, limit));
        prop_assert!(close(&rows.dbeta, &planes.dbeta, limit));
    }
}

/// Layers for a batch of about this shape, which is returned, each with how many statistics it has
/// of the batch: what shares them lies together in memory.
fn norms(
    [n, c, h, w]: [usize; 4],
    per: usize,
    first: usize,
) -> ([usize; 4], [(SampleNorm<f64>, usize); 3]) {
    let groups = c.div_ceil(per);
    let shape = [n, groups * per, h, w];
    let norms = [
        (SampleNorm::layer(&shape[first..], PYTORCH), shape[..first].iter().product()),
        (SampleNorm::group(groups, shape[1], PYTORCH), n * groups),
        (SampleNorm::instance(shape[1], PYTORCH), n * shape[1]),
    ];
    (shape, norms.map(|(norm, sets)| (norm.unwrap(), sets)))
}

fn rows(array: &Array4<f64>, shape: (usize, usize)) -> Array2<f64> {
    array.to_shape(shape).unwrap().into_owned()
}

/// For all sums over a batch.
fn largest_rounding(x: &Array4<f64>, saved: &Saved) -> f64 {
    rounding(x.len(), saved.inv_std().into_iter().fold(0.0, f64::max))
}

#[test]
fn gradients_match_finite_differences() {
    const STEP: f64 = 1e-5;
    let config = SampleNormConfig::pytorch();
    let last = SampleNormConfig { layout: Layout::Nhwc, ..config };
    for layer in [
        SampleNorm::layer(&[4, 5], config),
        SampleNorm::group(2, 4, config),
        SampleNorm::instance(5, last),
    ] {
        let mut layer = layer.unwrap();
        let wave = |seed: f64| {
            let mut position = seed;
            Array4::from_shape_simple_fn((3, 4, 4, 5), || {
                position += 1.0;
                (position * position * 0.37 + seed).sin() * 1.5
            })
        };
        let (x, dy) = (wave(1.0), wave(2.0));
        layer.gamma_mut().iter_mut().zip(&wave(3.0)).for_each(|(gamma, wave)| *gamma = *wave);
        let loss = |layer: &SampleNorm<f64>, x: &Array4<f64>| {
            (&dy * &layer.forward(x.view()).unwrap().0).sum()
        };
        let check = |gradient: f64, at: &dyn Fn(f64) -> f64| {
            let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            let error = (gradient - slope).abs();
            assert!(error < 1e-6 * gradient.abs().max(1e-2), "{gradient} {slope}");
        };
        let (_, saved) = layer.forward(x.view()).unwrap();
        let Gradients { dx, dgamma, dbeta } = layer.backward(&saved, x.view(), dy.view()).unwrap();
        for (index, &gradient) in dx.indexed_iter() {
            check(gradient, &|step| {
                let mut x = x.clone();
                x[index] += step;
                loss(&layer, &x)
            });
        }
        for (index, (&dgamma, &dbeta)) in dgamma.iter().zip(&dbeta).enumerate() {
            check(dgamma, &|step| {
                let mut layer = layer.clone();
                layer.gamma_mut()[index] += step;
                loss(&layer, &x)
            });
            check(dbeta, &|step| {
                let mut layer = layer.clone();
                layer.beta_mut()[index] += step;
                loss(&layer, &x)
            });
        }
    }
}

#[test]
fn many_rows_and_many_threads_give_the_same_bits() {
    let x = Array2::from_shape_fn((700, 37), |(n, c)| ((n * 31 + c * 17) % 97) as f32 / 9.0 + 1e4);
    let planes = x.clone().into_shape_with_order((10, 70, 37)).unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let norm = SampleNorm::layer(&[37], SampleNormConfig::keras()).unwrap();
            let (y, saved) = norm.forward(x.view()).unwrap();
            let rows = norm.backward(&saved, y.view(), x.view()).unwrap();
            let norm = SampleNorm::group(7, 70, SampleNormConfig::pytorch()).unwrap();
            let (z, saved) = norm.forward(planes.view()).unwrap();
            (y, rows, z, norm.backward(&saved, planes.view(), planes.view()).unwrap())
        })
    };
    let alone = run(1);
    assert!(alone.0.iter().all(|y| y.is_finite()));
    for threads in [2, 3, 8] {
        assert!(run(threads) == alone, "{threads} threads");
    }
}

#[test]
fn layers_are_stored_and_checked() {
    let layer = SampleNorm::<f32>::group(2, 4, SampleNormConfig::keras()).unwrap();
    let json = serde_json::to_value(&layer).unwrap();
    assert_eq!(serde_json::from_value::<SampleNorm<f32>>(json.clone()).unwrap(), layer);

    // A stored layer of more channels than memory holds refuses a batch, and asks for none.
    let config = SampleNormConfig { scale: false, center: false, ..*layer.config() };
    let vast = SampleNorm::<f32>::group(1, 1 << 62, config).unwrap();
    assert!(vast.forward(Array2::zeros((2, 4)).view()).is_err());

    for (path, value, reason) in [
        ("/config/epsilon", serde_json::json!(-1.0), "epsilon is -1"),
        ("/gamma", serde_json::json!([1.0]), "gamma has 1 values; it must have 4"),
        ("/over/groups/groups", serde_json::json!(3), "4 channels are to be cut into 3 groups"),
    ] {
        let mut bad = json.clone();
        *bad.pointer_mut(path).unwrap() = value;
        let error = serde_json::from_value::<SampleNorm<f32>>(bad).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{error}");
    }
}

#[test]
fn bad_input_is_named() {
    let config = SampleNormConfig::pytorch();
    let make = SampleNorm::<f64>::group;
    assert_eq!(make(0, 4, config).unwrap_err(), Error::Groups { groups: 0, channels: 4 });
    assert_eq!(make(1, 0, config).unwrap_err(), Error::NoChannels);
    assert_eq!(SampleNorm::<f64>::layer(&[], config).unwrap_err(), Error::NoChannels);
    let layer = SampleNorm::<f64>::layer(&[3], config).unwrap();
    let x = array![[1.0, 2.0], [3.0, 4.0]];
    let expected = Error::LastAxes { found: vec![2, 2], expected: vec![3] };
    assert_eq!(layer.forward(x.view()).unwrap_err(), expected);
    let (layer, other) = (make(1, 2, config).unwrap(), array![[1.0, 2.0]]);
    let (_, saved) = layer.forward(other.view()).unwrap();
    let error = layer.backward(&saved, x.view(), x.view()).unwrap_err();
    assert_eq!(error, Error::Length { list: "saved", found: 1, expected: 2 });
    let error = layer.forward(Array2::zeros((0, 2)).view()).unwrap_err();
    assert_eq!(error, Error::EmptyBatch { shape: vec![0, 2] });
}

/// Found by fuzzing: values with gaps between them kept these in the shape that the kernel takes.
#[test]
fn gaps_between_values_do_not_matter() {
    let wide =
        |shift: f32| Array2::from_shape_fn((6, 12), |(i, j)| ((i * 7 + j * 5) % 11) as f32 + shift);
    let (x, dy, mut dx) = (wide(0.5), wide(-3.0), wide(0.0));
    let mut y = x.clone();
    let config = SampleNormConfig::pytorch();
    for (layer, columns) in [
        (SampleNorm::<f32>::layer(&[6], config).unwrap(), s![.., ..;2]),
        (SampleNorm::group(3, 6, config).unwrap(), s![.., 1..;2]),
        (SampleNorm::layer(&[6], config).unwrap(), s![..;2, ..;-2]),
    ] {
        let part = |array: &Array2<f32>| array.slice(columns).to_owned();
        let (expected, saved) = layer.forward(part(&x).view()).unwrap();
        let gradients = layer.backward(&saved, part(&x).view(), part(&dy).view()).unwrap();

        let found = layer.forward(x.slice(columns)).unwrap();
        assert_eq!(found.0, expected);
        let saved = layer.forward_into(x.slice(columns), y.slice_mut(columns)).unwrap();
        assert_eq!(part(&y), expected);
        let (x, dy) = (x.slice(columns), dy.slice(columns));
        assert_eq!(layer.backward(&saved, x, dy).unwrap(), gradients);
        layer.backward_into(&saved, x, dy, dx.slice_mut(columns)).unwrap();
        assert_eq!(part(&dx), gradients.dx);
    }
}
