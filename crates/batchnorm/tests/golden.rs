//! Outputs, gradients and running statistics against PyTorch and Keras; see `golden/make.py`.

#![allow(clippy::unwrap_used)]

use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Gradients, Real};
use ndarray::{ArrayD, ArrayView1, IxDyn};
use num_traits::cast;
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Golden<Case> {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct PyTorch {
    name: String,
    shape: Vec<usize>,
    batches: Vec<Vec<f64>>,
    gamma: Vec<f64>,
    beta: Vec<f64>,
    dy: Vec<f64>,
    f64: Figures,
    f32: Figures,
}

#[derive(Deserialize)]
struct Figures {
    running_mean: Vec<f64>,
    running_variance: Vec<f64>,
    training: Step,
    evaluation: Step,
}

#[derive(Deserialize)]
struct Step {
    y: Vec<f64>,
    dx: Vec<f64>,
    dgamma: Vec<f64>,
    dbeta: Vec<f64>,
}

#[derive(Deserialize)]
struct Keras {
    shape: Vec<usize>,
    batches: Vec<Vec<f64>>,
    gamma: Vec<f64>,
    beta: Vec<f64>,
    y: Vec<f64>,
    running_mean: Vec<f64>,
    running_variance: Vec<f64>,
    inferred: Vec<f64>,
}

#[test]
fn f64_matches_pytorch() {
    for case in read::<PyTorch>("pytorch.json") {
        let error = figures::<f64>(&case).error(&case.f64);
        // PyTorch's own mean of values near 1e4 is good to 1e-12 of it, not of their spread.
        let limit = if case.name == "far from zero" { 1e-11 } else { 1e-14 };
        println!("{}: {error:.1e}", case.name);
        assert!(error < limit, "{}: {error:e}", case.name);
    }
}

#[test]
fn f32_matches_pytorch() {
    for case in read::<PyTorch>("pytorch.json") {
        let figures = figures::<f32>(&case);
        let (to_f64, to_f32) = (figures.error(&case.f64), figures.error(&case.f32));
        let of_torch = case.f32.error(&case.f64);
        println!(
            "{}: {to_f64:.1e} from f64, {to_f32:.1e} from f32, itself {of_torch:.1e}",
            case.name
        );
        assert!(to_f64 < 1e-6, "{}: {to_f64:e}", case.name);
        assert!(to_f32 <= 1e-6 + of_torch, "{}: {to_f32:e}", case.name);
    }
}

#[test]
fn f64_matches_the_formulas_of_keras() {
    for case in read::<Keras>("keras.json") {
        let mut layer = layer::<f64>(BatchNormConfig::keras(), &case.gamma, &case.beta);
        let mut y = ArrayD::zeros(IxDyn(&case.shape));
        for batch in &case.batches {
            y = layer.forward(array::<f64>(&case.shape, batch).view()).unwrap().0;
        }
        let inferred = layer.infer(array(&case.shape, &case.batches[2]).view()).unwrap();
        assert!(difference(&y, &case.y) < 1e-14);
        assert!(difference(layer.running_mean(), &case.running_mean) < 1e-14);
        assert!(difference(layer.running_variance(), &case.running_variance) < 1e-14);
        assert!(difference(&inferred, &case.inferred) < 1e-14);
        assert_eq!(layer.batches(), case.batches.len() as u64);
    }
}

fn figures<T: Real>(case: &PyTorch) -> Figures {
    let mut layer = layer::<T>(BatchNormConfig::pytorch(), &case.gamma, &case.beta);
    let batches: Vec<ArrayD<T>> = case.batches.iter().map(|b| array(&case.shape, b)).collect();
    let (dy, last) = (array::<T>(&case.shape, &case.dy), &batches[2]);
    let mut training = None;
    for batch in &batches {
        training = Some(layer.forward(batch.view()).unwrap());
    }
    let (y, saved) = training.unwrap();
    Figures {
        running_mean: layer.running_mean().to_vec(),
        running_variance: layer.running_variance().to_vec(),
        training: step(&y, &layer.backward(&saved, last.view(), dy.view()).unwrap()),
        evaluation: step(
            &layer.infer(last.view()).unwrap(),
            &layer.backward(&layer.frozen(), last.view(), dy.view()).unwrap(),
        ),
    }
}

fn step<T: Real>(y: &ArrayD<T>, gradients: &Gradients<T, IxDyn>) -> Step {
    let Gradients { dx, dgamma, dbeta } = gradients;
    Step { y: list(y), dx: list(dx), dgamma: list(dgamma), dbeta: list(dbeta) }
}

fn layer<T: Real>(config: BatchNormConfig, gamma: &[f64], beta: &[f64]) -> BatchNorm<T> {
    let mut layer = BatchNorm::new(gamma.len(), config).unwrap();
    layer.gamma_mut().assign(&ArrayView1::from(gamma).mapv(|value| cast(value).unwrap()));
    layer.beta_mut().assign(&ArrayView1::from(beta).mapv(|value| cast(value).unwrap()));
    layer
}

impl Figures {
    fn error(&self, expected: &Self) -> f64 {
        let pairs = [
            (&self.running_mean, &expected.running_mean),
            (&self.running_variance, &expected.running_variance),
        ];
        let steps =
            [(&self.training, &expected.training), (&self.evaluation, &expected.evaluation)];
        let steps = steps.iter().map(|(found, expected)| found.error(expected));
        pairs
            .iter()
            .map(|(found, expected)| difference(*found, expected))
            .chain(steps)
            .fold(0.0, f64::max)
    }
}

impl Step {
    fn error(&self, expected: &Self) -> f64 {
        [
            difference(&self.y, &expected.y),
            difference(&self.dx, &expected.dx),
            difference(&self.dgamma, &expected.dgamma),
            difference(&self.dbeta, &expected.dbeta),
        ]
        .into_iter()
        .fold(0.0, f64::max)
    }
}

/// The largest difference, as a fraction of the largest value expected.
fn difference<'a>(found: impl IntoIterator<Item = &'a f64>, expected: &[f64]) -> f64 {
    let found: Vec<f64> = found.into_iter().copied().collect();
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, |worst, d| if d <= worst { worst } else { d }) / largest
}

fn array<T: Real>(shape: &[usize], values: &[f64]) -> ArrayD<T> {
    ArrayD::from_shape_vec(shape, values.iter().map(|&value| cast(value).unwrap()).collect())
        .unwrap()
}

fn list<'a, T: Real + 'a>(values: impl IntoIterator<Item = &'a T>) -> Vec<f64> {
    values.into_iter().map(|&value| value.into()).collect()
}

fn read<Case: DeserializeOwned>(name: &str) -> Vec<Case> {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    let golden: Golden<Case> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(!golden.cases.is_empty());
    golden.cases
}
