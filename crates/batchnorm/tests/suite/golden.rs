//! Outputs, gradients and running statistics against PyTorch and Keras; see `golden/make.py`.

use crate::figures::{Step, array, difference, layer, read};
use mizumashi_batchnorm::{BatchNormConfig, Real, Renormalisation, RunningAverage};
use ndarray::{ArrayD, IxDyn};
use serde::Deserialize;

#[derive(Deserialize)]
struct PyTorch {
    name: String,
    shape: Vec<usize>,
    affine: bool,
    cumulative: bool,
    tracking: bool,
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
struct Keras {
    name: String,
    shape: Vec<usize>,
    scale: bool,
    center: bool,
    trainable: bool,
    renorm: Option<[f64; 2]>,
    batches: Vec<Vec<f64>>,
    mask: Option<Vec<f64>>,
    gamma: Vec<f64>,
    beta: Vec<f64>,
    dy: Vec<f64>,
    y: Vec<f64>,
    dx: Vec<f64>,
    dgamma: Option<Vec<f64>>,
    dbeta: Option<Vec<f64>>,
    running_mean: Option<Vec<f64>>,
    running_variance: Option<Vec<f64>>,
    inferred: Option<Vec<f64>>,
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
fn f64_matches_keras() {
    for case in read::<Keras>("keras.json") {
        let renormalisation = case.renorm.map(|[r_max, d_max]| Renormalisation { r_max, d_max });
        let Keras { scale, center, .. } = case;
        let config = BatchNormConfig { scale, center, renormalisation, ..BatchNormConfig::keras() };
        let mut layer = layer::<f64>(config, &case.gamma, &case.beta);
        layer.set_frozen(!case.trainable);
        let mask = case.mask.map(|mask| array::<f64>(&case.shape[..case.shape.len() - 1], &mask));
        let batches: Vec<ArrayD<f64>> =
            case.batches.iter().map(|batch| array(&case.shape, batch)).collect();
        let mut last = None;
        for batch in &batches {
            let training = layer.training();
            let training = match &mask {
                Some(mask) => training.weights(mask.view()),
                None => training,
            };
            last = Some(training.forward(batch.view()).unwrap());
        }
        let (y, saved) = last.unwrap();
        let x = &batches[batches.len() - 1];
        let gradients = layer.backward(&saved, x.view(), array(&case.shape, &case.dy).view());
        let gradients = gradients.unwrap();
        let inferred = layer.infer(x.view()).unwrap();

        let near = |what: &str, found: Vec<f64>, expected: &Option<Vec<f64>>| {
            let Some(expected) = expected else { return };
            let error = difference(&found, expected);
            // Keras takes the mean of the squares less the square of the mean, of some 4 deviations.
            assert!(error < 1e-13, "{}, {what}: {error:e}", case.name);
        };
        near("y", y.into_iter().collect(), &Some(case.y));
        near("dx", gradients.dx.into_iter().collect(), &Some(case.dx));
        near("dgamma", gradients.dgamma.to_vec(), &case.dgamma);
        near("dbeta", gradients.dbeta.to_vec(), &case.dbeta);
        near("running mean", layer.running_mean().to_vec(), &case.running_mean);
        near("running variance", layer.running_variance().to_vec(), &case.running_variance);
        near("inferred", inferred.into_iter().collect(), &case.inferred);
        let counted = if case.trainable { batches.len() as u64 } else { 0 };
        assert_eq!(layer.batches(), counted);
    }
}

fn figures<T: Real>(case: &PyTorch) -> Figures {
    let average = match case {
        PyTorch { tracking: false, .. } => RunningAverage::Off,
        PyTorch { cumulative: true, .. } => RunningAverage::Cumulative,
        _ => RunningAverage::Exponential,
    };
    let (scale, center) = (case.affine, case.affine);
    let config = BatchNormConfig { average, scale, center, ..BatchNormConfig::pytorch() };
    let mut layer = layer::<T>(config, &case.gamma, &case.beta);
    let batches: Vec<ArrayD<T>> = case.batches.iter().map(|b| array(&case.shape, b)).collect();
    let (dy, last) = (array::<T>(&case.shape, &case.dy), &batches[2]);
    let mut training = None;
    for batch in &batches {
        training = Some(layer.forward(batch.view()).unwrap());
    }
    let (y, saved) = training.unwrap();
    // Without running statistics PyTorch evaluates by the batch's own.
    let evaluated = if case.tracking { layer.frozen() } else { saved.clone() };
    let gradients = |saved| layer.backward(saved, last.view(), dy.view()).unwrap();
    Figures {
        running_mean: layer.running_mean().to_vec(),
        running_variance: layer.running_variance().to_vec(),
        training: Step::new(&y, &gradients(&saved)),
        evaluation: Step::new(&layer.infer::<IxDyn>(last.view()).unwrap(), &gradients(&evaluated)),
    }
}

impl Figures {
    fn error(&self, expected: &Self) -> f64 {
        [
            difference(&self.running_mean, &expected.running_mean),
            difference(&self.running_variance, &expected.running_variance),
            self.training.error(&expected.training),
            self.evaluation.error(&expected.evaluation),
        ]
        .into_iter()
        .fold(0.0, f64::max)
    }
}
