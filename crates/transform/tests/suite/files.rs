//! Recipes and plans as JSON: what is written comes back, and what cannot be is refused.

use mizumashi_transform::affine::{self, Affine, Border, Shift, Warp};
use mizumashi_transform::transforms::{
    BoxBlur, BrightnessRule, Center, FeaturewiseStandardise, RandomAffine, RandomBrightness,
    RandomChannelShift, Rescale, SamplewiseStandardise, Stretch,
};
use mizumashi_transform::{
    Error, Fidelity, ImageShape, Plan, Recipe, SampleKey, Step, Transform, VERSION,
};
use ndarray::Array3;
use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::DeserializeOwned;

use crate::strategies::{INTERPOLATIONS, stretches};

fn random_affine() -> impl Strategy<Value = Recipe> {
    let borders = prop_oneof![
        any::<f32>().prop_filter("JSON has no NaN", |v| v.is_finite()).prop_map(Border::Constant),
        Just(Border::Nearest),
        Just(Border::Reflect),
        Just(Border::Wrap),
    ];
    let shifts = || {
        prop_oneof![
            Just(Shift::None),
            (0.0..0.5).prop_map(Shift::Fraction),
            (0.0..9.0).prop_map(Shift::Distance),
            (0u32..9).prop_map(Shift::Pixels),
            vec(-3.0..3.0, 1..4).prop_map(Shift::Choice),
        ]
    };
    let zooms = || (0.5..1.0, 1.0..2.0);
    let flips = (any::<bool>(), any::<bool>());
    let numbers = (0.0..180.0, shifts(), shifts(), 0.0..40.0, zooms(), zooms(), flips);
    let interpolations = prop::sample::select(&INTERPOLATIONS);
    let centers = prop::sample::select(&[Center::Image, Center::Keras]);
    let settings = (interpolations, borders, centers);
    (numbers, settings).prop_map(|(numbers, (interpolation, border, center))| {
        let (rotation, width_shift, height_shift, shear, height_zoom, width_zoom, flips) = numbers;
        let ranges = affine::RandomAffine {
            rotation,
            width_shift,
            height_shift,
            shear,
            height_zoom,
            width_zoom,
            horizontal_flip: flips.0,
            vertical_flip: flips.1,
        };
        let transform = RandomAffine::new(ranges).unwrap();
        Recipe::new().then(transform.interpolation(interpolation).border(border).center(center))
    })
}

fn featurewise() -> impl Strategy<Value = Recipe> {
    let figures = || prop::option::of(vec(0.0..1e3, 3));
    (figures(), figures(), 1e-9..1.0).prop_map(|(mean, std, epsilon)| {
        let transform = FeaturewiseStandardise::new(mean, std).unwrap();
        Recipe::new().then(transform.with_epsilon(epsilon).unwrap())
    })
}

/// Recipes of one transform of this crate.
fn transforms() -> impl Strategy<Value = Recipe> {
    let samplewise = vec![
        SamplewiseStandardise::new(),
        SamplewiseStandardise::centre_only(),
        SamplewiseStandardise::scale_only(),
    ];
    let rules = &[BrightnessRule::Multiply, BrightnessRule::Pil];
    prop_oneof![
        random_affine(),
        featurewise(),
        (-1e3f32..1e3, -1e3f32..1e3).prop_map(|(factor, offset)| {
            Recipe::new().then(Rescale::new(factor).unwrap().with_offset(offset).unwrap())
        }),
        (0usize..4).prop_map(|half| Recipe::new().then(BoxBlur::new(2 * half + 1).unwrap())),
        stretches().prop_map(|transform| Recipe::new().then(transform)),
        (0.0..2.0, 0.0..1.0, prop::sample::select(rules)).prop_map(|(low, span, rule)| {
            Recipe::new().then(RandomBrightness::new(low, low + span).unwrap().rule(rule))
        }),
        (0.0..99.0).prop_map(|range| Recipe::new().then(RandomChannelShift::new(range).unwrap())),
        prop::sample::select(samplewise).prop_map(|transform| Recipe::new().then(transform)),
    ]
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let fidelities = prop::sample::select(vec![Fidelity::Fused, Fidelity::Exact]);
    (vec(transforms(), 0..6), fidelities).prop_map(|(parts, fidelity)| {
        parts.into_iter().fold(Recipe::new().fidelity(fidelity), Recipe::append)
    })
}

fn keys() -> impl Strategy<Value = SampleKey> {
    any::<(u64, u64, u64)>().prop_map(|(seed, epoch, index)| SampleKey { seed, epoch, index })
}

fn image() -> Array3<u8> {
    Array3::from_shape_fn((7, 9, 3), |(row, column, channel)| {
        (row * row * 31 + column * 57 + column * row * 13 + channel * 101) as u8
    })
}

fn pixels(plan: &Plan<'_>) -> Vec<u32> {
    plan.apply(image().view()).unwrap().iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #[test]
    fn a_reloaded_recipe_draws_the_same_plans(recipe in recipes(), key in keys()) {
        let json = recipe.to_json().unwrap();
        let reloaded = Recipe::from_json(&json).unwrap();
        let plain: Recipe = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&reloaded.to_json().unwrap(), &json);
        prop_assert_eq!(&plain.to_json().unwrap(), &json);

        let original = recipe.draw(key, image().dim()).unwrap();
        let drawn = reloaded.draw(key, image().dim()).unwrap();
        prop_assert_eq!(drawn.to_json().unwrap(), original.to_json().unwrap());
        prop_assert_eq!(pixels(&drawn), pixels(&original));
    }

    #[test]
    fn a_plan_is_replayed_after_its_recipe_is_gone(recipe in recipes(), key in keys()) {
        let plan = recipe.draw(key, image().dim()).unwrap();
        let (expected, json) = (pixels(&plan), plan.to_json().unwrap());
        let owned: Plan<'static> = plan.into_owned();
        drop(recipe);
        prop_assert_eq!(pixels(&owned), expected.clone());
        prop_assert_eq!(&owned.to_json().unwrap(), &json);

        let reloaded = Plan::from_json(&json).unwrap();
        let plain: Plan<'_> = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(pixels(&reloaded), expected.clone());
        prop_assert_eq!(pixels(&plain), expected);
        prop_assert_eq!(reloaded.to_json().unwrap(), json);
    }

    #[test]
    fn every_finite_figure_of_a_step_comes_back_bit_for_bit(
        scale in vec(any::<f32>().prop_filter("finite", |v| v.is_finite()), 3),
        shift in vec(any::<f32>().prop_filter("finite", |v| v.is_finite()), 3),
        map in prop::array::uniform6(any::<f64>().prop_filter("finite", |v| v.is_finite())),
    ) {
        let [a, b, c, d, e, f] = map;
        let warp = Warp { map: Affine::new([[a, b, c], [d, e, f]]), ..Default::default() };
        let steps = vec![
            Step::linear(scale.clone().into(), shift.clone().into()),
            Step::geometric(warp, 4, 5),
        ];
        let plan = Plan::new(ImageShape::new((2, 2, 3)), steps, Fidelity::Fused);
        let reloaded = Plan::from_json(&plan.to_json().unwrap()).unwrap();
        let [Step::Linear(linear), Step::Geometric(geometric)] = reloaded.steps() else {
            panic!("{reloaded:?}");
        };
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&linear.scale), bits(&scale));
        prop_assert_eq!(bits(&linear.shift), bits(&shift));
        let rows = geometric.warp.map.rows();
        prop_assert!(rows.as_flattened().iter().zip(map).all(|(a, b)| a.to_bits() == b.to_bits()));
        prop_assert_eq!((geometric.height, geometric.width), (4, 5));
    }
}

#[test]
fn the_form_of_the_files_is_frozen() {
    let recipe = Recipe::new()
        .then(RandomAffine::rotation(20.0).unwrap().border(Border::Constant(0.5)))
        .then(Rescale::new(0.1).unwrap())
        .then(BoxBlur::new(3).unwrap())
        .then(FeaturewiseStandardise::new(Some(vec![0.1]), None).unwrap())
        .then(SamplewiseStandardise::new())
        .then(Stretch::new(0.0, 1.0).unwrap());
    assert_eq!(VERSION, 1);
    assert_eq!(recipe.to_json().unwrap(), include_str!("../frozen/recipe.json").trim_end());

    let steps = vec![
        Step::geometric(Warp::default(), 2, 3),
        Step::rescale(0.1, 0.0, 1),
        Step::owned_operation(BoxBlur::new(3).unwrap()),
    ];
    let plan = Plan::new(ImageShape::new((4, 5, 1)), steps, Fidelity::Exact);
    assert_eq!(plan.to_json().unwrap(), include_str!("../frozen/plan.json").trim_end());
}

#[test]
fn what_may_be_left_out_of_a_file_has_its_default() {
    let json = r#"{"version": 1, "transforms": [
        {"transform": "random_affine", "ranges": {}},
        {"transform": "rescale", "factor": 2},
        {"transform": "stretch", "low": 0, "high": 1},
        {"transform": "featurewise_standardise", "epsilon": 1e-6}
    ]}"#;
    let written = Recipe::new()
        .then(RandomAffine::rotation(0.0).unwrap())
        .then(Rescale::new(2.0).unwrap())
        .then(Stretch::new(0.0, 1.0).unwrap())
        .then(FeaturewiseStandardise::new(None, None).unwrap());
    assert_eq!(Recipe::from_json(json).unwrap().to_json().unwrap(), written.to_json().unwrap());
}

#[test]
fn another_version_is_refused_whatever_else_the_file_holds() {
    for json in [
        r#"{"version": 2, "transforms": []}"#,
        r#"{"version": 2, "transforms": [{"transform": "of_tomorrow"}], "wings": 2}"#,
    ] {
        let error = Recipe::from_json(json).unwrap_err();
        assert!(matches!(error, Error::Version { found: 2, supported: VERSION }), "{error}");
    }
    for json in [
        r#"{"version": 0, "input": {"height": 1, "width": 1, "channels": 1}, "steps": []}"#,
        r#"{"version": 0, "steps": "unknown"}"#,
    ] {
        let error = Plan::from_json(json).unwrap_err();
        assert!(matches!(error, Error::Version { found: 0, supported: VERSION }), "{error}");
    }
    assert_refused::<Recipe>(r#"{"version": 2, "transforms": []}"#, "version 2");
    assert_refused::<Plan<'_>>(&plan_of("").replace("1,", "3,"), "version 3");
}

#[test]
fn unknown_names_and_fields_are_refused() {
    for (transforms, said) in [
        (r#"{"transform": "sharpen"}"#, "sharpen"),
        (r#"{"size": 3}"#, "transform"),
        (r#"{"transform": "box_blur", "size": 3, "sigma": 1}"#, "sigma"),
        (r#"{"transform": "box_blur"}"#, "size"),
        (r#"{"transform": "rescale", "factor": null}"#, "null"),
    ] {
        assert!(matches!(Recipe::from_json(&recipe_of(transforms)), Err(Error::Json(_))));
        assert_refused::<Recipe>(&recipe_of(transforms), said);
    }
    let with_wings = recipe_of("").replace("}", r#", "wings": 2}"#);
    assert_refused::<Recipe>(&with_wings, "wings");
    assert_refused::<Plan<'_>>(&plan_of("").replace("steps", "wings"), "wings");

    for (step, said) in [
        (r#"{"operation": {"sharpen": {}}}"#, "sharpen"),
        (r#"{"operation": {"box_blur": {"size": 3, "sigma": 1}}}"#, "sigma"),
        (r#"{"photometric": {}}"#, "photometric"),
        (r#"{"geometric": {"warp": {}}}"#, "map"),
    ] {
        assert!(matches!(Plan::from_json(&plan_of(step)), Err(Error::Json(_))), "{step}");
        assert_refused::<Plan<'_>>(&plan_of(step), said);
    }
}

#[test]
fn invalid_parameters_are_refused_on_every_way_in() {
    type Read = fn(&str, &str);
    let cases: [(&str, &str, Read); 12] = [
        ("box_blur", r#""size": 0"#, assert_refused::<BoxBlur>),
        ("box_blur", r#""size": 4"#, assert_refused::<BoxBlur>),
        ("box_blur", r#""size": 257"#, assert_refused::<BoxBlur>),
        ("rescale", r#""factor": 1e300"#, assert_refused::<Rescale>),
        ("rescale", r#""factor": 1, "offset": -1e300"#, assert_refused::<Rescale>),
        ("stretch", r#""low": 1, "high": 1"#, assert_refused::<Stretch>),
        ("stretch", r#""low": -3e38, "high": 3e38"#, assert_refused::<Stretch>),
        (
            "samplewise_standardise",
            r#""centre": true, "scale": true, "epsilon": -1"#,
            assert_refused::<SamplewiseStandardise>,
        ),
        (
            "featurewise_standardise",
            r#""std": [1, -1], "epsilon": 0"#,
            assert_refused::<FeaturewiseStandardise>,
        ),
        (
            "featurewise_standardise",
            r#""mean": [1, 2], "std": [1], "epsilon": 0"#,
            assert_refused::<FeaturewiseStandardise>,
        ),
        (
            "featurewise_standardise",
            r#""mean": [1], "epsilon": -1e-6"#,
            assert_refused::<FeaturewiseStandardise>,
        ),
        ("random_affine", r#""ranges": {"rotation": -1}"#, assert_refused::<RandomAffine>),
    ];
    for (name, parameters, read) in cases {
        let said = match name {
            "random_affine" => "rotation",
            "rescale" => "out of range", // of `f32`, says the JSON reader already
            _ => name,
        };
        let transform = recipe_of(&format!(r#"{{"transform": "{name}", {parameters}}}"#));
        let error = Recipe::from_json(&transform).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert_refused::<Recipe>(&transform, said);
        if ["box_blur", "stretch", "samplewise_standardise"].contains(&name) {
            let step = format!(r#"{{"operation": {{"{name}": {{{parameters}}}}}}}"#);
            assert_refused::<Plan<'_>>(&plan_of(&step), name);
        }
        read(&format!("{{{parameters}}}"), said);
    }
}

#[test]
fn transforms_of_other_crates_are_validated_when_a_recipe_is_read() {
    use mizumashi_transform::Draw;
    use serde::{Deserialize, Serialize};

    /// Derives its serde traits, as most will, and checks itself in `validate` alone.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    struct Picky {
        even: u32,
    }

    #[typetag::serde(name = "test_picky")]
    impl Transform for Picky {
        fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
            Ok(Step::rescale(1.0, 0.0, draw.shape().channels))
        }

        fn validate(&self) -> Result<(), Error> {
            if self.even.is_multiple_of(2) {
                return Ok(());
            }
            Err(Error::Parameter {
                transform: "test_picky",
                parameter: "even",
                value: self.even.to_string(),
                mend: "it must be even",
            })
        }
    }

    let odd = recipe_of(r#"{"transform": "test_picky", "even": 3}"#);
    let error = Recipe::from_json(&odd).unwrap_err();
    assert!(matches!(error, Error::Parameter { transform: "test_picky", .. }), "{error}");
    assert_refused::<Recipe>(&odd, "even is 3");
    Recipe::from_json(&odd.replace('3', "4")).unwrap();
}

#[test]
fn plans_whose_steps_do_not_fit_are_refused() {
    let channels = plan_of(r#"{"linear": {"scale": [1, 1], "shift": [0, 0]}}"#);
    let error = Plan::from_json(&channels).unwrap_err();
    assert!(matches!(error, Error::Channels { expected: 2, found: 3, .. }), "{error}");
    assert_refused::<Plan<'_>>(&channels, "2 channels");

    let map = "[[1, 0, 0], [0, 1, 0]]";
    let warp = format!(r#"{{"map": {map}, "interpolation": "nearest", "border": "wrap"}}"#);
    let sides = r#""height": 9223372036854775807, "width": 2"#;
    let huge = plan_of(&format!(r#"{{"geometric": {{"warp": {warp}, {sides}}}}}"#));
    let error = Plan::from_json(&huge).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    assert_refused::<Plan<'_>>(&huge, "no memory");
}

fn recipe_of(transform: &str) -> String {
    format!(r#"{{"version": 1, "transforms": [{transform}]}}"#)
}

fn plan_of(step: &str) -> String {
    let input = r#"{"height": 7, "width": 9, "channels": 3}"#;
    format!(r#"{{"version": 1, "input": {input}, "steps": [{step}]}}"#)
}

/// The plain serde way in refuses this text too and says why.
fn assert_refused<T: DeserializeOwned + std::fmt::Debug>(json: &str, said: &str) {
    let error = serde_json::from_str::<T>(json).expect_err(json).to_string();
    assert!(error.contains(said), "{error:?} does not say {said:?}");
}
