//! What the transforms do to values, where it is known in closed form.

use mizumashi_stats::{Grouping, Layout, Moments, Statistics, quantiles};
use mizumashi_transform::transforms::{
    BoxBlur, FeaturewiseStandardise, Rescale, SamplewiseStandardise, Stretch,
};
use mizumashi_transform::{Recipe, SampleKey, Scratch, Transform};
use ndarray::{Array3, Axis, array};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::strategies::images;

fn apply(transform: impl Transform + 'static, image: &Array3<f32>) -> Array3<f32> {
    let recipe = Recipe::new().then(transform);
    let key = SampleKey { seed: 0, epoch: 0, index: 0 };
    recipe.draw(key, image.dim()).unwrap().apply(image.view()).unwrap()
}

fn extremes<'a>(values: impl IntoIterator<Item = &'a f32>) -> (f32, f32) {
    values
        .into_iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), &x| (min.min(x), max.max(x)))
}

proptest! {
    #[test]
    fn a_stretch_between_quantiles_cuts_what_lies_beyond_them(
        image in images(),
        lower in 0.0f64..0.4,
        upper in 0.6f64..1.0,
    ) {
        let bounds = quantiles(image.view(), &[lower, upper]).unwrap();
        let (min, max) = (bounds[0] as f32, bounds[1] as f32);
        prop_assume!(min < max);
        let stretch = Stretch::new(0.0, 255.0).unwrap().quantiles(lower, upper).unwrap();
        for (before, after) in image.iter().zip(&apply(stretch, &image)) {
            let share = (f64::from(*before) - f64::from(min)) / (f64::from(max) - f64::from(min));
            let expected = 255.0 * share.clamp(0.0, 1.0);
            prop_assert!((f64::from(*after) - expected).abs() <= 1e-3, "{} {}", after, expected);
        }
        // The whole range is what there is without quantiles.
        let whole = Stretch::new(0.0, 255.0).unwrap();
        prop_assert_eq!(apply(whole.quantiles(0.0, 1.0).unwrap(), &image), apply(whole, &image));
    }

    #[test]
    fn a_stretch_spans_its_bounds_exactly(
        image in images(),
        low in prop_oneof![-300.0f32..0.0, -0.1f32..0.0],
        high in prop_oneof![0.01f32..300.0, 0.001f32..0.1],
    ) {
        let (min, max) = extremes(&image);
        prop_assume!(min < max);
        let stretched = apply(Stretch::new(low, high).unwrap(), &image);
        prop_assert_eq!(extremes(&stretched), (low, high));
        for (before, after) in image.iter().zip(&stretched) {
            let expected = f64::from(low)
                + (f64::from(*before) - f64::from(min)) / (f64::from(max) - f64::from(min))
                    * (f64::from(high) - f64::from(low));
            let tolerance = 4.0 * f64::from(f32::EPSILON * (high - low));
            prop_assert!((f64::from(*after) - expected).abs() <= tolerance);
        }
    }

    #[test]
    fn a_stretch_per_channel_spans_its_bounds_in_each(image in images()) {
        let stretched = apply(Stretch::new(-1.0, 1.0).unwrap().per_channel(), &image);
        for (before, after) in image.axis_iter(Axis(2)).zip(stretched.axis_iter(Axis(2))) {
            let (min, max) = extremes(before);
            let expected = if min < max { (-1.0, 1.0) } else { (-1.0, -1.0) };
            prop_assert_eq!(extremes(after), expected);
        }
    }

    #[test]
    fn samplewise_standardisation_leaves_mean_0_and_deviation_1(image in images()) {
        let figures = |image: &Array3<f32>| {
            let image = image.mapv(f64::from);
            (image.mean().unwrap(), image.std(0.0))
        };
        let (before, deviation) = figures(&image);
        prop_assume!(deviation > 1e-2);
        let (mean, std) = figures(&apply(SamplewiseStandardise::new(), &image));
        prop_assert!(mean.abs() < 1e-5 && (std - 1.0).abs() < 1e-4, "{} {}", mean, std);

        let (mean, std) = figures(&apply(SamplewiseStandardise::centre_only(), &image));
        prop_assert!(mean.abs() < 1e-3 && (std / deviation - 1.0).abs() < 1e-5);
        let (mean, std) = figures(&apply(SamplewiseStandardise::scale_only(), &image));
        prop_assert!((mean * deviation - before).abs() < 1e-4 * before.abs().max(deviation));
        prop_assert!((std - 1.0).abs() < 1e-4);
    }

    #[test]
    fn featurewise_standardisation_is_its_formula_with_either_half_left_out(
        (image, figures) in images().prop_flat_map(|image| {
            let deviations = prop_oneof![Just(0.0), 0.1..9.0];
            let figures = vec((-50.0..50.0, deviations), image.dim().2);
            (Just(image), figures)
        }),
        (centres, scales) in any::<(bool, bool)>(),
        epsilon in prop_oneof![Just(0.0), 1e-6..1.0],
    ) {
        let (mean, std): (Vec<f64>, Vec<f64>) = figures.into_iter().unzip();
        let standardise =
            FeaturewiseStandardise::new(centres.then(|| mean.clone()), scales.then(|| std.clone()))
                .unwrap()
                .with_epsilon(epsilon)
                .unwrap();
        let standardised = apply(standardise.clone(), &image);
        for ((at, &before), &after) in image.indexed_iter().zip(&standardised) {
            let (before, after) = (f64::from(before), f64::from(after));
            let mean = if centres { mean[at.2] } else { 0.0 };
            // A channel that was constant in the fit is only centred.
            let divisor = if scales && std[at.2] > 0.0 { std[at.2] + epsilon } else { 1.0 };
            let expected = (before - mean) / divisor;
            // Factor and summand are rounded before they are used, then product and sum are.
            let size = (before.abs() + mean.abs()) / divisor;
            let tolerance = 2.0 * f64::from(f32::EPSILON) * size;
            prop_assert!((after - expected).abs() <= tolerance, "{} {}", after, expected);

            let (scale, shift) = standardise.scale_shift(at.2);
            prop_assert!((before * scale + shift - expected).abs() <= 4.0 * f64::EPSILON * size);
        }
    }

    #[test]
    fn featurewise_standardisation_by_the_figures_of_an_image_leaves_mean_0_and_deviation_1(
        image in images(),
    ) {
        let batch = image.view().insert_axis(Axis(0));
        let figures =
            Statistics::<Moments>::of(batch, Layout::Nhwc, Grouping::Channel).unwrap();
        let standardise = FeaturewiseStandardise::from_statistics(&figures).unwrap();
        let standardised = apply(standardise.clone(), &image);
        for (channel, after) in standardised.axis_iter(Axis(2)).enumerate() {
            let before = image.index_axis(Axis(2), channel);
            let deviation = before.mapv(f64::from).std(0.0);
            let (scale, _) = standardise.scale_shift(channel);
            // As above, of the greatest value and of the mean, which is no greater.
            let greatest = extremes(&before.mapv(f32::abs)).1;
            let tolerance = 4.0 * f64::from(f32::EPSILON * greatest) * scale;
            let after = after.mapv(f64::from);
            let (mean, std) = (after.mean().unwrap(), after.std(0.0));
            prop_assert!(mean.abs() <= tolerance, "{}", mean);
            prop_assert!((std - deviation / (deviation + 1e-6)).abs() <= tolerance, "{}", std);
        }
    }

    #[test]
    fn rescaling_is_a_multiplication_and_an_addition(
        image in images(),
        factor in -10.0f32..10.0,
        offset in -10.0f32..10.0,
    ) {
        let rescaled = apply(Rescale::new(factor).unwrap().with_offset(offset).unwrap(), &image);
        prop_assert_eq!(rescaled, image.mapv(|value| value * factor + offset));
    }

    #[test]
    fn a_blur_is_the_mean_of_the_window_mirrored_at_the_edge(
        image in images(),
        size in prop::sample::select(vec![1usize, 3, 5, 9, 31]),
    ) {
        let blurred = apply(BoxBlur::new(size).unwrap(), &image);
        let (height, width, _) = image.dim();
        let reach = (size / 2) as isize;
        let greatest = extremes(&image.mapv(f32::abs)).1;
        for ((row, column, channel), &found) in blurred.indexed_iter() {
            let mut sum = 0.0;
            for down in -reach..=reach {
                for across in -reach..=reach {
                    let y = reflected(row as isize + down, height);
                    let x = reflected(column as isize + across, width);
                    sum += f64::from(image[[y, x, channel]]);
                }
            }
            let expected = sum / (size * size) as f64;
            // Sums of `size` numbers in single precision, along each axis.
            let tolerance = f64::from(f32::EPSILON * greatest) * (size as f64 / 2.0 + 1.0);
            prop_assert!((f64::from(found) - expected).abs() <= tolerance);
        }
    }
}

/// Step by step along the line, turning back at its ends.
fn reflected(mut at: isize, len: usize) -> usize {
    let last = len as isize - 1;
    if last == 0 {
        return 0;
    }
    while !(0..=last).contains(&at) {
        at = if at < 0 { -at } else { 2 * last - at };
    }
    at as usize
}

#[test]
fn constant_images_have_the_documented_results() {
    for value in [0.0, 0.1, 255.0, -3e7] {
        let image = Array3::from_elem((5, 7, 3), value);
        let all = |value| Array3::from_elem((5, 7, 3), value);
        assert_eq!(apply(Stretch::new(-0.5, 2.0).unwrap(), &image), all(-0.5));
        assert_eq!(apply(Stretch::new(-0.5, 2.0).unwrap().per_channel(), &image), all(-0.5));
        assert_eq!(apply(SamplewiseStandardise::new(), &image), all(0.0));
        assert_eq!(apply(SamplewiseStandardise::centre_only(), &image), all(0.0));
        assert_eq!(apply(SamplewiseStandardise::scale_only(), &image), image);
        let figures = |std| {
            FeaturewiseStandardise::new(Some(vec![f64::from(value); 3]), Some(vec![std; 3]))
                .unwrap()
        };
        assert_eq!(apply(figures(0.0), &image), all(0.0));
        assert_eq!(apply(BoxBlur::new(1).unwrap(), &image), image);
    }
}

#[test]
fn a_constant_channel_is_stretched_to_low_beside_others() {
    let image = array![[[1.0, 7.0], [3.0, 7.0]]];
    let stretched = apply(Stretch::new(0.0, 1.0).unwrap().per_channel(), &image);
    assert_eq!(stretched, array![[[0.0, 0.0], [1.0, 0.0]]]);
}

#[test]
fn the_mean_of_a_sample_does_not_depend_on_the_layout_of_the_memory() {
    // Added pixel by pixel, the first 1 would vanish beside 1e16.
    let image = array![[[1e16_f32, 1.0], [-1e16, 1.0]]];
    let recipe = Recipe::new().then(SamplewiseStandardise::centre_only());
    let key = SampleKey { seed: 0, epoch: 0, index: 0 };
    let program = recipe.draw(key, image.dim()).unwrap().fuse().unwrap();

    let mut interleaved = Array3::zeros((1, 2, 2));
    program.run(image.view(), interleaved.view_mut(), &mut Scratch::default()).unwrap();
    let mut planes = Array3::zeros((2, 1, 2));
    let slot = planes.view_mut().permuted_axes([1, 2, 0]);
    program.run(image.view(), slot, &mut Scratch::default()).unwrap();
    assert_eq!(interleaved, planes.permuted_axes([1, 2, 0]));
}

#[test]
fn epsilon_is_added_to_the_deviation() {
    let image = array![[[0.0], [4.0]]];
    let samplewise = SamplewiseStandardise::new().with_epsilon(2.0).unwrap();
    assert_eq!(apply(samplewise, &image), array![[[-0.5], [0.5]]]);
}
