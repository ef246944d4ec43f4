//! Agreement with OpenCV, keras-preprocessing and numpy, by the figures of `golden/make.py`.

use mizumashi_stats::{Grouping, Layout, Moments, Statistics};
use mizumashi_transform::transforms::{
    BoxBlur, FeaturewiseStandardise, SamplewiseStandardise, Stretch,
};
use mizumashi_transform::{Error, Recipe, SampleKey, Transform};
use ndarray::{Array3, Array4};
use serde::Deserialize;

type Shape = (usize, usize, usize);

#[derive(Deserialize)]
struct Golden<C> {
    cases: Vec<C>,
}

#[derive(Deserialize)]
struct Blur {
    shape: Shape,
    image: Vec<f32>,
    blurred: Vec<(usize, Vec<f32>)>,
}

#[derive(Deserialize)]
struct Standardised {
    shape: Shape,
    batch: Vec<f32>,
    image: usize,
    keras: Keras,
    scaled: Vec<f32>,
}

#[derive(Deserialize)]
struct Keras {
    float64: KerasFigures,
    float32: KerasFigures,
}

#[derive(Deserialize)]
struct KerasFigures {
    centred: Vec<f32>,
    samplewise: Vec<f32>,
    featurewise: Vec<f32>,
    mean: Vec<f64>,
    std: Vec<f64>,
}

#[derive(Deserialize)]
struct Stretched {
    shape: Shape,
    image: Vec<f32>,
    low: f32,
    high: f32,
    whole: Vec<f32>,
    per_channel: Option<Vec<f32>>,
}

#[test]
fn the_box_blur_is_that_of_opencv() {
    for case in cases::<Blur>(include_str!("../golden/blur.json")) {
        let image = image(case.shape, &case.image);
        let greatest = image.iter().fold(0.0, |greatest: f32, value| greatest.max(value.abs()));
        for (size, expected) in &case.blurred {
            let blurred = apply(BoxBlur::new(*size).unwrap(), &image).unwrap();
            // OpenCV sums in double precision.
            assert_near(&blurred, expected, f32::EPSILON * greatest);
        }
    }
}

#[test]
fn samplewise_standardisation_is_that_of_keras() {
    for case in cases::<Standardised>(include_str!("../golden/standardise.json")) {
        let image = case.image();
        let centred = apply(SamplewiseStandardise::centre_only(), &image).unwrap();
        let scaled = apply(SamplewiseStandardise::scale_only(), &image).unwrap();
        let both = apply(SamplewiseStandardise::new(), &image).unwrap();

        // In double precision only the last rounding may differ.
        assert_near(&centred, &case.keras.float64.centred, ROUNDING * 128.0);
        assert_near(&both, &case.keras.float64.samplewise, ROUNDING * 4.0);
        assert_near(&scaled, &case.scaled, ROUNDING * 4.0);
        assert_near(&centred, &case.keras.float32.centred, f32::EPSILON * 128.0);
        assert_near(&both, &case.keras.float32.samplewise, f32::EPSILON * 4.0);
    }
}

#[test]
fn featurewise_standardisation_is_that_of_keras() {
    for case in cases::<Standardised>(include_str!("../golden/standardise.json")) {
        let (height, width, channels) = case.shape;
        let samples = case.batch.len() / (height * width * channels);
        let batch =
            Array4::from_shape_vec((samples, height, width, channels), case.batch.clone()).unwrap();
        let fitted =
            Statistics::<Moments>::of(batch.view(), Layout::Nhwc, Grouping::Channel).unwrap();
        let fitted = FeaturewiseStandardise::from_statistics(&fitted).unwrap();
        let figures = &case.keras.float64;
        for (ours, theirs) in [(fitted.mean(), &figures.mean), (fitted.std(), &figures.std)] {
            for (ours, theirs) in ours.unwrap().iter().zip(theirs) {
                assert!((ours - theirs).abs() <= 1e-13 * theirs.abs().max(1.0), "{ours} {theirs}");
            }
        }

        // Factor and summand are rounded before they are used.
        let standardised = apply(fitted, &case.image()).unwrap();
        assert_near(&standardised, &figures.featurewise, 2.0 * ROUNDING * 4.0);
        assert_near(&standardised, &case.keras.float32.featurewise, f32::EPSILON * 4.0);
    }
}

#[test]
fn the_stretch_is_that_of_numpy() {
    for case in cases::<Stretched>(include_str!("../golden/stretch.json")) {
        let image = image(case.shape, &case.image);
        let stretch = Stretch::new(case.low, case.high).unwrap();
        assert_near(&apply(stretch, &image).unwrap(), &case.whole, 2.0 * ROUNDING);
        if let Some(expected) = &case.per_channel {
            let stretched = apply(stretch.per_channel(), &image).unwrap();
            assert_near(&stretched, expected, 2.0 * ROUNDING);
        }
    }
}

/// Half a unit in the last place of numbers just below 1.
const ROUNDING: f32 = f32::EPSILON / 2.0;

impl Standardised {
    fn image(&self) -> Array3<f32> {
        let (height, width, channels) = self.shape;
        let values = self.batch.chunks(height * width * channels).nth(self.image).unwrap();
        image(self.shape, values)
    }
}

fn cases<C: for<'de> Deserialize<'de>>(json: &str) -> Vec<C> {
    serde_json::from_str::<Golden<C>>(json).unwrap().cases
}

fn image(shape: Shape, values: &[f32]) -> Array3<f32> {
    Array3::from_shape_vec(shape, values.to_vec()).unwrap()
}

fn apply(transform: impl Transform + 'static, image: &Array3<f32>) -> Result<Array3<f32>, Error> {
    let recipe = Recipe::new().then(transform);
    let key = SampleKey { seed: 0, epoch: 0, index: 0 };
    recipe.draw(key, image.dim())?.apply(image.view())
}

fn assert_near(found: &Array3<f32>, expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance, "{worst:e} off where {tolerance:e} is allowed");
}
