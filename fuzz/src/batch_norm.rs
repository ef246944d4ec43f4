//! Layers of batch normalisation in files: JSON and safetensors.

use std::fmt::Debug;

use mizumashi::batchnorm::{BatchNorm, BatchNormConfig, Real, SampleNorm, TensorNames};
use ndarray::Array2;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::stored;

/// The first byte selects format and type; the rest is the file.
pub fn run(data: &[u8]) {
    let Some((&selector, file)) = data.split_first() else { return };
    let json = std::str::from_utf8(file).unwrap_or_default();
    match selector % 8 {
        0 => stored::read::<BatchNorm<f32>>(json).into_iter().for_each(layer),
        1 => stored::read::<BatchNorm<f64>>(json).into_iter().for_each(layer),
        2 => drop(stored::read::<BatchNormConfig>(json)),
        3 => stored::read::<SampleNorm<f32>>(json).into_iter().for_each(sample_norm),
        4 => tensors::<f32>(file, &TensorNames::pytorch("bn1.")),
        5 => tensors::<f64>(file, &TensorNames::pytorch("bn1.")),
        6 => tensors::<f32>(file, &TensorNames::keras("bn/")),
        _ => tensors::<f64>(file, &TensorNames::keras("bn/")),
    }
}

fn tensors<T: Real + Serialize + DeserializeOwned + Debug>(file: &[u8], names: &TensorNames) {
    for channels in 1..4 {
        let mut loaded = BatchNorm::<T>::new(channels, BatchNormConfig::pytorch()).unwrap();
        let before = loaded.clone();
        match loaded.load_safetensors(file, names) {
            Ok(()) => layer(loaded),
            Err(_) => assert_eq!(loaded, before, "a refused file changes nothing"),
        }
    }
}

fn layer<T: Real>(mut layer: BatchNorm<T>) {
    let value = |index: usize| T::of(index as f64 * 0.7 - 1.0);
    let channels = layer.channels();
    let x = Array2::from_shape_fn((3, channels), |(row, channel)| value(row * 3 + channel));
    let _ = layer.infer(x.view());
    let _ = layer.scale_shift();
    if let Ok((y, saved)) = layer.forward(x.view()) {
        assert_eq!(y.dim(), x.dim());
        let _ = layer.backward(&saved, x.view(), y.view());
    }
}

fn sample_norm(layer: SampleNorm<f32>) {
    let x = Array2::from_shape_fn((2, layer.gamma().len().max(1)), |(row, column)| {
        (row * 5 + column) as f32
    });
    let _ = layer.forward(x.view());
}
