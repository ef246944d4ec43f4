//! What is done to one picture by its own figures: the stretch, rescaling, samplewise
//! standardisation.

use std::error::Error;
use std::ops::RangeInclusive;
use std::path::Path;

use mizumashi::transform::transforms::{BoxBlur, Rescale, SamplewiseStandardise, Stretch};
use mizumashi::transform::{Recipe, SampleKey};
use ndarray::{Array3, ArrayView3, Axis};

use super::levels::{self, Level, RGB};
use crate::source::Source;

/// Writes a dull picture, the same blurred, and that stretched to all levels.
pub(super) fn stretch(source: &Source, path: &Path) -> Result<String, Box<dyn Error>> {
    // Contrast is taken from it first: that of the generated pictures is good.
    let dull = original(source, 1).mapv(|level| (0.35 * level + 70.0).round());
    let blurred = run(&Recipe::new().then(BoxBlur::new(3)?), dull.view())?;
    let stretched = run(&Recipe::new().then(Stretch::new(0.0, 255.0)?), blurred.view())?;
    let levels = [
        level("dull", &dull, &dull, 0.0..=255.0),
        level("blurred, 3x3", &blurred, &blurred, 0.0..=255.0),
        level("stretched to 0..255", &stretched, &stretched, 0.0..=255.0),
    ];
    levels::write(&levels, path)
}

/// Writes a picture in bytes and in fractions.
pub(super) fn rescale(source: &Source, path: &Path) -> Result<String, Box<dyn Error>> {
    let bytes = original(source, 2);
    let fractions = run(&Recipe::new().then(Rescale::new(1.0 / 255.0)?), bytes.view())?;
    let shown = &fractions * 255.0;
    let levels = [
        level("levels 0 to 255", &bytes, &bytes, 0.0..=255.0),
        level("times 1/255", &shown, &fractions, 0.0..=1.0),
    ];
    levels::write(&levels, path)
}

/// Writes a picture and the same underexposed, before and after.
pub(super) fn samplewise(source: &Source, path: &Path) -> Result<String, Box<dyn Error>> {
    let bright = original(source, 4);
    let dark = bright.mapv(|level| (0.4 * level).round());
    let recipe = Recipe::new().then(SamplewiseStandardise::new());
    let (of_bright, of_dark) = (run(&recipe, bright.view())?, run(&recipe, dark.view())?);
    let apart =
        of_bright.iter().zip(&of_dark).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
    let levels = [
        level("a picture", &bright, &bright, 0.0..=255.0),
        level("with 0.4 of the light", &dark, &dark, 0.0..=255.0),
        level("the first, standardised", &displayed(&of_bright), &of_bright, -4.0..=4.0),
        level("the second, standardised", &displayed(&of_dark), &of_dark, -4.0..=4.0),
    ];
    let words = levels::write(&levels, path)?;
    Ok(format!("{words}the two standardised pictures differ by {apart:.3} at most\n"))
}

/// Signed values as levels, zero in the middle: `(x + a) / 2a * 255` with the greatest size `a`.
pub(super) fn displayed(values: &Array3<f32>) -> Array3<f32> {
    let most = values.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    values.mapv(|value| (value + most) / (2.0 * most) * 255.0)
}

/// One picture, as it is shown and with the values that are counted.
fn level<'a>(
    label: &'a str,
    shown: &Array3<f32>,
    values: &'a Array3<f32>,
    axis: RangeInclusive<f64>,
) -> Level<'a> {
    let (picture, values) = (shown.clone(), values.view().insert_axis(Axis(0)));
    Level { label, picture, values, axis, channels: RGB }
}

fn original(source: &Source, index: usize) -> Array3<f32> {
    source.train.images().index_axis(Axis(0), index).mapv(f32::from)
}

fn run(recipe: &Recipe, image: ArrayView3<'_, f32>) -> Result<Array3<f32>, Box<dyn Error>> {
    let key = SampleKey { seed: 0, epoch: 0, index: 0 };
    Ok(recipe.draw(key, image.dim())?.apply(image)?)
}
