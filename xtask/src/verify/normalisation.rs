//! Standardisation per data set and per sample, and the min-max stretch.

use std::error::Error;

use mizumashi::ImageDataGenerator;
use mizumashi::stats::{Grouping, Histogram, Layout, Moments, Statistics};
use mizumashi::transform::transforms::Stretch;
use mizumashi::transform::{Recipe, SampleKey};
use ndarray::{ArrayView4, Axis};

use super::check::{Check, worst};
use crate::source::Source;

/// Images that the checks by the sample look at.
const SAMPLES: usize = 500;

pub(super) fn checks(source: &Source) -> Result<Vec<Check>, Box<dyn Error>> {
    let mut checks = featurewise(source)?;
    checks.extend(samplewise(source)?);
    checks.extend(stretch(source)?);
    checks.push(exact_merging(source)?);
    Ok(checks)
}

fn featurewise(source: &Source) -> Result<Vec<Check>, Box<dyn Error>> {
    let images = source.train.images();
    let mut generator = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .build()?;
    generator.fit(images)?;
    let flow = generator.flow(images, (), 32)?;
    let mut figures = Statistics::<Moments>::new(Grouping::Channel);
    let steps = flow.steps_per_epoch();
    for batch in flow.take(steps) {
        figures.update(batch?.x.view(), Layout::Nhwc)?;
    }
    Ok(vec![
        Check::at_most(
            "featurewise: |mean| of an epoch, worst channel",
            worst(figures.mean(), 0.0),
            1e-5,
        ),
        Check::at_most(
            "featurewise: |std - 1| of an epoch, worst channel",
            worst(figures.std(), 1.0),
            1e-5,
        ),
    ])
}

fn samplewise(source: &Source) -> Result<Vec<Check>, Box<dyn Error>> {
    let images = source.train.images();
    let generator = ImageDataGenerator::builder()
        .samplewise_center(true)
        .samplewise_std_normalization(true)
        .build()?;
    let x = generator
        .standardize(&images.slice_axis(Axis(0), (..SAMPLES.min(images.dim().0)).into()))?;
    let figures = Statistics::<Moments>::of(x.view(), Layout::Nhwc, Grouping::Sample)?;
    Ok(vec![
        Check::at_most(
            "samplewise: |mean| over R, G and B, worst image",
            worst(figures.mean(), 0.0),
            1e-5,
        ),
        Check::at_most(
            "samplewise: |std - 1| over R, G and B, worst image",
            worst(figures.std(), 1.0),
            1e-4,
        ),
    ])
}

fn stretch(source: &Source) -> Result<Vec<Check>, Box<dyn Error>> {
    let recipe = Recipe::new().then(Stretch::new(0.0, 255.0)?);
    let (mut before, mut after) = (0, 0);
    for (index, image) in source.train.images().axis_iter(Axis(0)).take(SAMPLES).enumerate() {
        let key = SampleKey { seed: 0, epoch: 0, index: index as u64 };
        let stretched = recipe.draw(key, image.dim())?.apply(image)?;
        let full = |histogram: &Histogram| histogram.span() == Some((0, 255));
        before += usize::from(full(&Histogram::of(image)));
        let extremes = stretched
            .fold((f32::MAX, f32::MIN), |(low, high), &value| (low.min(value), high.max(value)));
        let rounded = stretched.mapv(|value| value.round() as u8);
        after += usize::from(extremes == (0.0, 255.0) && full(&Histogram::of(rounded.view())));
    }
    let images = source.train.len().min(SAMPLES);
    Ok(vec![
        Check::information(
            "stretch: images whose histogram spans 0..=255 before",
            format!("{before} of {images}"),
        ),
        Check::equal("stretch: images whose histogram spans 0..=255 after", after, images),
    ])
}

fn exact_merging(source: &Source) -> Result<Check, Box<dyn Error>> {
    let figures = |images: ArrayView4<'_, u8>| {
        Statistics::<Histogram>::of(images, Layout::Nhwc, Grouping::Channel)
    };
    let images = source.train.images().view();
    let whole = figures(images)?;
    let (left, right) = images.split_at(Axis(0), source.train.len() / 3);
    let mut merged = figures(right)?;
    merged.merge(&figures(left)?)?;
    let round = |figures: Vec<f64>| {
        figures.into_iter().map(|x| (x * 1e4).round() / 1e4).collect::<Vec<_>>()
    };
    let mut check =
        Check::equal("u8 statistics merged from shards equal the whole", merged == whole, true);
    check.measured =
        format!("{}; mean {:?}, std {:?}", check.measured, round(whole.mean()), round(whole.std()));
    Ok(check)
}
