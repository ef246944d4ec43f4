//! Golden figures as arrays, and how far others are from them.

use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Gradients, Real};
use ndarray::{ArrayD, ArrayView1, IxDyn};
use num_traits::cast;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A forward and a backward pass.
#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) y: Vec<f64>,
    pub(crate) dx: Vec<f64>,
    pub(crate) dgamma: Vec<f64>,
    pub(crate) dbeta: Vec<f64>,
}

impl Step {
    pub(crate) fn new<T: Real>(y: &ArrayD<T>, gradients: &Gradients<T, IxDyn>) -> Self {
        let Gradients { dx, dgamma, dbeta } = gradients;
        Self { y: list(y), dx: list(dx), dgamma: list(dgamma), dbeta: list(dbeta) }
    }

    pub(crate) fn error(&self, expected: &Self) -> f64 {
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

/// A layer with these parameters, or without where its configuration says so.
pub(crate) fn layer<T: Real>(config: BatchNormConfig, gamma: &[f64], beta: &[f64]) -> BatchNorm<T> {
    let mut layer = BatchNorm::new(gamma.len(), config).unwrap();
    let values = |values| ArrayView1::from(values).mapv(|value: f64| cast(value).unwrap());
    if config.scale {
        layer.gamma_mut().assign(&values(gamma));
    }
    if config.center {
        layer.beta_mut().assign(&values(beta));
    }
    layer
}

/// The largest difference, as a fraction of the largest value expected.
pub(crate) fn difference<'a>(found: impl IntoIterator<Item = &'a f64>, expected: &[f64]) -> f64 {
    let found: Vec<f64> = found.into_iter().copied().collect();
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    // Unlike `f64::max`, keeps NaN.
    differences.fold(0.0, |worst, d| if d <= worst { worst } else { d }) / largest
}

pub(crate) fn array<T: Real>(shape: &[usize], values: &[f64]) -> ArrayD<T> {
    ArrayD::from_shape_vec(shape, values.iter().map(|&value| cast(value).unwrap()).collect())
        .unwrap()
}

pub(crate) fn list<'a, T: Real + 'a>(values: impl IntoIterator<Item = &'a T>) -> Vec<f64> {
    values.into_iter().map(|&value| value.into()).collect()
}

pub(crate) fn read<Case: DeserializeOwned>(name: &str) -> Vec<Case> {
    #[derive(Deserialize)]
    struct Golden<Case> {
        cases: Vec<Case>,
    }

    let golden: Golden<Case> = serde_json::from_slice(&bytes(name)).unwrap();
    assert!(!golden.cases.is_empty());
    golden.cases
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
