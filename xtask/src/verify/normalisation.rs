//! Standardisation per data set and per sample, and the min-max stretch.

use std::error::Error;
use std::ops::Range;

use mizumashi::ImageDataGenerator;
use mizumashi::stats::{Grouping, Histogram, Layout, Moments, Statistics};
use mizumashi::transform::transforms::Stretch;
use mizumashi::transform::{Recipe, SampleKey};
use ndarray::{Array3, Array4, ArrayView4, Axis};

use super::check::{Check, worst};
use super::distribution::{self, DEVIATIONS, LEVELS};
use super::findings::{Exhibit, Findings};
use crate::pictures::enlarged;
use crate::sheet::Row;
use crate::source::Source;

/// Images that the checks by the sample look at.
const SAMPLES: usize = 500;

pub(super) fn findings(source: &Source) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings::default();
    for part in [rescale, stretch, samplewise, featurewise] {
        let (checks, exhibit) = part(source)?;
        findings.checks.extend(checks);
        findings.exhibits.push(exhibit);
    }
    findings.checks.push(exact_merging(source)?);
    Ok(findings)
}

/// The first images, and the same as numbers that are not bytes.
fn samples(source: &Source) -> (ArrayView4<'_, u8>, Array4<f32>) {
    let images =
        source.train.images().slice_axis(Axis(0), (..source.train.len().min(SAMPLES)).into());
    (images, images.mapv(f32::from))
}

/// Histograms before and after.
fn exhibit(
    heading: &'static str,
    words: String,
    before: ArrayView4<'_, f32>,
    after: ArrayView4<'_, f32>,
    range: Range<f64>,
) -> Result<Exhibit, Box<dyn Error>> {
    let drawings = vec![
        distribution::drawing("before", before, LEVELS)?,
        distribution::drawing("after", after, range)?,
    ];
    Ok(Exhibit { heading, words, drawings, ..Exhibit::default() })
}

fn rescale(source: &Source) -> Result<(Vec<Check>, Exhibit), Box<dyn Error>> {
    let (images, before) = samples(source);
    let generator = ImageDataGenerator::builder().rescale(1.0 / 255.0).build()?;
    let after = generator.standardize(&images)?;
    let distances =
        after.iter().zip(images).map(|(&x, &level)| f64::from(x) - f64::from(level) / 255.0);
    let check =
        Check::at_most("rescale: |x - level / 255|, worst value", worst(distances, 0.0), 1e-7);
    let words = format!("Every level divided by 255: the first {} images.", images.dim().0);
    let exhibit = exhibit("Rescaling", words, before.view(), after.view(), 0.0..1.0)?;
    Ok((vec![check], exhibit))
}

fn featurewise(source: &Source) -> Result<(Vec<Check>, Exhibit), Box<dyn Error>> {
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
    let (first, before) = samples(source);
    let exhibit = exhibit(
        "Featurewise standardisation",
        format!(
            "Less the mean of the set, by its deviation, for each channel; fitted to {}, shown are \
             the first {} images.",
            source,
            first.dim().0
        ),
        before.view(),
        generator.standardize(&first)?.view(),
        DEVIATIONS,
    )?;
    let checks = vec![
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
    ];
    Ok((checks, exhibit))
}

fn samplewise(source: &Source) -> Result<(Vec<Check>, Exhibit), Box<dyn Error>> {
    let (images, before) = samples(source);
    let generator = ImageDataGenerator::builder()
        .samplewise_center(true)
        .samplewise_std_normalization(true)
        .build()?;
    let x = generator.standardize(&images)?;
    let figures = Statistics::<Moments>::of(x.view(), Layout::Nhwc, Grouping::Sample)?;
    let exhibit = exhibit(
        "Samplewise standardisation",
        "Each image less its own mean, by its own deviation, over all of its channels.".into(),
        before.view(),
        x.view(),
        DEVIATIONS,
    )?;
    let checks = vec![
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
    ];
    Ok((checks, exhibit))
}

fn stretch(source: &Source) -> Result<(Vec<Check>, Exhibit), Box<dyn Error>> {
    let recipe = Recipe::new().then(Stretch::new(0.0, 255.0)?);
    let (mut before, mut after) = (0, 0);
    let mut flattest: Option<(u8, usize, Array3<f32>)> = None;
    for (index, image) in source.train.images().axis_iter(Axis(0)).take(SAMPLES).enumerate() {
        let key = SampleKey { seed: 0, epoch: 0, index: index as u64 };
        let stretched = recipe.draw(key, image.dim())?.apply(image)?;
        let full = |histogram: &Histogram| histogram.span() == Some((0, 255));
        let levels = Histogram::of(image);
        before += usize::from(full(&levels));
        let extremes = stretched
            .fold((f32::MAX, f32::MIN), |(low, high), &value| (low.min(value), high.max(value)));
        let rounded = stretched.mapv(|value| value.round() as u8);
        after += usize::from(extremes == (0.0, 255.0) && full(&Histogram::of(rounded.view())));
        let width = levels.span().map_or(0, |(low, high)| high - low);
        if flattest.as_ref().is_none_or(|(least, ..)| width < *least) {
            flattest = Some((width, index, stretched));
        }
    }
    let images = source.train.len().min(SAMPLES);
    let (width, index, stretched) = flattest.ok_or("a set without images")?;
    let original = source.train.images().index_axis(Axis(0), index).mapv(f32::from);
    let mut exhibit = exhibit(
        "Min-max stretch",
        format!(
            "Each image's least value to 0 and its greatest to 255: the image of the least contrast \
             among the first {images}, which spans {width} levels."
        ),
        original.view().insert_axis(Axis(0)),
        stretched.view().insert_axis(Axis(0)),
        LEVELS,
    )?;
    exhibit.strips.push(Row {
        label: format!("image {index}"),
        remark: "before and after".into(),
        pictures: [original, stretched].map(|picture| enlarged(picture.view(), 1)).into(),
    });
    let checks = vec![
        Check::information(
            "stretch: images whose histogram spans 0..=255 before",
            format!("{before} of {images}"),
        ),
        Check::equal("stretch: images whose histogram spans 0..=255 after", after, images),
    ];
    Ok((checks, exhibit))
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
