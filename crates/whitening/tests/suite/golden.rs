//! Figures of other programs; `golden/make.py` says which.

use crate::support::assert_close;
use mizumashi_whitening::{
    Centring, ImageWhitening, Layout, Padding, Patches, Regularisation, Scope, Whitener,
    WhiteningKind,
};
use ndarray::{Array1, Array2, Array4, Axis, Ix4, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Rows {
    cases: Vec<RowsCase>,
}

#[derive(Deserialize)]
struct RowsCase {
    name: String,
    options: Whitener,
    /// In eighths, as the probe.
    rows: Vec<Vec<f32>>,
    probe: Vec<Vec<f32>>,
    mean: Vec<f64>,
    eigenvalues: Vec<f64>,
    matrix: Vec<Vec<f64>>,
    white: Vec<Vec<f64>>,
    #[serde(default)]
    shrinkage: f64,
}

#[derive(Deserialize)]
struct Images {
    generator: Vec<GeneratorCase>,
    colours: ColourCase,
}

#[derive(Deserialize)]
struct GeneratorCase {
    shape: [usize; 4],
    epsilon: f64,
    /// In eighths.
    images: Vec<f32>,
    white: Vec<f64>,
    std: f64,
}

#[derive(Deserialize)]
struct ColourCase {
    shape: [usize; 4],
    epsilon: f64,
    /// In eighths.
    images: Vec<f32>,
    matrix: Vec<Vec<f64>>,
    white: Vec<Vec<f64>>,
}

fn rows() -> Vec<RowsCase> {
    serde_json::from_str::<Rows>(include_str!("../golden/rows.json")).unwrap().cases
}

fn images() -> Images {
    serde_json::from_str(include_str!("../golden/images.json")).unwrap()
}

fn matrix<T: Clone>(rows: &[Vec<T>]) -> Array2<T> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn eighths(values: Vec<f32>, shape: [usize; 4]) -> Array4<f32> {
    Array4::from_shape_vec(shape, values).unwrap() / 8.0
}

#[test]
fn rows_agree_with_numpy_scipy_scikit_learn_and_keras() {
    for case in rows() {
        println!("{}", case.name);
        let whitening = case.options.fit((matrix(&case.rows) / 8.0).view()).unwrap();
        assert_close(&whitening.mean(), &Array1::from(case.mean), 1e-10);
        assert!((whitening.shrinkage() - case.shrinkage).abs() < 1e-12);
        assert_close(&whitening.eigenvalues(), &Array1::from(case.eigenvalues), 1e-8);
        assert_close(&whitening.matrix(1 << 20).unwrap(), &matrix(&case.matrix), 1e-10);
        let white = whitening.apply((matrix(&case.probe) / 8.0).view()).unwrap();
        assert_close(&white, &matrix(&case.white), 1e-5);
    }
}

/// What `featurewise_center` subtracts: the mean of each channel.
fn centred_per_channel(images: &Array4<f32>) -> Array4<f32> {
    let mean = images.mapv(f64::from).into_shape_with_order((images.len() / 3, 3)).unwrap();
    let mean = mean.mean_axis(Axis(0)).unwrap();
    (images.mapv(f64::from) - mean).mapv(|x| x as f32)
}

fn keras(epsilon: f64, images: &Array4<f32>) -> ImageWhitening {
    Whitener::zca()
        .centring(Centring::None)
        .regularisation(Regularisation::Eigenvalue(epsilon))
        .fit_images(images.view(), Layout::Nhwc, Scope::Pixels)
        .unwrap()
}

#[test]
fn images_agree_with_keras_preprocessing() {
    for case in images().generator {
        let images = centred_per_channel(&eighths(case.images, case.shape));
        let white = keras(case.epsilon, &images).apply(images.view(), Layout::Nhwc).unwrap();
        let expected = Array4::from_shape_vec(case.shape, case.white).unwrap();
        assert_close(&white.into_dimensionality::<Ix4>().unwrap(), &expected, 1e-5);
        let std = keras(case.epsilon, &images)
            .apply(images.view(), Layout::Nhwc)
            .unwrap()
            .mapv(f64::from)
            .std(0.0);
        assert!((std / case.std - 1.0).abs() < 1e-7);
    }
}

#[test]
fn colours_agree_with_numpy() {
    let case = images().colours;
    let images = eighths(case.images, case.shape);
    let colours = Whitener::zca()
        .regularisation(Regularisation::Eigenvalue(case.epsilon))
        .fit_images(images.view(), Layout::Nhwc, Scope::Channels)
        .unwrap();
    assert_eq!(colours.whitening().kind(), WhiteningKind::Zca);
    assert_close(&colours.whitening().matrix(72).unwrap(), &matrix(&case.matrix), 1e-11);
    let white = colours.apply_flat(images.view(), Layout::Nhwc).unwrap();
    assert_close(&white, &matrix(&case.white), 1e-6);
}

#[derive(Deserialize)]
struct PatchLayers {
    shape: [usize; 4],
    /// In eighths.
    images: Vec<f32>,
    layers: Vec<PatchLayer>,
}

#[derive(Deserialize)]
struct PatchLayer {
    name: String,
    kind: WhiteningKind,
    size: usize,
    epsilon: f64,
    centring: Centring,
    padding: Padding,
    stride: usize,
    eigenvalues: Vec<f64>,
    /// (out, in, height, width)
    weights: Vec<f64>,
    bias: Vec<f64>,
    /// Of the first two images, channels last.
    white: Vec<f64>,
}

#[test]
fn convolutions_agree_with_numpy_and_scipy() {
    let golden: PatchLayers = serde_json::from_str(include_str!("../golden/patches.json")).unwrap();
    let images = eighths(golden.images, golden.shape);
    for layer in golden.layers {
        println!("{}", layer.name);
        let patches = Whitener::new(layer.kind)
            .centring(layer.centring)
            .regularisation(Regularisation::Eigenvalue(layer.epsilon))
            .fit_patches(images.view(), Layout::Nhwc, Patches::square(layer.size))
            .unwrap();
        let found = patches.whitening().eigenvalues();
        assert_close(&found, &Array1::from(layer.eigenvalues), 1e-9);
        let convolution = match layer.kind {
            WhiteningKind::Pca => patches.convolution().unwrap().doubled(),
            _ => patches.centre_convolution().unwrap(),
        };
        let convolution = convolution.padding(layer.padding).stride(layer.stride);
        let weights = convolution.weights();
        let expected = Array4::from_shape_vec(weights.dim(), layer.weights).unwrap();
        assert_close(&weights, &expected, 1e-7);
        assert_close(&convolution.bias(), &Array1::from(layer.bias), 1e-6);
        let white = convolution.apply(images.slice(s![..2, .., .., ..]), Layout::Nhwc).unwrap();
        let expected = Array4::from_shape_vec(white.dim(), layer.white).unwrap();
        assert_close(&white, &expected, 1e-5);
    }
}
