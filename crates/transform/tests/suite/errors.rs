//! Bad input has its typed error, which says what to mend.

use mizumashi_stats::{Grouping, Histogram, Layout, Statistics};
use mizumashi_transform::affine::{self, Affine, Error as AffineError, Shift, Warp};
use mizumashi_transform::transforms::{
    BoxBlur, FeaturewiseStandardise, RandomAffine, Rescale, SamplewiseStandardise, Stretch,
};
use mizumashi_transform::{
    Draw, Error, Fidelity, ImageShape, Operation, Plan, Program, Recipe, SampleKey, Scratch, Step,
};
use ndarray::{Array3, Array4, ArrayViewMut3};
use serde::{Deserialize, Serialize};

const KEY: SampleKey = SampleKey { seed: 0, epoch: 0, index: 0 };
const NAN: f64 = f64::NAN;
const INFINITY: f64 = f64::INFINITY;

#[test]
fn each_parameter_outside_its_range_is_named_with_its_value() {
    let featurewise = |mean: &[f64], std: &[f64]| {
        FeaturewiseStandardise::new(Some(mean.to_vec()), Some(std.to_vec())).map(drop)
    };
    let mean_only = || FeaturewiseStandardise::new(Some(vec![0.0]), None).unwrap();
    let rescale = || Rescale::new(1.0).unwrap();
    let samplewise = SamplewiseStandardise::new;
    let quantiles =
        |lower, upper| Stretch::new(0.0, 1.0).unwrap().quantiles(lower, upper).map(drop);
    let cases = [
        (BoxBlur::new(0).map(drop), "box_blur", "size", "0"),
        (BoxBlur::new(2).map(drop), "box_blur", "size", "2"),
        (BoxBlur::new(257).map(drop), "box_blur", "size", "257"),
        (Rescale::new(f32::NAN).map(drop), "rescale", "factor", "NaN"),
        (rescale().with_offset(f32::INFINITY).map(drop), "rescale", "offset", "inf"),
        (Stretch::new(1.0, 1.0).map(drop), "stretch", "range", "1..=1"),
        (Stretch::new(2.0, 1.0).map(drop), "stretch", "range", "2..=1"),
        (Stretch::new(f32::NAN, 1.0).map(drop), "stretch", "range", "NaN..=1"),
        (Stretch::new(0.0, f32::INFINITY).map(drop), "stretch", "range", "0..=inf"),
        (Stretch::new(f32::MIN, f32::MAX).map(drop), "stretch", "range", "..="),
        (quantiles(0.5, 0.5), "stretch", "quantiles", "0.5 and 0.5"),
        (quantiles(-0.1, 0.9), "stretch", "quantiles", "-0.1 and 0.9"),
        (quantiles(0.1, 1.5), "stretch", "quantiles", "0.1 and 1.5"),
        (quantiles(NAN, 1.0), "stretch", "quantiles", "NaN and 1"),
        (samplewise().with_epsilon(-1.0).map(drop), "samplewise_standardise", "epsilon", "-1"),
        (samplewise().with_epsilon(NAN).map(drop), "samplewise_standardise", "epsilon", "NaN"),
        (mean_only().with_epsilon(-0.5).map(drop), "featurewise_standardise", "epsilon", "-0.5"),
        (featurewise(&[NAN], &[1.0]), "featurewise_standardise", "mean", "NaN"),
        (featurewise(&[0.0], &[-1.0]), "featurewise_standardise", "std", "-1"),
        (featurewise(&[0.0], &[INFINITY]), "featurewise_standardise", "std", "inf"),
        (featurewise(&[0.0, 0.0], &[2.5]), "featurewise_standardise", "std", "2.5"),
    ];
    for (result, name, field, text) in cases {
        let error = result.unwrap_err();
        let Error::Parameter { transform, parameter, value, .. } = &error else {
            panic!("{error} is another kind of error");
        };
        assert_eq!((*transform, *parameter), (name, field));
        assert!(value.contains(text), "{value} instead of {text}");
        assert!(error.to_string().contains(" must ") || error.to_string().contains(" be "));
    }
}

#[test]
fn ranges_that_the_affine_crate_refuses_are_passed_on() {
    assert!(matches!(
        RandomAffine::rotation(-1.0),
        Err(Error::Affine(AffineError::InvalidAngle { .. }))
    ));
    assert!(matches!(
        RandomAffine::shift(Shift::Choice(vec![]), Shift::None),
        Err(Error::Affine(AffineError::EmptyChoice { .. }))
    ));
    let ranges = affine::RandomAffine { width_zoom: (0.0, 1.0), ..Default::default() };
    assert!(matches!(
        RandomAffine::new(ranges),
        Err(Error::Affine(AffineError::InvalidZoom { .. }))
    ));
}

#[test]
fn statistics_must_be_per_channel() {
    let images = Array4::from_shape_fn((2, 3, 3, 3), |(n, row, _, _)| (n + row) as u8);
    for grouping in [Grouping::Whole, Grouping::Pixel, Grouping::Sample] {
        let figures = Statistics::<Histogram>::of(images.view(), Layout::Nhwc, grouping).unwrap();
        let error = FeaturewiseStandardise::from_statistics(&figures).unwrap_err();
        assert!(matches!(&error, Error::Parameter { parameter: "grouping", .. }), "{error}");
        assert!(error.to_string().contains(&format!("{grouping:?}")), "{error}");
    }
}

#[test]
fn statistics_without_a_sample_are_refused() {
    let figures = Statistics::<Histogram>::new(Grouping::Channel);
    let recipe = FeaturewiseStandardise::from_statistics(&figures)
        .map(|transform| Recipe::new().then(transform));
    // No channel has been seen, so an image of any number of channels is one too many.
    let error = recipe.and_then(|recipe| recipe.draw(KEY, (2, 2, 1)).map(drop)).unwrap_err();
    assert!(matches!(error, Error::Channels { expected: 0, found: 1, .. }), "{error}");
}

#[test]
fn figures_for_another_number_of_channels_are_refused() {
    let featurewise = FeaturewiseStandardise::new(None, Some(vec![1.0; 3])).unwrap();
    let recipe = Recipe::new().then(featurewise);
    let error = recipe.draw(KEY, (4, 4, 1)).unwrap_err();
    let Error::Channels { transform, expected, found } = error else { panic!("{error}") };
    assert_eq!((transform, expected, found), ("featurewise_standardise", 3, 1));

    let uneven = Step::linear(vec![1.0; 3].into(), vec![0.0; 2].into());
    for step in [Step::rescale(1.0, 0.0, 2), uneven] {
        let input = ImageShape::new((4, 4, 3));
        let error = step.output_shape(input).unwrap_err();
        assert!(matches!(error, Error::Channels { expected: 2, found: 3, .. }), "{error}");
        let plan = Plan::new(input, vec![step], Fidelity::Fused);
        assert!(matches!(plan.output_shape(), Err(Error::Channels { .. })));
        assert!(matches!(plan.fuse(), Err(Error::Channels { .. })));
    }
}

#[test]
fn arrays_of_another_shape_are_refused() {
    let plan = Plan::new(ImageShape::new((4, 6, 3)), vec![], Fidelity::Fused);
    for shape in [(6, 4, 3), (4, 6, 1), (0, 6, 3)] {
        let error = plan.apply(Array3::<u8>::zeros(shape).view()).unwrap_err();
        let Error::Shape { what, expected, found } = error else { panic!("{error}") };
        assert_eq!((what, expected.dim(), found.dim()), ("image", (4, 6, 3), shape));
    }
    for shape in [(6, 4, 1), (4, 5, 3)] {
        let error = plan.apply_mask(Array3::zeros(shape).view(), 0).unwrap_err();
        assert!(matches!(error, Error::Shape { what: "mask", .. }), "{error}");
    }
    let mut output = Array3::zeros((4, 6, 1));
    let error = plan
        .fuse()
        .unwrap()
        .run(Array3::<u8>::zeros((4, 6, 3)).view(), output.view_mut(), &mut Scratch::default())
        .unwrap_err();
    assert!(matches!(error, Error::Shape { what: "output", .. }), "{error}");
}

#[test]
fn images_without_values_and_maps_without_meaning_are_refused() {
    for shape in [(0, 4, 3), (4, 0, 3), (4, 4, 0)] {
        let recipe = Recipe::new().then(BoxBlur::new(3).unwrap()).then(Rescale::new(1.0).unwrap());
        let plan = recipe.draw(KEY, shape).unwrap();
        let error = plan.apply(Array3::<f32>::zeros(shape).view()).unwrap_err();
        assert!(matches!(error, Error::Affine(AffineError::EmptySource { .. })), "{error}");
    }
    let warp = Warp { map: Affine::translation(NAN, 0.0), ..Default::default() };
    let plan =
        Plan::new(ImageShape::new((2, 2, 1)), vec![Step::geometric(warp, 2, 2)], Fidelity::Fused);
    let error = plan.apply(Array3::<u8>::zeros((2, 2, 1)).view()).unwrap_err();
    assert!(matches!(error, Error::Affine(AffineError::NotFinite { .. })), "{error}");
}

#[test]
fn outputs_beyond_all_memory_are_refused_before_they_are_made() {
    let side = 1 << 31;
    let step = || Step::geometric(Warp::default(), side, side);
    let input = ImageShape::new((2, 2, 3));
    let plan = Plan::new(input, vec![step()], Fidelity::Fused);
    let error = plan.apply(Array3::<u8>::zeros((2, 2, 3)).view()).unwrap_err();
    let Error::TooLarge { shape } = error else { panic!("{error}") };
    assert_eq!(shape.dim(), (side, side, 3));
    let error = Program::new(input, Fidelity::Exact).push(step()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");

    // A mask may have more channels than its image.
    let plan = Plan::new(
        ImageShape::new((1, 1, 1)),
        vec![Step::geometric(Warp::default(), 1 << 30, 1 << 30)],
        Fidelity::Fused,
    );
    let error = plan.apply_mask(Array3::zeros((1, 1, 4)).view(), 0).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");

    // A plan for an image that cannot exist meets the image that does.
    let plan = Plan::new(ImageShape::new((usize::MAX, 2, 3)), vec![], Fidelity::Fused);
    let error = plan.apply(Array3::<u8>::zeros((2, 2, 3)).view()).unwrap_err();
    assert!(matches!(error, Error::Shape { what: "image", .. }), "{error}");
}

#[test]
fn ranges_that_cannot_be_drawn_from_are_refused() {
    for (low, high) in [(1.0, 0.0), (NAN, 1.0), (0.0, NAN), (0.0, INFINITY), (INFINITY, INFINITY)] {
        let error = Draw::new(KEY, 0, ImageShape::new((1, 1, 1))).uniform(low, high).unwrap_err();
        let Error::Parameter { value, .. } = error else { panic!("{error}") };
        assert_eq!(value, format!("{low}..{high}"));
    }
}

#[test]
fn the_error_of_an_operation_reaches_the_caller_with_its_cause() {
    #[derive(Debug, Clone, Serialize, Deserialize)]
    struct Broken;

    #[typetag::serde(name = "test_broken")]
    impl Operation for Broken {
        fn apply(&self, _: ArrayViewMut3<'_, f32>, _: &mut Vec<f32>) -> Result<(), Error> {
            let source = "no light".into();
            Err(Error::Custom { transform: "test_broken", source })
        }
    }

    let steps = vec![Step::owned_operation(Broken)];
    let plan = Plan::new(ImageShape::new((2, 2, 1)), steps, Fidelity::Fused);
    let error = plan.apply(Array3::<u8>::zeros((2, 2, 1)).view()).unwrap_err();
    assert_eq!(error.to_string(), "test_broken: no light");
    assert!(std::error::Error::source(&error).is_some());
}
