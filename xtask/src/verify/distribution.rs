//! Histograms of the channels of images, as the tutorials plot them: a curve each.

use std::error::Error;
use std::ops::Range;

use mizumashi::stats::{BinnedHistogram, Grouping, Layout, Moments, Statistics};
use ndarray::{ArrayView4, Axis};
use plotters::prelude::{RGBColor, SeriesLabelPosition};

use super::findings::Drawing;
use crate::plot::{self, Names, Panel, Series};

const SIZE: (u32, u32) = (460, 300);
/// So few that each holds about as many levels of a standardised pixel as the next.
const BINS: usize = 32;
/// Seen well on white and on black.
const CHANNELS: [(&str, RGBColor); 3] = [
    ("red", RGBColor(222, 66, 60)),
    ("green", RGBColor(40, 154, 82)),
    ("blue", RGBColor(58, 124, 224)),
];

/// The levels of pixels before anything is done to them.
pub(super) const LEVELS: Range<f64> = 0.0..255.0;
/// Three deviations about a mean of 0.
pub(super) const DEVIATIONS: Range<f64> = -3.0..3.0;

/// Draws how often each value occurs in colour images; those outside `range` are counted, not seen.
pub(super) fn drawing(
    title: &str,
    images: ArrayView4<'_, f32>,
    range: Range<f64>,
) -> Result<Drawing, Box<dyn Error>> {
    let mut series = Vec::new();
    for ((name, color), values) in CHANNELS.into_iter().zip(images.axis_iter(Axis(3))) {
        let mut histogram = BinnedHistogram::new(range.start, range.end, BINS)?;
        histogram.update(values)?;
        let all = (histogram.count() + histogram.underflow() + histogram.overflow()) as f64;
        let centres = histogram.edges();
        let centres = centres.windows(2).map(|edges| f64::midpoint(edges[0], edges[1]));
        let shares = histogram.counts().iter().map(|&count| count as f64 / all);
        let points = centres.zip(shares).collect();
        series.push(Series { name: name.into(), color, points, dots: false });
    }
    let figures = Statistics::<Moments>::of(images, Layout::Nhwc, Grouping::Whole)?;
    let (mean, std) = (figures.mean()[0], figures.std()[0]);
    let (least, greatest) =
        images.fold((f32::MAX, f32::MIN), |(low, high), &value| (low.min(value), high.max(value)));
    let peak = series.iter().flat_map(|series| &series.points).map(|point| point.1);
    let peak = peak.fold(0.01, f64::max);
    let panel = Panel {
        title: format!("{title}: mean {}, std {}", rounded(mean), rounded(std)),
        x: plot::Axis { name: "value", range, base: None, label: rounded },
        y: plot::Axis {
            name: "share of the values",
            range: 0.0..peak * 1.1,
            base: None,
            label: |share| format!("{} %", rounded(100.0 * share)),
        },
        names: Names::List(SeriesLabelPosition::UpperRight),
        series,
    };
    Ok(Drawing {
        svg: plot::svg(&[panel], (1, 1), SIZE)?,
        alt: format!(
            "Histograms of the red, green and blue values {title}: from {} to {}, mean {}, \
             standard deviation {}.",
            rounded(least.into()),
            rounded(greatest.into()),
            rounded(mean),
            rounded(std)
        ),
    })
}

/// At most two decimals, and no negative zero.
fn rounded(value: f64) -> String {
    ((value * 100.0).round() / 100.0 + 0.0).to_string()
}
