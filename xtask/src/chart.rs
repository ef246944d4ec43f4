//! Curves on axes that reach as far as the curves do, logarithmic ones where that is a decade or more.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::prelude::RGBColor;

use crate::plot::{self, Axis, Names};

const MARK: RGBColor = RGBColor(190, 120, 60);
/// From light to dark, for curves that have an order.
const SHADES: [RGBColor; 5] = [
    RGBColor(122, 189, 199),
    RGBColor(74, 152, 178),
    RGBColor(46, 114, 152),
    RGBColor(34, 76, 122),
    RGBColor(24, 36, 84),
];
/// Curves of more points show no dots.
const DOTS: usize = 24;

/// A named curve.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    /// A line that is no measurement, but what measurements are held against.
    pub(crate) is_mark: bool,
}

impl Series {
    pub(crate) fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, is_mark: false }
    }

    pub(crate) fn mark(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { is_mark: true, ..Self::new(name, points) }
    }
}

/// Curves with common axes.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) x: &'static str,
    /// The ratio between the labels of the x axis.
    pub(crate) base: f64,
    pub(crate) y: &'static str,
    pub(crate) names: Names,
    pub(crate) series: Vec<Series>,
}

/// Draws panels side by side into an SVG file, in rows of `columns`, each of this size.
pub(crate) fn draw(
    path: &Path,
    size: (u32, u32),
    columns: usize,
    panels: &[Panel],
) -> Result<(), Box<dyn Error>> {
    let rows = panels.len().div_ceil(columns);
    let panels: Vec<_> = panels.iter().map(Panel::with_axes).collect();
    let size = (size.0 * columns as u32, size.1 * rows as u32);
    plot::draw(&panels, (rows, columns), size, path).map_err(|error| -> Box<dyn Error> { error })
}

impl Panel {
    fn with_axes(&self) -> plot::Panel {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let width = reach(points().map(|point| point.0), 1.0, 1.0);
        // Room for the names of the curves at their right ends.
        let right = match self.names {
            Names::Ends => (width.end / width.start).powf(0.22),
            _ => 1.15,
        };
        let x = reach(points().map(|point| point.0), 1.15, right);
        let y = upright(self.y, reach(points().map(|point| point.1), 1.6, 1.6));
        let curves = self.series.iter().filter(|series| !series.is_mark).count();
        let mut shades =
            (0..curves).map(|number| SHADES[number * (SHADES.len() - 1) / (curves.max(2) - 1)]);
        let series = self.series.iter().map(|series| plot::Series {
            name: series.name.clone(),
            color: if series.is_mark { MARK } else { shades.next().unwrap_or(MARK) },
            points: series.points.clone(),
            dots: series.points.len() <= DOTS && !series.is_mark,
        });
        plot::Panel {
            title: self.title.clone(),
            x: Axis { name: self.x, range: x, base: Some(self.base), label: short },
            y,
            names: self.names.clone(),
            series: series.collect(),
        }
    }
}

/// From below the least to above the greatest value, by these factors.
fn reach(values: impl Iterator<Item = f64> + Clone, below: f64, above: f64) -> Range<f64> {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let greatest = values.fold(f64::MIN_POSITIVE, f64::max);
    least / below..greatest * above
}

/// An axis of this range, from zero where a logarithmic one would have no two labels.
fn upright(name: &'static str, range: Range<f64>) -> Axis {
    match range.end / range.start < 10.0 {
        true => Axis { name, range: 0.0..range.end, base: None, label: short },
        false => Axis { name, range, base: Some(10.0), label: sparse },
    }
}

/// The label of a value on an axis of a few decades: nothing but for 1, 2 and 5 of each.
fn sparse(value: f64) -> String {
    let decade = 10_f64.powf(value.log10().floor());
    let digit = (value / decade).round();
    if [1.0, 2.0, 5.0, 10.0].contains(&digit) { short(value) } else { String::new() }
}

/// 1 000 000 as "1M", 0.01 as it is.
fn short(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value >= 1e9 => format!("{value:e}"),
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e4 => format!("{}k", value / 1e3),
        value if value < 1e-4 => format!("{value:e}"),
        // Powers of ten come with the rounding of a logarithm.
        value => ((value * 1e6).round() / 1e6).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_a_decade_is_drawn_from_zero() {
        let axis = |range| upright("", range);
        assert_eq!((axis(112e3..720e3).range, axis(112e3..720e3).base), (0.0..720e3, None));
        assert_eq!(short(0.0), "0");
        assert_eq!((axis(0.5..20.0).range, axis(0.5..20.0).base), (0.5..20.0, Some(10.0)));
    }
}
