//! Safetensors files: PyTorch's and Keras' read (see `golden/make.py`), ours read back by PyTorch, and
//! damaged ones refused.

use std::borrow::Cow;
use std::path::Path;
use std::process::Command;

use crate::figures::{array, bytes, difference, read};
use mizumashi_batchnorm::safetensors::{self, Dtype, View};
use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Error, RunningAverage, TensorNames};
use ndarray::{Array4, IxDyn, array as values};
use serde::Deserialize;

#[derive(Deserialize)]
struct Inferred {
    x: Vec<f64>,
    y: Vec<f64>,
}

#[test]
fn layers_of_pytorch_infer_as_there() {
    let file = bytes("pytorch.safetensors");
    let mut first = BatchNorm::<f32>::new(3, BatchNormConfig::pytorch()).unwrap();
    first.load_safetensors(&file, &TensorNames::pytorch("bn1.")).unwrap();
    let config = BatchNormConfig { scale: false, center: false, ..BatchNormConfig::pytorch() };
    let mut second = BatchNorm::<f32>::new(3, config).unwrap();
    second.load_safetensors(&file, &TensorNames::pytorch("bn2.")).unwrap();
    assert_eq!((first.batches(), second.batches()), (3, 3));

    let Inferred { x, y } = read::<Inferred>("files.json").swap_remove(0);
    let x = array::<f32>(&[2, 3, 1, 2], &x);
    let found = second.infer(first.infer::<IxDyn>(x.view()).unwrap().view()).unwrap();
    assert!(difference(&found.mapv(f64::from), &y) < 1e-6);
}

#[test]
fn a_layer_of_keras_infers_as_there() {
    let mut layer = BatchNorm::<f32>::new(3, BatchNormConfig::keras()).unwrap();
    layer.load_safetensors(&bytes("keras.safetensors"), &TensorNames::keras("bn/")).unwrap();
    let Inferred { x, y } = read::<Inferred>("files.json").swap_remove(1);
    let found = layer.infer::<IxDyn>(array::<f32>(&[2, 3], &x).view()).unwrap();
    assert!(difference(&found.mapv(f64::from), &y) < 1e-6);
}

#[test]
fn files_hold_what_the_layer_has() {
    let trained = trained();
    for names in [TensorNames::pytorch("a.b."), TensorNames::keras("")] {
        let file = trained.to_safetensors(&names).unwrap();
        let mut loaded = BatchNorm::<f32>::new(3, BatchNormConfig::pytorch()).unwrap();
        loaded.load_safetensors(&file, &names).unwrap();
        assert_eq!((loaded.gamma(), loaded.beta()), (trained.gamma(), trained.beta()));
        let rounded = |values: ndarray::ArrayView1<f64>| values.mapv(|value| value as f32);
        assert_eq!(rounded(loaded.running_mean()), rounded(trained.running_mean()));
        assert_eq!(rounded(loaded.running_variance()), rounded(trained.running_variance()));
        assert_eq!(loaded.batches(), if names.batches.is_some() { 2 } else { 0 });
    }
    // Several layers in one file, one of them without anything but its parameters.
    let off = BatchNormConfig { average: RunningAverage::Off, ..BatchNormConfig::keras() };
    let off = BatchNorm::<f64>::new(2, off).unwrap();
    let (one, two) = (TensorNames::pytorch("1."), TensorNames::pytorch("2."));
    let file = trained.tensors(&one).into_iter().chain(off.tensors(&two));
    let file = safetensors::serialize(file, None).unwrap();
    off.clone().load_safetensors(&file, &two).unwrap();
    trained.clone().load_safetensors(&file, &one).unwrap();
}

/// Runs where the environment's `MIZUMASHI_PYTHON`, or `python3`, has PyTorch.
#[test]
fn pytorch_reads_ours() {
    let python = std::env::var("MIZUMASHI_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let torch = Command::new(&python).args(["-c", "import torch, safetensors.torch"]).output();
    if !torch.is_ok_and(|output| output.status.success()) {
        println!("skipped: {python} has no torch and safetensors; see {}", golden.display());
        return;
    }
    let trained = trained();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (file, x_file) = (folder.join("ours.safetensors"), folder.join("x.json"));
    let x = noise(7);
    std::fs::write(&file, trained.to_safetensors(&TensorNames::pytorch("bn1.")).unwrap()).unwrap();
    std::fs::write(&x_file, serde_json::to_vec(x.as_slice().unwrap()).unwrap()).unwrap();
    let output = Command::new(&python)
        .arg(golden.join("read_back.py"))
        .args([file, x_file])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    #[derive(Deserialize)]
    struct Theirs {
        y: Vec<f64>,
        batches: u64,
    }

    let Theirs { y, batches } = serde_json::from_slice(&output.stdout).unwrap();
    assert!(difference(&trained.infer(x.view()).unwrap().mapv(f64::from), &y) < 1e-6);
    assert_eq!(batches, 2);
}

/// What is done to a file's tensors.
type Change<'a> = &'a dyn Fn(&mut Vec<(String, Part)>);

#[test]
fn a_file_that_does_not_fit_is_refused_and_named() {
    let trained = trained();
    let names = TensorNames::pytorch("bn1.");
    let refused = |config: BatchNormConfig, change: Change| {
        let mut parts: Vec<_> = trained
            .tensors(&names)
            .into_iter()
            .map(|(name, part)| (name, Part::of(&part)))
            .collect();
        change(&mut parts);
        let file = safetensors::serialize(parts, None).unwrap();
        let mut layer = BatchNorm::<f32>::new(3, config).unwrap();
        let before = layer.clone();
        let error = layer.load_safetensors(&file, &names).unwrap_err();
        assert_eq!(layer, before);
        error
    };
    let pytorch = BatchNormConfig::pytorch();

    let error = refused(pytorch, &|parts| drop(parts.remove(1)));
    assert!(
        matches!(&error, Error::MissingTensor { name, present }
        if name == "bn1.bias" && present.contains(&"bn1.weight".to_owned())),
        "{error}"
    );

    let error = refused(BatchNormConfig { center: false, ..pytorch }, &|_| ());
    assert_eq!(error, Error::UnexpectedTensor { name: "bn1.bias".into() });

    let error = refused(pytorch, &|parts| parts[0].1 = Part::of_f64(&[1.0, 2.0, 3.0]));
    let (found, expected) = ("F64".to_owned(), "F32".to_owned());
    assert_eq!(error, Error::Dtype { name: "bn1.weight".into(), found, expected });

    let error = refused(pytorch, &|parts| parts[2].1 = Part::of_f32(&[0.0, 0.0]));
    let (found, expected) = (vec![2], vec![3]);
    assert_eq!(error, Error::TensorShape { name: "bn1.running_mean".into(), found, expected });

    let error = refused(pytorch, &|parts| parts[3].1 = Part::of_f32(&[1.0, -0.5, 1.0]));
    assert!(matches!(error, Error::RunningStatistics { channel: 1, variance: -0.5, .. }));

    let error = refused(pytorch, &|parts| parts[2].1 = Part::of_f32(&[0.0, 0.0, f32::NAN]));
    assert!(matches!(error, Error::RunningStatistics { channel: 2, .. }));

    let error = refused(pytorch, &|parts| parts[4].1.data = (-7_i64).to_le_bytes().to_vec());
    assert_eq!(error, Error::BatchCount { name: "bn1.num_batches_tracked".into(), found: -7 });
}

#[test]
fn a_damaged_file_is_an_error() {
    let names = TensorNames::pytorch("");
    let file = trained().to_safetensors(&names).unwrap();
    let mut layer = BatchNorm::<f32>::new(3, BatchNormConfig::pytorch()).unwrap();
    for length in 0..file.len() {
        let error = layer.load_safetensors(&file[..length], &names).unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error}");
    }
    layer.load_safetensors(&file, &names).unwrap();
}

#[test]
fn a_name_must_be_unique() {
    // Both entries describe the same bytes, so that nothing else is wrong with the file.
    let entry = r#""weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
    let header = format!("{{{entry},{entry}}}");
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend([0; 4]);
    let mut layer = BatchNorm::<f32>::new(1, BatchNormConfig::pytorch()).unwrap();
    let error = layer.load_safetensors(&file, &TensorNames::pytorch("")).unwrap_err();
    assert_eq!(error, Error::DuplicateTensor { name: "weight".into() });

    let twice = TensorNames { beta: "weight".into(), ..TensorNames::pytorch("") };
    let error = layer.to_safetensors(&twice).unwrap_err();
    assert_eq!(error, Error::DuplicateTensor { name: "weight".into() });
}

fn trained() -> BatchNorm<f32> {
    let mut layer = BatchNorm::new(3, BatchNormConfig::pytorch()).unwrap();
    layer.gamma_mut().assign(&values![0.5, -1.5, 2.0]);
    layer.beta_mut().assign(&values![0.1, 0.2, -0.3]);
    for seed in 1..3 {
        layer.forward(noise(seed).view()).unwrap();
    }
    layer
}

fn noise(seed: usize) -> Array4<f32> {
    Array4::from_shape_fn((4, 3, 2, 2), |(n, c, h, w)| {
        ((n * 7 + c * 3 + h * 5 + w * 11 + seed) % 13) as f32 / 3.0 + c as f32
    })
}

struct Part {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl Part {
    fn of(part: &impl View) -> Self {
        Self { dtype: part.dtype(), shape: part.shape().to_vec(), data: part.data().into_owned() }
    }

    fn of_f32(values: &[f32]) -> Self {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { dtype: Dtype::F32, shape: vec![values.len()], data }
    }

    fn of_f64(values: &[f64]) -> Self {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { dtype: Dtype::F64, shape: vec![values.len()], data }
    }
}

impl View for Part {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }

    fn data_len(&self) -> usize {
        self.data.len()
    }
}
