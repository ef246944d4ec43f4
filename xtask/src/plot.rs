//! Panels of curves, for SVG pictures of several.

use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::{
    ChartBuilder, Circle, Color, DrawingArea, EmptyElement, IntoDrawingArea, IntoFont,
    IntoLogRange, LineSeries, PathElement, RGBColor, SVGBackend, SeriesLabelPosition, Text,
};

/// What is drawn in one of these three can be given another colour by a style sheet: `page.css`
/// does, for dark pages.
pub(crate) const INK: [u8; 3] = [60, 60, 60];
pub(crate) const GRID: [u8; 3] = [225, 225, 225];
pub(crate) const PAPER: [u8; 3] = [255, 255, 255];

/// A named curve.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) color: RGBColor,
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether each point is seen, or the line alone.
    pub(crate) dots: bool,
}

/// An axis.
pub(crate) struct Axis {
    pub(crate) name: &'static str,
    pub(crate) range: Range<f64>,
    /// The ratio between labels; none where the axis is linear.
    pub(crate) base: Option<f64>,
    pub(crate) label: fn(f64) -> String,
}

/// Where the names of the curves are.
#[derive(Debug, Clone)]
pub(crate) enum Names {
    /// At their right ends.
    Ends,
    /// In a list, for curves that meet at their ends.
    List(SeriesLabelPosition),
    /// Nowhere: another panel has them.
    None,
}

/// One coordinate system with curves.
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) names: Names,
    pub(crate) series: Vec<Series>,
}

/// Draws panels row by row, as many rows and columns of them as `grid` says, into an SVG file of so
/// many pixels.
pub(crate) fn draw(
    panels: &[Panel],
    grid: (usize, usize),
    size: (u32, u32),
    path: &Path,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draw = || -> Result<(), Box<dyn Error>> { Ok(fs::write(path, svg(panels, grid, size)?)?) };
    draw().map_err(|error| format!("cannot draw {}: {error}", path.display()).into())
}

/// The text of the SVG file that [`draw`] writes.
pub(crate) fn svg(
    panels: &[Panel],
    grid: (usize, usize),
    size: (u32, u32),
) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    let picture = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    picture.fill(&color(PAPER))?;
    for (panel, area) in panels.iter().zip(picture.split_evenly(grid)) {
        panel.draw(&area)?;
    }
    picture.present()?;
    drop(picture);
    Ok(svg)
}

/// A colour as plotters writes it.
pub(crate) fn css([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

fn color([red, green, blue]: [u8; 3]) -> RGBColor {
    RGBColor(red, green, blue)
}

impl Panel {
    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Box<dyn Error>> {
        let (x, y) = (self.x.range.clone(), self.y.range.clone());
        match (self.x.base, self.y.base) {
            (None, None) => self.draw_in(area, x, y),
            (Some(base), None) => self.draw_in(area, x.log_scale().base(base), y),
            (None, Some(base)) => self.draw_in(area, x, y.log_scale().base(base)),
            (Some(x_base), Some(y_base)) => {
                self.draw_in(area, x.log_scale().base(x_base), y.log_scale().base(y_base))
            }
        }
    }

    fn draw_in<X, Y>(
        &self,
        area: &DrawingArea<SVGBackend<'_>, Shift>,
        x: X,
        y: Y,
    ) -> Result<(), Box<dyn Error>>
    where
        X: AsRangedCoord<Value = f64, CoordDescType: ValueFormatter<f64>>,
        Y: AsRangedCoord<Value = f64, CoordDescType: ValueFormatter<f64>>,
    {
        let font = |size: u32| ("sans-serif", size).into_font().color(&color(INK));
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, font(19))
            .margin(14)
            .x_label_area_size(44)
            .y_label_area_size(72)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .x_desc(self.x.name)
            .y_desc(self.y.name)
            .axis_desc_style(font(15))
            .label_style(font(13))
            .axis_style(color(INK))
            .bold_line_style(color(GRID))
            .light_line_style(color(PAPER).mix(0.0))
            .x_label_formatter(&|value| (self.x.label)(*value))
            .y_label_formatter(&|value| (self.y.label)(*value))
            .draw()?;
        for series in &self.series {
            let line_color = series.color;
            let line = LineSeries::new(series.points.iter().copied(), line_color.stroke_width(2));
            let line = chart.draw_series(line)?;
            if let Names::List(_) = self.names {
                line.label(&series.name).legend(move |(x, y)| {
                    PathElement::new(vec![(x, y), (x + 18, y)], line_color.stroke_width(2))
                });
            }
            if series.dots {
                let dots =
                    series.points.iter().map(|&point| Circle::new(point, 3, line_color.filled()));
                chart.draw_series(dots)?;
            }
            if let Names::Ends = self.names {
                let name = series.points.last().map(|&(x, y)| {
                    EmptyElement::at((x, y)) + Text::new(series.name.clone(), (8, -6), font(13))
                });
                chart.draw_series(name)?;
            }
        }
        if let Names::List(position) = &self.names {
            chart
                .configure_series_labels()
                .position(position.clone())
                .background_style(color(PAPER).mix(0.85))
                .border_style(color(GRID))
                .label_font(font(13))
                .draw()?;
        }
        Ok(())
    }
}
