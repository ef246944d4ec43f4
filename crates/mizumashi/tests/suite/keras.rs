//! `keras_compat` and what there is to compare with it: pixels of keras-preprocessing 1.1.2.

use mizumashi::affine::{AffineParameters, Border};
use mizumashi::stats::Layout;
use mizumashi::whitening::{Scope, Whitener};
use mizumashi::{
    Error, Fitted, ImageDataGenerator, ImageDataGeneratorBuilder, TransformParameters,
};
use ndarray::{Array3, Array4, Axis, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct Transformed {
    channels: usize,
    parameters: Parameters,
    arguments: Arguments,
    pixels: Vec<f32>,
}

/// Keras' names for them.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    theta: f64,
    tx: f64,
    ty: f64,
    shear: f64,
    zx: f64,
    zy: f64,
    flip_horizontal: bool,
    flip_vertical: bool,
    channel_shift_intensity: Option<f64>,
    brightness: Option<f64>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            theta: 0.0,
            tx: 0.0,
            ty: 0.0,
            shear: 0.0,
            zx: 1.0,
            zy: 1.0,
            flip_horizontal: false,
            flip_vertical: false,
            channel_shift_intensity: None,
            brightness: None,
        }
    }
}

impl From<&Parameters> for TransformParameters {
    fn from(keras: &Parameters) -> Self {
        Self {
            affine: AffineParameters {
                rotation: keras.theta,
                height_shift: keras.tx,
                width_shift: keras.ty,
                shear: keras.shear,
                height_zoom: keras.zx,
                width_zoom: keras.zy,
                horizontal_flip: keras.flip_horizontal,
                vertical_flip: keras.flip_vertical,
            },
            channel_shift: keras.channel_shift_intensity,
            brightness: keras.brightness,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    fill_mode: Option<String>,
    cval: f32,
    interpolation_order: Option<u8>,
}

impl Arguments {
    fn builder(&self) -> ImageDataGeneratorBuilder {
        let mut builder = ImageDataGenerator::builder().keras_compat(true);
        if let Some(mode) = &self.fill_mode {
            builder = builder.fill_mode(match mode.as_str() {
                "constant" => Border::Constant(self.cval),
                "nearest" => Border::Nearest,
                "reflect" => Border::Reflect,
                "wrap" => Border::Wrap,
                other => panic!("{other}"),
            });
        }
        match self.interpolation_order {
            Some(order) => builder.interpolation_order(order),
            None => builder,
        }
    }
}

/// The image of `golden/make.py`.
fn image(channels: usize) -> Array3<u8> {
    Array3::from_shape_fn((8, 9, channels), |(h, w, c)| {
        ((h * h * 11 + w * 29 + c * 71 + h * w * 3) % 256) as u8
    })
}

/// How far a pixel may be from Keras'.
fn bound(case: &Transformed) -> f32 {
    let Parameters { theta, tx, ty, shear, zx, zy, .. } = case.parameters;
    let whole = tx.fract() == 0.0 && ty.fract() == 0.0;
    let moves = theta != 0.0 || shear != 0.0 || (zx, zy) != (1.0, 1.0);
    match case.arguments.interpolation_order {
        // Pixels are copied, shifted in the same arithmetic, or cut to the same bytes.
        Some(0) => 0.0,
        _ if whole && !moves => 0.0,
        // A value on the edge of a byte can be cut to its neighbour.
        _ if case.parameters.brightness.is_some() => 1.0,
        _ => 1e-3,
    }
}

#[test]
fn fixed_transforms_give_the_pixels_of_keras() {
    let golden: Golden<Transformed> =
        serde_json::from_str(include_str!("../golden/transforms.json")).unwrap();
    assert_eq!(golden.cases.len(), 16 * 3 + 24 + 7);
    for case in &golden.cases {
        let Transformed { channels, arguments, pixels, .. } = case;
        let parameters = TransformParameters::from(&case.parameters);
        let image = image(*channels);
        let expected = Array3::from_shape_vec(image.dim(), pixels.clone()).unwrap();
        let last = arguments.builder().build().unwrap();
        let first = arguments.builder().data_format(Layout::Nchw).build().unwrap();
        let planes = image.view().permuted_axes([2, 0, 1]).to_owned();
        let found = [
            last.apply_transform(&image, &parameters).unwrap(),
            last.apply_transform(&image.mapv(f32::from), &parameters).unwrap(),
            first.apply_transform(&planes, &parameters).unwrap().permuted_axes([1, 2, 0]),
        ];
        for found in found {
            let worst = (&found - &expected).fold(0.0, |worst: f32, error| worst.max(error.abs()));
            assert!(
                worst <= bound(case),
                "{parameters:?} {channels} channels, {:?}, order {:?}: off by {worst}",
                arguments.fill_mode,
                arguments.interpolation_order
            );
        }
    }
}

#[derive(Deserialize)]
struct Whitened {
    fitted: usize,
    arguments: WhiteningArguments,
    standardised: Vec<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct WhiteningArguments {
    featurewise_center: bool,
    featurewise_std_normalization: bool,
    zca_epsilon: Option<f64>,
    rescale: Option<f32>,
}

#[test]
fn whitening_is_that_of_keras() {
    let x = Array4::from_shape_fn((80, 2, 3, 3), |(n, h, w, c)| {
        let x = n * n * 7 + h * n * 13 + w * n * n * 3 + c * n * 29 + h * w * c * n + w * 90;
        (x % 251) as u8
    });
    let golden: Golden<Whitened> =
        serde_json::from_str(include_str!("../golden/zca.json")).unwrap();
    assert_eq!(golden.cases.len(), 7);
    for Whitened { fitted, arguments, standardised } in &golden.cases {
        let mut builder = ImageDataGenerator::builder()
            .keras_compat(true)
            .zca_whitening(true)
            .featurewise_center(arguments.featurewise_center)
            .featurewise_std_normalization(arguments.featurewise_std_normalization);
        if let Some(epsilon) = arguments.zca_epsilon {
            builder = builder.zca_epsilon(epsilon);
        }
        if let Some(factor) = arguments.rescale {
            builder = builder.rescale(factor);
        }
        let mut generator = builder.build().unwrap();
        generator.fit(&x.slice(s![..*fitted, .., .., ..]).to_owned()).unwrap();
        let white = generator.standardize(&x.slice(s![20..24, .., .., ..]).to_owned()).unwrap();
        // f32 has 7 digits, and Keras' null directions bring the values up to 1e5.
        let reach = standardised.iter().fold(1.0, |reach: f64, value| reach.max(value.abs()));
        for (found, expected) in white.iter().zip(standardised) {
            let error = (f64::from(*found) - expected).abs();
            assert!(error < 1e-5 * reach, "{fitted} images: {found} is not {expected}");
        }
        assert_eq!(white.len(), standardised.len());
    }
}

/// What the tutorial prints, 1 / sqrt(128 * 128 * 3): the null directions, amplified by a thousand,
/// hold nothing of the one picture that was fitted.
#[test]
fn one_picture_is_divided_by_its_length() {
    let picture = Array4::from_shape_fn((1, 128, 128, 3), |(_, h, w, c)| {
        ((h * h * 7 + w * 31 + c * h * w) % 251) as u8
    });
    let mut generator =
        ImageDataGenerator::builder().keras_compat(true).zca_whitening(true).build().unwrap();
    generator.fit(&picture).unwrap();
    let white = generator.standardize(&picture).unwrap().mapv(f64::from);
    assert_eq!(format!("{:.7}", white.std(0.0)), "0.0045105");
    assert!(white.mean().unwrap().abs() < 1e-7);
}

#[test]
fn only_zca_whitening_overrules_the_featurewise_arguments() {
    let x = Array4::from_shape_fn((20, 2, 3, 3), |(n, h, w, c)| {
        ((n * n * 31 + h * 57 + w * 91 + c * n * 17 + h * w * c * 13) % 251) as u8
    });
    let recipe = |builder: ImageDataGeneratorBuilder| {
        let mut generator = builder.build().unwrap();
        generator.fit(&x).unwrap();
        generator.recipe().unwrap().to_json().unwrap()
    };
    let colours = || ImageDataGenerator::builder().whitening(Whitener::zca(), Scope::Channels);
    let compatible = |builder: ImageDataGeneratorBuilder| recipe(builder.keras_compat(true));
    // Without a centre, and with deviations, as they were asked for.
    assert_eq!(compatible(colours()), recipe(colours()));
    let scaled = || colours().featurewise_std_normalization(true);
    assert_eq!(compatible(scaled()), recipe(scaled()));
    let zca = |scaled| {
        let builder = ImageDataGenerator::builder().zca_whitening(true);
        compatible(builder.featurewise_std_normalization(scaled))
    };
    assert_eq!(zca(true), zca(false));
    assert!(zca(true).contains("featurewise"));
}

#[test]
fn a_fit_is_taken_over_by_a_generator_with_the_same_arguments_alone() {
    let x = Array4::from_shape_fn((9, 2, 3, 3), |(n, h, w, c)| {
        ((n * n * 31 + h * 57 + w * 91 + c * n * 17) % 251) as u8
    });
    let zca = || ImageDataGenerator::builder().zca_whitening(true).build().unwrap();
    let mut fitted = zca();
    fitted.fit(&x).unwrap();
    let json = serde_json::to_string(fitted.fitted().unwrap()).unwrap();
    let found = || serde_json::from_str::<Fitted>(&json).unwrap();
    let mut other = zca();
    other.restore(found()).unwrap();
    assert_eq!(other.standardize(&x).unwrap(), fitted.standardize(&x).unwrap());
    let centred = ImageDataGenerator::builder().featurewise_center(true);
    let refused = centred.build().unwrap().restore(found());
    assert!(matches!(refused, Err(Error::Argument { .. })));
    let colours = ImageDataGenerator::builder().whitening(Whitener::zca(), Scope::Channels);
    let refused = colours.build().unwrap().restore(found());
    assert!(matches!(refused, Err(Error::Argument { .. })));
}

#[test]
fn a_forgotten_fit_passes_as_in_keras_and_only_then() {
    let x = Array4::from_elem((3, 4, 4, 3), 50_u8);
    let builder = || ImageDataGenerator::builder().featurewise_center(true).rescale(0.5);
    assert!(matches!(builder().build().unwrap().standardize(&x), Err(Error::NotFitted { .. })));
    let mut lenient = builder().keras_compat(true).build().unwrap();
    assert!(lenient.standardize(&x).unwrap().iter().all(|&value| value == 25.0));
    assert!(lenient.flow(&x, (), 3).is_ok());
    lenient.fit(&x).unwrap();
    assert!(lenient.standardize(&x).unwrap().iter().all(|&value| value == 0.0));
}

#[test]
fn without_it_a_half_turn_stays_in_place() {
    let image = image(3);
    let half = AffineParameters { rotation: 180.0, ..Default::default() };
    let half = TransformParameters { affine: half, ..Default::default() };
    let turn = |compat| {
        let generator = ImageDataGenerator::builder().keras_compat(compat).build().unwrap();
        generator.apply_transform(&image, &half).unwrap()
    };
    let turned = image.slice(s![..;-1, ..;-1, ..]).mapv(f32::from);
    assert_eq!(turn(false), turned);
    assert_eq!(turn(true).slice(s![2.., 2.., ..]), turned.slice(s![..-2, ..-2, ..]));
}

#[test]
fn drawn_brightness_follows_the_rule_of_the_generator() {
    let x = Array4::from_elem((2, 4, 4, 3), 50_u8);
    let batch = |compat| {
        let builder = ImageDataGenerator::builder().brightness_range(0.5, 0.5);
        let generator = builder.keras_compat(compat).build().unwrap();
        generator.flow(&x, (), 2).unwrap().next_batch().unwrap().x
    };
    assert!(batch(false).iter().all(|&value| value == 25.0));
    // Keras stretches one colour to black.
    assert!(batch(true).iter().all(|&value| value == 0.0));
}

#[test]
fn numbers_that_mean_nothing_are_refused() {
    let generator = ImageDataGenerator::builder().build().unwrap();
    let refused = [
        TransformParameters { channel_shift: Some(f64::NAN), ..Default::default() },
        TransformParameters { channel_shift: Some(f64::INFINITY), ..Default::default() },
        TransformParameters { brightness: Some(-0.1), ..Default::default() },
    ];
    for parameters in refused {
        let error = generator.apply_transform(&image(3), &parameters).unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{error}");
    }
    let affine = AffineParameters { rotation: f64::NAN, ..Default::default() };
    let parameters = TransformParameters { affine, ..Default::default() };
    assert!(matches!(generator.apply_transform(&image(3), &parameters), Err(Error::Transform(_))));
}

#[test]
fn a_preprocessing_function_runs_before_rescaling_and_is_seen_by_a_fit() {
    let x = Array4::from_shape_fn((6, 3, 3, 1), |(n, h, w, _)| (n * 9 + h * 3 + w) as u8);
    let builder = ImageDataGenerator::builder()
        .preprocessing_function(|mut image| image.map_inplace(|value| *value = 255.0 - *value))
        .rescale(2.0)
        .featurewise_center(true);
    let mut generator = builder.build().unwrap();
    generator.fit(&x).unwrap();
    assert_eq!(generator.mean().unwrap(), [2.0 * (255.0 - 26.5)]);
    let standardised = generator.standardize(&x).unwrap();
    assert_eq!(standardised[[0, 0, 0, 0]], 53.0);
    assert!(standardised.mean_axis(Axis(0)).is_some());
}

#[test]
fn one_number_zooms_to_both_sides_of_one() {
    let recipe = |builder: ImageDataGeneratorBuilder| {
        serde_json::to_string(builder.build().unwrap().recipe().unwrap()).unwrap()
    };
    let builder = ImageDataGenerator::builder;
    assert_eq!(recipe(builder().zoom_range(0.25)), recipe(builder().zoom_range((0.75, 1.25))));
}
