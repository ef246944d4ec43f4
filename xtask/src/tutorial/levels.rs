//! Pictures, each with the histogram of its channels and their figures beside it.

use std::error::Error;
use std::ops::RangeInclusive;
use std::path::Path;

use mizumashi::stats::{BinnedHistogram, Moments, Summary};
use ndarray::{Array3, ArrayView4, Axis};

use crate::figure::{Anchor, Figure};
use crate::pictures::enlarged;

const SIDE: u32 = 128;
const GAP: u32 = 26;
const PLOT: (u32, u32) = (420, 110);
const BINS: usize = 64;
/// Red, green and blue that can be told apart on white by those who see no colours, too: from dark
/// to light.
const COLOURS: [[u8; 3]; 3] = [[178, 34, 52], [60, 150, 70], [90, 140, 230]];

/// A picture and the values that its histogram counts, (samples, height, width, 3).
pub(super) struct Level<'a> {
    pub(super) label: &'a str,
    pub(super) picture: Array3<f32>,
    pub(super) values: ArrayView4<'a, f32>,
    /// What the axis of the histogram shows.
    pub(super) axis: RangeInclusive<f64>,
    /// What the channels are called.
    pub(super) channels: [&'a str; 3],
}

pub(super) const RGB: [&str; 3] = ["red", "green", "blue"];

/// Writes one level below the other and returns their figures in words.
pub(super) fn write(levels: &[Level<'_>], path: &Path) -> Result<String, Box<dyn Error>> {
    let step = SIDE + GAP + 24;
    let width = SIDE + PLOT.0 + 3 * GAP;
    let mut figure = Figure::new(width, levels.len() as u32 * step + GAP / 2);
    let mut words = String::new();
    for (number, level) in levels.iter().enumerate() {
        let top = number as u32 * step + 30;
        let zoom = SIDE / level.picture.dim().1 as u32;
        let figures = figures(level);
        figure.text((GAP, top - 10), Anchor::Start, 15, level.label);
        figure.picture((GAP, top), zoom, &enlarged(level.picture.view(), 1).into())?;
        histogram(&mut figure, (SIDE + 2 * GAP, top), level)?;
        figure.text((width - GAP, top - 10), Anchor::End, 12, figures.as_str());
        words += &format!("{}: {figures}\n", level.label);
    }
    figure.save(path)?;
    Ok(words)
}

/// Least and greatest value, mean and standard deviation over all channels.
fn figures(level: &Level<'_>) -> String {
    let mut moments = Moments::default();
    level.values.iter().for_each(|&value| moments.push(f64::from(value)));
    let (low, high) =
        level.values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| {
            (low.min(value), high.max(value))
        });
    let digits = if moments.std() > 5.0 { 1 } else { 3 };
    // No minus before a mean that rounds to zero.
    let mean = format!("{:.digits$}", moments.mean());
    let mean = if mean.trim_start_matches(['-', '0', '.']).is_empty() {
        mean.replace('-', "")
    } else {
        mean
    };
    format!("min {low:.digits$}, max {high:.digits$}, mean {mean}, std {:.digits$}", moments.std())
}

/// Draws a line per channel; each as high as the plot, whatever it counts.
fn histogram(
    figure: &mut Figure,
    (left, top): (u32, u32),
    level: &Level<'_>,
) -> Result<(), Box<dyn Error>> {
    let (low, high) = (*level.axis.start(), *level.axis.end());
    let (width, height) = PLOT;
    let counted = level.values.axis_iter(Axis(3)).map(|channel| {
        let mut histogram = BinnedHistogram::new(low, high, BINS)?;
        histogram.update(channel)?;
        Ok(histogram.counts().to_vec())
    });
    let counted = counted.collect::<Result<Vec<_>, mizumashi::stats::Error>>()?;
    let most = counted.iter().flatten().copied().max().unwrap_or(1).max(1);
    figure.line(&[(left, top + height), (left + width, top + height)].map(real), [60, 60, 60], 1);
    for (channel, counts) in counted.iter().enumerate() {
        let points: Vec<_> = counts
            .iter()
            .enumerate()
            .map(|(bin, &count)| {
                let x = f64::from(left) + f64::from(width) * (bin as f64 + 0.5) / BINS as f64;
                let y = f64::from(top + height) - f64::from(height) * count as f64 / most as f64;
                (x, y)
            })
            .collect();
        figure.line(&points, COLOURS[channel], 2);
    }
    let ticks = if low == 0.0 { 5 } else { 4 };
    for tick in 0..=ticks {
        let x = left + width * tick / ticks;
        let value = low + (high - low) * f64::from(tick) / f64::from(ticks);
        figure.line(&[(x, top + height), (x, top + height + 4)].map(real), [60, 60, 60], 1);
        figure.text(
            (x, top + height + 18),
            Anchor::Middle,
            12,
            format!("{value:.3}").trim_end_matches('0').trim_end_matches('.'),
        );
    }
    for (channel, name) in level.channels.iter().enumerate() {
        let y = top + 12 + 16 * channel as u32;
        figure.line(
            &[(left + width - 18, y - 4), (left + width, y - 4)].map(real),
            COLOURS[channel],
            2,
        );
        figure.text((left + width - 24, y), Anchor::End, 12, *name);
    }
    Ok(())
}

fn real((x, y): (u32, u32)) -> (f64, f64) {
    (x.into(), y.into())
}
