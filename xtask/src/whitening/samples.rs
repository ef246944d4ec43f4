//! How many images it takes: what a whitening makes of images that it was not fitted to.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use mizumashi::whitening::{Regularisation, Shrinkage, Whitener, Whitening};
use ndarray::{Array2, ArrayView2, ArrayView4, s};
use plotters::prelude::SeriesLabelPosition;

use super::views::{EPSILON, Views, covariance, reduced};
use crate::chart::{self, Panel, Series};
use crate::plot::Names;

const SIZE: (u32, u32) = (540, 400);
/// By how much the images are reduced: to 8x8, 192 values.
const FACTOR: usize = 4;
const COUNTS: [usize; 14] =
    [24, 48, 96, 144, 168, 192, 216, 240, 288, 384, 768, 1_536, 3_072, 10_000];

/// What a whitening of so many images makes of others.
struct Point {
    samples: usize,
    /// The mean variance of a value; 1 where the whitening holds.
    variance: f64,
    /// The root mean square of the correlations between values; 0 where it holds.
    correlation: f64,
}

/// Writes variance and correlation by the number of fitted images, with and without shrinkage.
pub(super) fn draw(views: &Views, path: &Path) -> Result<String, Box<dyn Error>> {
    let fitted = rows(views.images())?;
    let held_out = rows(views.source.test.images().view())?;
    let (count, values) = held_out.dim();
    let zca = || Whitener::zca().regularisation(Regularisation::Eigenvalue(0.0));
    let curves = [
        ("neither", zca()),
        ("epsilon", Whitener::zca().regularisation(Regularisation::Eigenvalue(EPSILON))),
        ("Ledoit-Wolf", zca().shrinkage(Shrinkage::LedoitWolf)),
    ];
    let mut words = format!("{count} images held out, of {values} values\n");
    let (mut variances, mut correlations) = (Vec::new(), Vec::new());
    for (name, whitener) in curves {
        let points = points(&whitener, fitted.view(), held_out.view())?;
        for Point { samples, variance, correlation } in &points {
            writeln!(
                words,
                "{name}, n = {samples}: variance {variance:.3}, correlation {correlation:.4}"
            )?;
        }
        let curve = |y: fn(&Point) -> f64| {
            Series::new(name, points.iter().map(|point| (point.samples as f64, y(point))).collect())
        };
        variances.push(curve(|point| point.variance));
        correlations.push(curve(|point| point.correlation));
    }
    let ends = |y: f64| vec![(COUNTS[0] as f64, y), (COUNTS[COUNTS.len() - 1] as f64, y)];
    variances.push(Series::mark("white: 1", ends(1.0)));
    correlations.push(Series::mark("by chance", ends(1.0 / (count as f64).sqrt())));
    let panel = |title: &str, y, series| Panel {
        title: title.into(),
        x: "images fitted",
        base: 10.0,
        y,
        names: Names::List(SeriesLabelPosition::UpperRight),
        series,
    };
    let panels = [
        panel("Images held out: their variance", "mean variance of a value", variances),
        panel(
            "Images held out: what correlation is left",
            "correlation, root mean square",
            correlations,
        ),
    ];
    chart::draw(path, SIZE, 2, &panels)?;
    Ok(words)
}

fn points(
    whitener: &Whitener,
    fitted: ArrayView2<'_, f32>,
    held_out: ArrayView2<'_, f32>,
) -> Result<Vec<Point>, Box<dyn Error>> {
    let counts = COUNTS.into_iter().filter(|&samples| samples <= fitted.nrows());
    counts
        .map(|samples| {
            let whitening = whitener.fit(fitted.slice(s![..samples, ..]))?;
            let white = covariance(whitening.apply(held_out)?.view())?;
            let variance = white.diag().sum() / directions(&whitening) as f64;
            Ok(Point { samples, variance, correlation: off_diagonal(white.view()) })
        })
        .collect()
}

/// Directions that are not mapped to zero.
fn directions(whitening: &Whitening) -> usize {
    if whitening.rest_gain() > 0.0 { whitening.features() } else { whitening.rank() }
}

/// The root mean square of the correlations of a covariance.
fn off_diagonal(covariance: ArrayView2<'_, f64>) -> f64 {
    let deviations = covariance.diag().mapv(f64::sqrt);
    let values = covariance.nrows();
    let sum = covariance.indexed_iter().filter(|((row, column), _)| row != column).fold(
        0.0,
        |sum, ((row, column), entry)| {
            sum + (entry / (deviations[row] * deviations[column])).powi(2)
        },
    );
    (sum / (values * (values - 1)) as f64).sqrt()
}

fn rows(images: ArrayView4<'_, u8>) -> Result<Array2<f32>, Box<dyn Error>> {
    let images = reduced(images, FACTOR);
    let (count, values) = (images.dim().0, images.len() / images.dim().0);
    Ok(images.into_shape_with_order((count, values))?)
}
