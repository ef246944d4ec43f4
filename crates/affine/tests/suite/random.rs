//! What is drawn from random affine ranges, and which ranges are refused.

use mizumashi_affine::{AffineParameters, Error, RandomAffine, Shift};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn everything() -> RandomAffine {
    RandomAffine {
        rotation: 20.0,
        width_shift: Shift::Fraction(0.2),
        height_shift: Shift::Pixels(3),
        shear: 10.0,
        height_zoom: (0.8, 1.2),
        width_zoom: (0.5, 0.75),
        horizontal_flip: true,
        vertical_flip: true,
    }
}

fn draws(ranges: &RandomAffine, count: usize) -> Vec<AffineParameters> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    (0..count).map(|_| ranges.draw(&mut rng, 40, 30).unwrap()).collect()
}

fn shift() -> impl Strategy<Value = Shift> {
    // As fractions, as pixels, and mixed.
    let choice = |values| prop::collection::vec(values, 1..5).prop_map(Shift::Choice);
    prop_oneof![
        Just(Shift::None),
        (0.0..2.0f64).prop_map(Shift::Fraction),
        (0.0..9.0f64).prop_map(Shift::Distance),
        (0..9u32).prop_map(Shift::Pixels),
        choice(-2.0..1.0f64),
        choice(1.0..9.0f64),
        choice(-9.0..9.0f64),
    ]
}

fn zoom() -> impl Strategy<Value = (f64, f64)> {
    (0.1..2.0f64, prop_oneof![Just(0.0), 0.0..2.0f64]).prop_map(|(low, more)| (low, low + more))
}

fn any_ranges() -> impl Strategy<Value = RandomAffine> {
    let angles = (0.0..=360.0f64, 0.0..=89.0f64);
    (angles, (shift(), shift()), (zoom(), zoom()), any::<(bool, bool)>()).prop_map(
        |((rotation, shear), (height_shift, width_shift), (height_zoom, width_zoom), flips)| {
            RandomAffine {
                rotation,
                width_shift,
                height_shift,
                shear,
                height_zoom,
                width_zoom,
                horizontal_flip: flips.0,
                vertical_flip: flips.1,
            }
        },
    )
}

/// Whether a shift along a side of so many pixels is one of those.
fn allows(shift: &Shift, side: f64, drawn: f64) -> bool {
    match shift {
        Shift::Fraction(fraction) => drawn.abs() <= fraction * side,
        Shift::Distance(distance) => drawn.abs() <= *distance,
        Shift::Pixels(count) => drawn.fract() == 0.0 && drawn.abs() < f64::from(*count).max(1.0),
        Shift::Choice(values) => {
            let fractions = values.iter().all(|value| *value < 1.0);
            let unit = if fractions { side } else { 1.0 };
            values.iter().any(|value| (value * unit).abs() == drawn.abs())
        }
        _ => drawn == 0.0,
    }
}

proptest! {
    #[test]
    fn draws_stay_within_their_ranges(seed: u64, ranges in any_ranges()) {
        let drawn = ranges.draw(&mut ChaCha8Rng::seed_from_u64(seed), 40, 30).unwrap();
        prop_assert!(drawn.rotation.abs() <= ranges.rotation);
        prop_assert!(drawn.shear.abs() <= ranges.shear);
        prop_assert!(allows(&ranges.height_shift, 40.0, drawn.height_shift), "{drawn:?}");
        prop_assert!(allows(&ranges.width_shift, 30.0, drawn.width_shift), "{drawn:?}");
        for ((low, high), drawn) in
            [(ranges.height_zoom, drawn.height_zoom), (ranges.width_zoom, drawn.width_zoom)]
        {
            prop_assert!((low..=high).contains(&drawn));
        }
        prop_assert!(ranges.horizontal_flip || !drawn.horizontal_flip);
        prop_assert!(ranges.vertical_flip || !drawn.vertical_flip);
    }

    #[test]
    fn switching_one_range_off_leaves_the_other_numbers_alone(
        seed: u64, ranges in any_ranges(), field in 0..8,
    ) {
        let (off, none) = (RandomAffine::default(), AffineParameters::default());
        let mut still = ranges.clone();
        match field {
            0 => still.rotation = off.rotation,
            1 => still.height_shift = off.height_shift,
            2 => still.width_shift = off.width_shift,
            3 => still.shear = off.shear,
            4 => still.height_zoom = off.height_zoom,
            5 => still.width_zoom = off.width_zoom,
            6 => still.horizontal_flip = off.horizontal_flip,
            _ => still.vertical_flip = off.vertical_flip,
        }
        let [mut all, mut rest] = [(); 2].map(|()| ChaCha8Rng::seed_from_u64(seed));
        // Of the second draw, too: the first has taken as much from the generator.
        for _ in 0..2 {
            let mut expected = ranges.draw(&mut all, 40, 30).unwrap();
            match field {
                0 => expected.rotation = none.rotation,
                1 => expected.height_shift = none.height_shift,
                2 => expected.width_shift = none.width_shift,
                3 => expected.shear = none.shear,
                4 => expected.height_zoom = none.height_zoom,
                5 => expected.width_zoom = none.width_zoom,
                6 => expected.horizontal_flip = none.horizontal_flip,
                _ => expected.vertical_flip = none.vertical_flip,
            }
            prop_assert_eq!(still.draw(&mut rest, 40, 30).unwrap(), expected);
        }
    }
}

#[test]
fn the_default_changes_nothing() {
    for drawn in draws(&RandomAffine::default(), 10) {
        assert_eq!(drawn, AffineParameters::default());
        assert!(drawn.to_affine(40, 30).is_identity());
    }
}

#[test]
fn a_state_of_the_generator_gives_these_numbers() {
    let drawn = everything().draw(&mut ChaCha8Rng::seed_from_u64(42), 40, 30).unwrap();
    let expected = AffineParameters {
        rotation: 7.275847692266858,
        height_shift: -2.0,
        width_shift: -0.8698031657217625,
        shear: 2.547210423946808,
        height_zoom: 0.9154375516564731,
        width_zoom: 0.5374897175725812,
        horizontal_flip: true,
        vertical_flip: false,
    };
    assert_eq!(drawn, expected);
}

#[test]
fn zooms_are_drawn_apart() {
    let ranges = RandomAffine { width_zoom: (0.8, 1.2), ..everything() };
    assert!(draws(&ranges, 10).iter().all(|drawn| drawn.height_zoom != drawn.width_zoom));
}

#[test]
fn flips_come_in_half_of_the_draws() {
    let drawn = draws(&everything(), 1000);
    let across = drawn.iter().filter(|drawn| drawn.horizontal_flip).count();
    let down = drawn.iter().filter(|drawn| drawn.vertical_flip).count();
    let both = drawn.iter().filter(|drawn| drawn.horizontal_flip && drawn.vertical_flip).count();
    assert!((450..550).contains(&across), "{across}");
    assert!((450..550).contains(&down), "{down}");
    assert!((200..300).contains(&both), "{both}");
}

#[test]
fn whole_shifts_are_below_the_number_of_pixels() {
    let mut counts = [0; 5];
    for drawn in draws(&everything(), 6000) {
        counts[(drawn.height_shift + 2.0) as usize] += 1;
        assert_eq!(drawn.height_shift.fract(), 0.0);
    }
    for (count, expected) in counts.into_iter().zip([1000, 1000, 2000, 1000, 1000i32]) {
        assert!((count - expected).abs() < 150, "{counts:?}");
    }
    let none = RandomAffine { height_shift: Shift::Pixels(0), ..everything() };
    assert!(draws(&none, 10).iter().all(|drawn| drawn.height_shift == 0.0));
}

#[test]
fn choices_are_fractions_when_all_are_below_one_and_pixels_otherwise() {
    let choice = |values: &[f64]| RandomAffine {
        width_shift: Shift::Choice(values.to_vec()),
        ..RandomAffine::default()
    };
    let drawn = |values: &[f64]| {
        let mut found: Vec<f64> =
            draws(&choice(values), 200).iter().map(|drawn| drawn.width_shift).collect();
        found.sort_by(f64::total_cmp);
        found.dedup();
        found
    };
    assert_eq!(drawn(&[0.5, 0.1]), [-15.0, -3.0, 3.0, 15.0]);
    assert_eq!(drawn(&[0.5, 1.0]), [-1.0, -0.5, 0.5, 1.0]);
}

#[test]
fn bad_ranges_are_refused() {
    let none = RandomAffine::default;
    for value in [-1.0, f64::NAN, f64::INFINITY, 360.5] {
        let error = refusal(RandomAffine { rotation: value, ..none() });
        assert!(matches!(error, Error::InvalidAngle { name: "rotation", limit: 360.0, .. }));
    }
    for value in [-1.0, f64::NAN, 90.0] {
        let error = refusal(RandomAffine { shear: value, ..none() });
        assert!(matches!(error, Error::InvalidAngle { name: "shear", limit: 89.0, .. }));
    }
    for value in [-0.1, f64::NAN, f64::INFINITY, f64::MAX] {
        for shift in [Shift::Fraction(value), Shift::Distance(value)] {
            let error = refusal(RandomAffine { width_shift: shift, ..none() });
            assert!(matches!(error, Error::InvalidShift { name: "width_shift", .. }));
        }
    }
    let error =
        refusal(RandomAffine { height_shift: Shift::Choice(vec![1.0, f64::NAN]), ..none() });
    assert!(matches!(error, Error::InvalidShift { name: "height_shift", .. }));
    let error = refusal(RandomAffine { height_shift: Shift::Choice(vec![]), ..none() });
    assert_eq!(error, Error::EmptyChoice { name: "height_shift" });
    for zoom in [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
        let error = refusal(RandomAffine { height_zoom: zoom, ..none() });
        assert!(matches!(error, Error::InvalidZoom { name: "height_zoom", .. }));
        let error = refusal(RandomAffine { width_zoom: zoom, ..none() });
        assert!(matches!(error, Error::InvalidZoom { name: "width_zoom", .. }));
    }
}

/// The error of both ways in.
fn refusal(ranges: RandomAffine) -> Error {
    let error = ranges.validate().unwrap_err();
    let drawing = ranges.draw(&mut ChaCha8Rng::seed_from_u64(1), 8, 8).unwrap_err();
    assert_eq!(drawing.to_string(), error.to_string());
    error
}

#[test]
fn ranges_survive_serialisation() {
    let ranges = everything();
    let text = serde_json::to_string(&ranges).unwrap();
    assert!(text.contains(r#""width_shift":{"fraction":0.2}"#), "{text}");
    assert_eq!(serde_json::from_str::<RandomAffine>(&text).unwrap(), ranges);

    let drawn = draws(&ranges, 1)[0];
    let text = serde_json::to_string(&drawn).unwrap();
    assert_eq!(serde_json::from_str::<AffineParameters>(&text).unwrap(), drawn);
}

#[test]
fn absent_fields_take_their_default_and_bad_ones_are_refused() {
    let short: RandomAffine = serde_json::from_str(r#"{"rotation": 5.0}"#).unwrap();
    assert_eq!(short, RandomAffine { rotation: 5.0, ..RandomAffine::default() });
    for bad in [r#"{"rotation": -5.0}"#, r#"{"turn": 5.0}"#, r#"{"width_zoom": [2.0, 1.0]}"#] {
        assert!(serde_json::from_str::<RandomAffine>(bad).is_err(), "{bad}");
    }
}
