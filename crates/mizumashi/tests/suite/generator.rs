//! What a fit learns, and what becomes of images by it.

use mizumashi::affine::{Border, Interpolation};
use mizumashi::stats::Layout;
use mizumashi::whitening::{Method, Regularisation, Scope, Whitener};
use mizumashi::{Error, ImageDataGenerator, ImageDataGeneratorBuilder};
use ndarray::{Array4, Axis};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    arguments: Arguments,
    mean: Option<Vec<f64>>,
    std: Option<Vec<f64>>,
    standardised: Vec<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    featurewise_center: bool,
    featurewise_std_normalization: bool,
    samplewise_center: bool,
    samplewise_std_normalization: bool,
    rescale: Option<f32>,
}

/// The images of `golden/make.py`.
fn images() -> Array4<u8> {
    Array4::from_shape_fn((12, 4, 5, 3), |(n, h, w, c)| {
        ((n * 37 + h * h * 11 + w * 29 + c * 71 + n * h * w * 3) % 256) as u8
    })
}

fn generator(arguments: &Arguments) -> ImageDataGenerator {
    let mut builder = ImageDataGenerator::builder()
        .featurewise_center(arguments.featurewise_center)
        .featurewise_std_normalization(arguments.featurewise_std_normalization)
        .samplewise_center(arguments.samplewise_center)
        .samplewise_std_normalization(arguments.samplewise_std_normalization);
    if let Some(factor) = arguments.rescale {
        builder = builder.rescale(factor);
    }
    builder.build().unwrap()
}

fn close(found: impl IntoIterator<Item = f64>, expected: &[f64], bound: f64) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= bound, "{found} is not {expected}");
    }
}

#[test]
fn figures_and_pixels_are_those_of_keras() {
    let golden: Golden = serde_json::from_str(include_str!("../golden/keras.json")).unwrap();
    assert_eq!(golden.cases.len(), 7);
    for case in &golden.cases {
        // From u8 and from f32, which take different ways to the figures.
        let mut from_bytes = generator(&case.arguments);
        from_bytes.fit(&images()).unwrap();
        let mut from_floats = generator(&case.arguments);
        let floats = images().mapv(f32::from);
        from_floats.fit(&floats).unwrap();
        for (fitted, x) in [
            (&from_bytes, from_bytes.standardize(&images()).unwrap()),
            (&from_floats, from_floats.standardize(&floats).unwrap()),
        ] {
            let scale = case.mean.iter().flatten().fold(1.0, |max: f64, mean| max.max(*mean));
            if let Some(mean) = &case.mean {
                close(fitted.mean().unwrap().iter().copied(), mean, 1e-6 * scale);
            }
            if let Some(std) = &case.std {
                close(fitted.std().unwrap().iter().copied(), std, 1e-6 * scale);
            }
            let first = x.slice_axis(Axis(0), (..2).into());
            let reach = case.standardised.iter().fold(1.0, |max: f64, x| max.max(x.abs()));
            close(first.iter().map(|&x| f64::from(x)), &case.standardised, 2e-6 * reach);
        }
    }
}

#[test]
fn nothing_is_served_before_a_fit_that_is_needed() {
    let x = images();
    let builders = [
        ImageDataGenerator::builder().featurewise_center(true),
        ImageDataGenerator::builder().featurewise_std_normalization(true),
        ImageDataGenerator::builder().zca_whitening(true),
    ];
    for builder in builders {
        let mut generator = builder.build().unwrap();
        assert!(matches!(generator.flow(&x, (), 4).unwrap_err(), Error::NotFitted { .. }));
        assert!(matches!(generator.standardize(&x).unwrap_err(), Error::NotFitted { .. }));
        assert!(matches!(generator.recipe().unwrap_err(), Error::NotFitted { .. }));
        generator.fit(&x).unwrap();
        assert!(generator.flow(&x, (), 4).is_ok());
    }
}

#[test]
fn a_failed_fit_leaves_the_last_one() {
    let mut generator = ImageDataGenerator::builder().zca_whitening(true).build().unwrap();
    generator.fit(&images()).unwrap();
    let before = generator.mean().unwrap().to_vec();
    let one = Array4::<u8>::ones((1, 4, 5, 3));
    assert!(matches!(generator.fit(&one).unwrap_err(), Error::Whitening(_)));
    assert_eq!(generator.mean().unwrap(), before);
    assert!(generator.flow(&images(), (), 4).is_ok());
}

#[test]
fn whitened_images_have_unit_covariance() {
    // More images (400) than values (12): every direction is kept.
    let x = Array4::from_shape_fn((400, 2, 2, 3), |(n, h, w, c)| {
        ((n * n * 7 + h * n * 13 + w * n * n * 3 + c * n * 29 + h * w * c * n) % 251) as u8
    });
    let exact = Whitener::zca().regularisation(Regularisation::Eigenvalue(0.0));
    for (scope, dims) in [(Scope::Pixels, 12), (Scope::Channels, 3)] {
        let mut generator = ImageDataGenerator::builder()
            .featurewise_center(true)
            .featurewise_std_normalization(true)
            .whitening(exact.clone(), scope)
            .build()
            .unwrap();
        generator.fit(&x).unwrap();
        assert_eq!(generator.whitening().unwrap().whitening().rank(), dims);
        let white = generator.standardize(&x).unwrap().mapv(f64::from);
        let rows = white.to_shape((white.len() / dims, dims)).unwrap();
        let covariance = rows.t().dot(&rows) / rows.nrows() as f64;
        for ((i, j), &value) in covariance.indexed_iter() {
            let expected = if i == j { 1.0 } else { 0.0 };
            assert!((value - expected).abs() < 1e-4, "({i}, {j}): {value}");
        }
    }
}

#[test]
fn fewer_images_than_values_whiten_through_the_dual() {
    let x = images();
    let mut generator = ImageDataGenerator::builder().zca_whitening(true).build().unwrap();
    generator.fit(&x).unwrap();
    let whitening = generator.whitening().unwrap().whitening();
    assert_eq!((whitening.features(), whitening.rank()), (60, 11));
    // Batches of any size, and single images, come out with the same bits.
    let whole = generator.standardize(&x).unwrap();
    for (index, image) in x.axis_iter(Axis(0)).enumerate() {
        let alone = generator.standardize(&image.insert_axis(Axis(0))).unwrap();
        assert_eq!(alone.index_axis(Axis(0), 0), whole.index_axis(Axis(0), index));
    }
}

#[test]
fn a_fit_on_augmented_images_sees_the_augmentation() {
    let x = images();
    let build = || {
        let builder = ImageDataGenerator::builder().featurewise_center(true);
        builder.zoom_range((0.5, 0.5)).build().unwrap()
    };
    let (mut plain, mut augmented, mut again) = (build(), build(), build());
    plain.fit(&x).unwrap();
    augmented.fit_augmented(&x, 2, 1).unwrap();
    again.fit_augmented(&x, 2, 1).unwrap();
    assert_ne!(plain.mean(), augmented.mean());
    assert_eq!(augmented.mean(), again.mean());
    assert!(matches!(plain.fit_augmented(&x, 0, 1).unwrap_err(), Error::Rounds));
}

/// A few small images of any pixels; one value alone is such a set.
fn sets() -> impl Strategy<Value = Array4<u8>> {
    (1usize..8, 1usize..5, 1usize..5, 1usize..5).prop_flat_map(|shape @ (n, h, w, c)| {
        let values = vec(any::<u8>(), n * h * w * c);
        values.prop_map(move |values| Array4::from_shape_vec(shape, values).unwrap())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    // A power of two scales exactly, so the figures must agree to the bit.
    #[test]
    fn figures_of_bytes_show_neither_order_nor_layout_and_follow_a_factor_exactly(
        x in sets(),
        exponent in -10..=0,
        sign in prop::sample::select(vec![-1.0_f32, 1.0]),
    ) {
        let fit = |x: &Array4<u8>, layout, factor| {
            let builder = ImageDataGenerator::builder().data_format(layout).rescale(factor);
            let mut generator = builder.featurewise_center(true).build().unwrap();
            generator.fit(x).unwrap();
            (generator.mean().unwrap().to_vec(), generator.std().unwrap().to_vec())
        };
        let (mut mean, mut std) = fit(&x, Layout::Nhwc, 1.0);
        let factor = sign * 2.0_f32.powi(exponent);
        mean.iter_mut().for_each(|mean| *mean *= f64::from(factor));
        std.iter_mut().for_each(|std| *std *= f64::from(factor.abs()));
        let first = x.clone().permuted_axes([0, 3, 1, 2]).as_standard_layout().into_owned();
        prop_assert_eq!(fit(&first, Layout::Nchw, factor), (mean.clone(), std.clone()));
        let mut reversed = x;
        reversed.invert_axis(Axis(0));
        prop_assert_eq!(fit(&reversed, Layout::Nhwc, factor), (mean, std));
    }

    #[test]
    fn the_fitted_set_comes_out_centred_and_divided_by_its_deviation(
        x in sets(),
        exponent in -16..=0,
        (center, normalise) in any::<(bool, bool)>(),
    ) {
        // Down to deviations beside which Keras' epsilon counts.
        let factor = 2.0_f32.powi(exponent);
        let mut generator = ImageDataGenerator::builder()
            .rescale(factor)
            .featurewise_center(center)
            .featurewise_std_normalization(normalise)
            .build()
            .unwrap();
        generator.fit(&x).unwrap();
        let served = generator.standardize(&x).unwrap().mapv(f64::from);
        let figures = generator.mean().unwrap().iter().zip(generator.std().unwrap());
        for (channel, (&mean, &std)) in served.axis_iter(Axis(3)).zip(figures) {
            let divisor = if normalise && std > 0.0 { std + 1e-6 } else { 1.0 };
            // Factor, addend, product and sum are rounded to `f32`, each by at most half an epsilon
            // of the largest value that there may be: so much can mean and deviation be off, too.
            let bound = 2.0 * f64::from(f32::EPSILON) * 255.0 * f64::from(factor) / divisor;
            // Whoever divides centres too, as in Keras.
            let expected = if center || normalise { 0.0 } else { mean };
            let (found, spread) = (channel.mean().unwrap(), channel.std(0.0));
            prop_assert!((found - expected).abs() <= bound, "{found} is not {expected}");
            prop_assert!((spread - std / divisor).abs() <= bound, "{spread} of {std}");
        }
    }
}

#[test]
fn constant_images_become_zeros() {
    let x = Array4::from_elem((3, 4, 4, 3), 77_u8);
    let mut featurewise = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .build()
        .unwrap();
    featurewise.fit(&x).unwrap();
    let samplewise = ImageDataGenerator::builder()
        .samplewise_center(true)
        .samplewise_std_normalization(true)
        .build()
        .unwrap();
    for generator in [featurewise, samplewise] {
        assert!(generator.standardize(&x).unwrap().iter().all(|&value| value == 0.0));
    }
}

#[test]
fn a_whitening_that_would_take_too_much_memory_is_refused() {
    let small = Whitener::zca().memory_limit(1000);
    let builder = ImageDataGenerator::builder().whitening(small, Scope::Pixels);
    let error = builder.build().unwrap().fit(&images()).unwrap_err();
    let refused = matches!(
        error,
        Error::Whitening(mizumashi::whitening::Error::MemoryLimit { limit: 1000, .. })
    );
    assert!(refused, "{error}");
}

#[test]
fn the_whitening_method_that_was_asked_for_is_taken() {
    let x = Array4::from_shape_fn((40, 2, 2, 1), |(n, h, w, _)| (n * n + 7 * n * h + w * 31) as u8);
    for method in [Method::Dual, Method::Primal] {
        let whitener = Whitener::zca().method(Some(method));
        let builder = ImageDataGenerator::builder().whitening(whitener, Scope::Pixels);
        let mut generator = builder.build().unwrap();
        generator.fit(&x).unwrap();
        let whitening = generator.whitening().unwrap().whitening();
        assert_eq!(whitening.solution().method, method);
    }
}

#[test]
fn a_whitening_that_gives_no_image_is_refused() {
    let pixels = ImageDataGenerator::builder().whitening(Whitener::pca(), Scope::Pixels);
    assert!(matches!(pixels.build().unwrap_err(), Error::Argument { argument: "whitening", .. }));
    // Grey pictures in colour have one direction of colour alone.
    let grey = Array4::from_shape_fn((5, 3, 3, 3), |(n, h, w, _)| (n * 9 + h * 3 + w) as u8);
    let builder = ImageDataGenerator::builder().whitening(Whitener::pca(), Scope::Channels);
    let error = builder.build().unwrap().fit(&grey).unwrap_err();
    assert!(matches!(error, Error::Argument { argument: "whitening", .. }), "{error}");
}

#[test]
fn images_of_another_size_than_the_whitening_are_refused_at_once() {
    let mut generator = ImageDataGenerator::builder().zca_whitening(true).build().unwrap();
    generator.fit(&images()).unwrap();
    let error = generator.flow(&Array4::<u8>::zeros((3, 5, 5, 3)), (), 2).unwrap_err();
    assert!(matches!(error, Error::Transform(_)), "{error}");
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    let build = ImageDataGenerator::builder;
    let refused = [
        build().rotation_range(-1.0),
        build().rotation_range(f64::NAN),
        build().zoom_range((0.0, 1.0)),
        build().zoom_range((1.2, 0.8)),
        build().width_shift_range(-0.1),
        build().rescale(f32::INFINITY),
        build().fill_mode(Border::Constant(f32::NAN)),
        build().interpolation_order(6),
        build().rotation_range(20.0).interpolation_order(u8::MAX),
    ];
    for builder in refused {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, Error::Transform(_)), "{error}");
    }
}

#[test]
fn orders_of_interpolation_are_those_of_keras() {
    let orders = [
        (0, "\"nearest\""),
        (1, "\"bilinear\""),
        (2, r#"{"spline":2}"#),
        (3, r#"{"spline":3}"#),
        (4, r#"{"spline":4}"#),
        (5, r#"{"spline":5}"#),
    ];
    let recipe = |builder: ImageDataGeneratorBuilder| {
        let generator = builder.rotation_range(20.0).build().unwrap();
        serde_json::to_string(&generator.recipe().unwrap()).unwrap()
    };
    for (order, name) in orders {
        let stored = recipe(ImageDataGenerator::builder().interpolation_order(order));
        assert!(stored.contains(&format!("\"interpolation\":{name}")), "{stored}");
    }
    // The last call counts, and mends an order that there is none of.
    let builder = ImageDataGenerator::builder().interpolation_order(9);
    assert_eq!(
        recipe(builder.interpolation(Interpolation::Nearest)),
        recipe(ImageDataGenerator::builder().interpolation_order(0))
    );
}

#[test]
fn splines_of_any_order_reach_the_batches() {
    let x = images();
    let batch = |order| {
        let builder = ImageDataGenerator::builder().rotation_range(20.0).interpolation_order(order);
        let generator = builder.build().unwrap();
        generator.flow(&x, (), 12).unwrap().seed(3).next().unwrap().unwrap().x
    };
    let batches: Vec<_> = (0..=5).map(batch).collect();
    for (order, batch) in batches.iter().enumerate() {
        assert!(batch.iter().all(|value| (-300.0..555.0).contains(value)));
        for other in &batches[..order] {
            assert_ne!(batch, other);
        }
    }
}
