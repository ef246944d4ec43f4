//! Whitening: the covariance that comes out, the way back, and the single picture.

use std::error::Error;

use mizumashi::ImageDataGenerator;
use mizumashi::stats::{Covariance, JointSummary, Layout, Moments, Summary};
use mizumashi::whitening::{Centring, ImageWhitening, Regularisation, Scope, Whitener};
use ndarray::{Array2, Array4, ArrayView2, ArrayView4, Axis};

use super::MEMORY;
use super::check::{Check, worst};
use super::findings::{Drawing, Exhibit, Findings};
use crate::source::Source;
use crate::whitening::covariance::{self, Covariances};
use crate::whitening::filters;

/// Images whose covariances are drawn, and by which colours are whitened.
const SHOWN: usize = 1000;

pub(super) fn findings(source: &Source) -> Result<Findings, Box<dyn Error>> {
    let before = standardised(source)?;
    let (mut checks, colours) = colours(source)?;
    let Pixels { checks: more, covariances, filters } = pixels(source)?;
    checks.extend(more);
    checks.extend(single_picture()?);
    let covariances = Exhibit {
        heading: "Covariance before and after whitening",
        words: format!(
            "Of the colours over all pixels, and of the values of the 8x8 pixels in the middle, all \
             of a channel side by side: what is left when colours are whitened, and when pixels \
             are. Of {SHOWN} images, whitened pixels of all they were fitted to."
        ),
        drawings: vec![before, colours, covariances],
        ..Exhibit::default()
    };
    Ok(Findings { checks, exhibits: vec![covariances, filters] })
}

fn shown(source: &Source) -> ArrayView4<'_, u8> {
    source.train.images().slice_axis(Axis(0), (..source.train.len().min(SHOWN)).into())
}

/// What the whitenings are to be held against.
fn standardised(source: &Source) -> Result<Drawing, Box<dyn Error>> {
    let images = shown(source);
    let mut generator = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .build()?;
    generator.fit(&images)?;
    let x = generator.standardize(&images)?;
    covariances("standardised", x.view())
}

/// A picture of what the values of images have to do with each other.
fn covariances(name: &str, images: ArrayView4<'_, f32>) -> Result<Drawing, Box<dyn Error>> {
    let covariances = Covariances::of(images)?;
    let summary = covariances.summary();
    Ok(Drawing {
        svg: covariance::figure(&[(name, covariances)])?.svg(),
        alt: format!(
            "Covariance of {} images, {name}: of the colours as a table, of pixels as a heat map \
             from blue for -1 to red for 1: {summary}.",
            images.dim().0
        ),
    })
}

/// What is found of the whitening of pixels.
struct Pixels {
    checks: Vec<Check>,
    covariances: Drawing,
    filters: Exhibit,
}

fn colours(source: &Source) -> Result<(Vec<Check>, Drawing), Box<dyn Error>> {
    let images = shown(source);
    let whitener = Whitener::zca().regularisation(Regularisation::Eigenvalue(0.0));
    let whitening = whitener.fit_images(images, Layout::Nhwc, Scope::Channels)?;
    let white = whitening.apply(images, Layout::Nhwc)?;
    let rows = white.to_shape((white.len() / 3, 3))?;
    let check = Check::at_most(
        "ZCA of colours: |covariance - I|, worst entry",
        distance_from_identity(rows.view())?,
        1e-4,
    );
    Ok((vec![check], covariances("colours whitened", white.view())?))
}

fn pixels(source: &Source) -> Result<Pixels, Box<dyn Error>> {
    let images = source.train.images();
    let (samples, features) = (images.dim().0, images.len() / images.dim().0);
    let rows = images.to_shape((samples, features))?;
    let whitener = Whitener::zca().regularisation(Regularisation::Eigenvalue(0.0));
    let whitening = whitener.fit(rows.view())?;
    let white = whitening.apply(rows.view())?;
    let back = whitening.inverse(white.slice_axis(Axis(0), (..samples.min(100)).into()))?;
    let lost = back.iter().zip(&rows).map(|(&back, &pixel)| f64::from(back) - f64::from(pixel));
    let eigenvalues = whitening.eigenvalues();
    let mut checks = vec![Check::information(
        format!("ZCA of pixels, n = {samples}, d = {features}"),
        format!(
            "rank {}, condition number {:.2e}",
            whitening.rank(),
            eigenvalues[0] / eigenvalues[eigenvalues.len() - 1]
        ),
    )];
    checks.extend([
        Check::at_most(
            "ZCA of pixels: |covariance - I|, worst entry",
            distance_from_identity(white.view())?,
            1e-3,
        ),
        Check::at_most("ZCA of pixels: |inverse - original| of 0..=255", worst(lost, 0.0), 0.5),
    ]);
    let white = white.into_shape_with_order(images.dim())?;
    let (_, height, width, channels) = images.dim();
    let whitening = ImageWhitening::new(whitening, Scope::Pixels, [height, width, channels])?;
    let mut strips = vec![filters::matrix(&whitening, 0.0)?, filters::inverse(&whitening)?];
    strips.extend(filters::directions(&whitening)?);
    let filters = Exhibit {
        heading: "Filters of the whitening",
        words: "What is multiplied with a picture for the red, green and blue of a pixel in the \
                middle, at an edge and in a corner, and the principal directions of the pictures, \
                widest first. Grey is 0; each is stretched to its greatest value, the filters to \
                the root of it."
            .into(),
        strips,
        ..Exhibit::default()
    };
    Ok(Pixels { checks, covariances: covariances("pixels whitened (ZCA)", white.view())?, filters })
}

/// The picture of the tutorial: one sample of 128x128x3 values, which Keras divides by its norm.
fn single_picture() -> Result<Vec<Check>, Box<dyn Error>> {
    let picture = Array4::from_shape_fn((1, 128, 128, 3), |(_, row, column, channel)| {
        ((row * 3 + column * 5 + channel * 40) as f64 / 17.0).sin() as f32
            + ((row * column) as f64 / 301.0).cos() as f32
    });
    let channel_means = picture.mean_axis(Axis(1)).and_then(|m| m.mean_axis(Axis(1)));
    let centred = picture
        - channel_means.ok_or("an empty picture")?.insert_axis(Axis(1)).insert_axis(Axis(1));

    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let whitener = Whitener::zca().centring(Centring::None);
    let whitening = whitener.fit_images(centred.view(), Layout::Nhwc, Scope::Pixels)?;
    let white = whitening.apply(centred.view(), Layout::Nhwc)?;
    let megabytes = (MEMORY.peak_usage() - before) as f64 / 1e6;

    let mut figures = Moments::default();
    white.iter().for_each(|&value| figures.push(f64::from(value)));
    Ok(vec![
        Check::rounds_to("ZCA of one 128x128x3 picture: std", figures.std(), 0.004_510_5, 7),
        Check::at_most("ZCA of one picture: |mean|", figures.mean().abs(), 1e-6),
        Check::at_most("ZCA of one picture: memory in MB (d x d: 9,664)", megabytes, 20.0),
    ])
}

/// The greatest entry of |C - I|, where C is the population covariance of the rows.
fn distance_from_identity(rows: ArrayView2<'_, f32>) -> Result<f64, Box<dyn Error>> {
    let mut covariance = Covariance::new(rows.ncols());
    covariance.update(rows)?;
    let difference = covariance.covariance() - Array2::<f64>::eye(rows.ncols());
    Ok(worst(difference, 0.0))
}
