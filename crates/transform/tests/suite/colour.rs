//! Random brightness and channel shift.

use mizumashi_transform::transforms::{BrightnessRule, RandomBrightness, RandomChannelShift};
use mizumashi_transform::{Error, Fidelity, ImageShape, Plan, Recipe, SampleKey, Transform};
use ndarray::Array3;
use proptest::prelude::*;

use crate::strategies::images;

fn image() -> Array3<u8> {
    Array3::from_shape_fn((5, 7, 3), |(h, w, c)| (40 + 17 * h + 5 * w + 11 * c) as u8)
}

fn augmented(transform: impl Transform + 'static, index: u64) -> Array3<f32> {
    let (recipe, image) = (Recipe::new().then(transform), image());
    let key = SampleKey { seed: 3, epoch: 0, index };
    let plan = recipe.draw(key, image.dim()).unwrap();
    // What a plan's file holds is what was drawn.
    let stored = serde_json::to_string(&plan).unwrap();
    let reloaded: Plan<'_> = serde_json::from_str(&stored).unwrap();
    let pixels = plan.apply(image.view()).unwrap();
    assert_eq!(reloaded.apply(image.view()).unwrap(), pixels);
    pixels
}

proptest! {
    #[test]
    fn one_factor_brightens_all_values(index: u64, low in 0.0..2.0, span in 0.0..1.0) {
        let (before, after) = (image(), augmented(RandomBrightness::new(low, low + span).unwrap(), index));
        let factor = after[[0, 0, 0]] / f32::from(before[[0, 0, 0]]);
        prop_assert!((low - 1e-5..low + span + 1e-5).contains(&f64::from(factor)));
        for (after, &before) in after.iter().zip(&before) {
            prop_assert!((after - f32::from(before) * factor).abs() <= 1e-4);
        }
    }

    #[test]
    fn one_number_shifts_all_values_within_their_range(index: u64, range in 1.0..50.0) {
        let before = image();
        let after = augmented(RandomChannelShift::new(range).unwrap(), index);
        let (min, max) = (40.0, f32::from(before[[4, 6, 2]]));
        // A value in the middle of the range, which is wider than any shift here, tells the number.
        let middle = 0.5 * (min + max);
        let number = before.iter().zip(&after)
            .map(|(&before, after)| (f32::from(before), after - f32::from(before)))
            .min_by(|a, b| (a.0 - middle).abs().total_cmp(&(b.0 - middle).abs()))
            .unwrap().1;
        prop_assert!(f64::from(number.abs()) <= range);
        for (after, &before) in after.iter().zip(&before) {
            // The number is known up to the rounding of the sum that it is taken from.
            prop_assert!((after - (f32::from(before) + number).clamp(min, max)).abs() <= 1e-4);
        }
    }

    #[test]
    fn the_rule_of_pil_multiplies_the_whole_numbers_of_the_stretched_image_save_alpha(
        image in images(),
        factor in 0.0f32..3.0,
    ) {
        let brightened = |factor| {
            let shape = ImageShape::new(image.dim());
            let step = BrightnessRule::Pil.step(factor, shape.channels);
            Plan::new(shape, vec![step], Fidelity::Fused).apply(image.view()).unwrap()
        };
        let (min, max) = image.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &x| {
            (f64::from(x).min(min), f64::from(x).max(max))
        });
        let (stretched, after) = (brightened(1.0), brightened(factor));
        for (at, &before) in image.indexed_iter() {
            // One colour has no range, and is black.
            let range = if min < max { max - min } else { 1.0 };
            let share = (f64::from(before) - min) / range;
            let byte = stretched[at];
            prop_assert!((0.0..=255.0).contains(&byte) && byte == byte.trunc());
            // Less than 1 is cut off what two differences, a quotient and a product rounded to.
            let cut = 255.0 * share - f64::from(byte);
            let rounding = 255.0 * 2.0 * f64::from(f32::EPSILON);
            prop_assert!((-rounding..1.0 + rounding).contains(&cut), "{} off", cut);

            let expected = if at.2 == 3 { byte } else { (factor * byte).min(255.0).floor() };
            prop_assert_eq!(after[at], expected);
        }
    }
}

#[test]
fn samples_differ() {
    let shift = || RandomChannelShift::new(20.0).unwrap();
    assert_ne!(augmented(shift(), 0), augmented(shift(), 1));
    let brightness = || RandomBrightness::new(0.5, 1.5).unwrap();
    assert_ne!(augmented(brightness(), 0), augmented(brightness(), 1));
}

#[test]
fn no_range_changes_nothing() {
    let same = image().mapv(f32::from);
    assert_eq!(augmented(RandomBrightness::new(1.0, 1.0).unwrap(), 0), same);
    assert_eq!(augmented(RandomChannelShift::new(0.0).unwrap(), 0), same);
}

#[test]
fn ranges_without_meaning_are_refused_with_their_value() {
    for (low, high) in [(1.5, 0.5), (-0.1, 1.0), (0.0, f64::INFINITY), (f64::NAN, 1.0)] {
        let error = RandomBrightness::new(low, high).unwrap_err();
        assert!(
            matches!(&error, Error::Parameter { value, .. } if *value == format!("{low}..{high}"))
        );
    }
    for range in [-1.0, f64::INFINITY, f64::NAN] {
        let error = RandomChannelShift::new(range).unwrap_err();
        assert!(matches!(&error, Error::Parameter { value, .. } if *value == range.to_string()));
    }
    let stored =
        r#"{"version":1,"transforms":[{"transform":"random_channel_shift","range":-1.0}]}"#;
    assert!(Recipe::from_json(stored).is_err());
}
