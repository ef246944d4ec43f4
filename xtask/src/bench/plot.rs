//! The curves of `growth` as one SVG picture of four panels, all axes logarithmic.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::RGBColor;

use super::case::Result;
use super::growth::{FitPoint, FlowPoint, Growth};
use crate::plot::{self, Axis, Names, Panel, Series};

const SIZE: (u32, u32) = (1080, 800);
/// From light to dark, for series that have an order.
const SHADES: [RGBColor; 5] = [
    RGBColor(122, 189, 199),
    RGBColor(74, 152, 178),
    RGBColor(46, 114, 152),
    RGBColor(34, 76, 122),
    RGBColor(24, 36, 84),
];

/// Draws the curves into an SVG file.
pub(crate) fn draw(growth: &Growth, path: &Path) -> Result<()> {
    let flow = |points: &[FlowPoint], x: fn(&FlowPoint) -> usize| {
        series(
            points,
            |point| point.threads,
            |threads| format!("{threads} thread{}", if threads == 1 { "" } else { "s" }),
            |point| (x(point) as f64, point.images_per_second),
        )
    };
    let fit = |y: fn(&FitPoint) -> f64| {
        series(
            &growth.zca_fit,
            |point| point.values,
            |values| format!("d = {values}"),
            |point| (point.samples as f64, y(point)),
        )
    };
    let panels = [
        panel(
            "Flow, batches of 32",
            ("side of the images in pixels", 2.0),
            "images/s",
            flow(&growth.flow_by_side, |point| point.side),
        ),
        panel(
            "Flow, 32x32 images",
            ("images in a batch", 2.0),
            "images/s",
            flow(&growth.flow_by_batch, |point| point.batch),
        ),
        panel(
            "ZCA fit of n samples of d values, time",
            ("samples n", 10.0),
            "seconds",
            fit(|point| point.seconds),
        ),
        panel(
            "ZCA fit, peak memory beside the data",
            ("samples n", 10.0),
            "MB",
            fit(|point| point.megabytes),
        ),
    ];
    plot::draw(&panels, (2, 2), SIZE, path)
}

/// One curve for each key, the keys in ascending order.
fn series<P>(
    points: &[P],
    key: impl Fn(&P) -> usize,
    name: impl Fn(usize) -> String,
    place: impl Fn(&P) -> (f64, f64),
) -> Vec<Series> {
    let mut keys: Vec<usize> = points.iter().map(&key).collect();
    keys.sort_unstable();
    keys.dedup();
    let curve =
        |wanted| points.iter().filter(|point| key(point) == wanted).map(&place).collect::<Vec<_>>();
    let shade = |number: usize| SHADES[number * (SHADES.len() - 1) / (keys.len().max(2) - 1)];
    keys.iter()
        .enumerate()
        .map(|(number, &key)| Series { name: name(key), color: shade(number), points: curve(key) })
        .collect()
}

/// A panel whose axes hold its curves, with room for their names at their right ends; `x` comes with
/// the ratio between its labels.
fn panel(title: &str, x: (&'static str, f64), y: &'static str, series: Vec<Series>) -> Panel {
    let points = || series.iter().flat_map(|series| &series.points);
    let width = reach(points().map(|point| point.0), 1.0, 1.0);
    let names = (width.end / width.start).powf(0.22);
    let x_range = reach(points().map(|point| point.0), 1.15, names);
    let y_range = labelled(reach(points().map(|point| point.1), 1.6, 1.6));
    Panel {
        title: title.into(),
        x: Axis { name: x.0, range: x_range, base: Some(x.1), label: short },
        y: Axis { name: y, range: y_range, base: Some(10.0), label: short },
        names: Names::Ends,
        series,
    }
}

/// From below the least to above the greatest value, by these factors.
fn reach(values: impl Iterator<Item = f64> + Clone, below: f64, above: f64) -> Range<f64> {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let greatest = values.fold(f64::MIN_POSITIVE, f64::max);
    least / below..greatest * above
}

/// The range, widened to the nearest power of ten where it holds none: only those have labels.
fn labelled(range: Range<f64>) -> Range<f64> {
    let below = 10_f64.powf(range.start.log10().floor());
    let above = 10.0 * below;
    if above <= range.end {
        range
    } else if range.start / below < above / range.end {
        below..range.end
    } else {
        range.start..above
    }
}

/// 1 000 000 as "1M", 0.01 as it is.
fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e4 => format!("{}k", value / 1e3),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_axis_has_a_label() {
        assert_eq!(labelled(112e3..720e3), 100e3..720e3);
        assert_eq!(labelled(300e3..900e3), 300e3..1e6);
        assert_eq!(labelled(0.5..20.0), 0.5..20.0);
    }

    #[test]
    fn every_curve_is_named_in_the_picture() {
        let flow = |threads, side, batch| FlowPoint {
            threads,
            side,
            batch,
            images_per_second: 4e8 * threads as f64 / (side * side) as f64,
            megabytes: 1.0,
        };
        let fit = |values, samples| FitPoint {
            threads: 2,
            values,
            samples,
            seconds: 1e-9 * (values * values * samples.min(values)) as f64,
            megabytes: 1e-5 * (values * samples.min(values)) as f64,
        };
        let pairs = |left: &[usize], right: &[usize]| {
            left.iter().flat_map(|&l| right.iter().map(move |&r| (l, r))).collect::<Vec<_>>()
        };
        let growth = Growth {
            flow_by_side: pairs(&[1, 2], &[32, 64, 128, 224, 512])
                .into_iter()
                .map(|(threads, side)| flow(threads, side, 32))
                .collect(),
            flow_by_batch: pairs(&[1, 2], &[1, 4, 16, 64, 256, 1024])
                .into_iter()
                .map(|(threads, batch)| flow(threads, 32, batch))
                .collect(),
            zca_fit: pairs(&[192, 432, 768, 1728, 3072], &[100, 300, 1_000, 3_000, 10_000, 50_000])
                .into_iter()
                .map(|(values, samples)| fit(values, samples))
                .collect(),
        };
        let path = std::env::temp_dir().join(format!("growth-{}.svg", std::process::id()));
        draw(&growth, &path).unwrap();
        let picture = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        for name in ["1 thread", "2 threads", "d = 192", "d = 3072"] {
            assert!(picture.contains(name), "no curve is called {name}");
        }
    }
}
