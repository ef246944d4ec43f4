//! Histograms as a plot, in SVG or as a bitmap.

use std::error::Error as StdError;
use std::path::Path;

use image::{DynamicImage, Rgb, RgbImage};
use plotters::coord::Shift;
use plotters::prelude::{
    AreaSeries, ChartBuilder, Color, DrawingArea, DrawingBackend, IntoDrawingArea, IntoFont,
    RGBColor, SVGBackend, WHITE,
};

use crate::canvas::Canvas;
use crate::decimals::decimals;
use crate::display::{encode, format_of};
use crate::error::Error;
use crate::histogram::Channel;

const TEXT: RGBColor = RGBColor(60, 60, 60);
const GRID: RGBColor = RGBColor(225, 225, 225);
/// Red, green, blue; a picture of one channel is dark grey.
const COLORS: [RGBColor; 3] = [RGBColor(200, 50, 50), RGBColor(40, 145, 70), RGBColor(50, 90, 200)];
const GREY: RGBColor = RGBColor(90, 90, 90);

/// Width and height of a panel in pixels.
const PANEL: (u32, u32) = (640, 360);

/// One histogram of several channels.
#[derive(Debug)]
pub(crate) struct Panel<'a> {
    pub(crate) title: String,
    pub(crate) channels: &'a [Channel],
}

/// A file of panels below one another; its name says in which format.
pub(crate) fn draw(path: &Path, panels: &[Panel<'_>]) -> Result<Vec<u8>, Error> {
    let size = (PANEL.0, PANEL.1 * panels.len() as u32);
    if is_svg(path) {
        let mut svg = String::new();
        draw_all(SVGBackend::with_string(&mut svg, size), panels)?;
        return Ok(svg.into_bytes());
    }
    let mut picture = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    draw_all(Canvas::new(&mut picture)?, panels)?;
    encode(path, &DynamicImage::ImageRgb8(picture))
}

/// Refuses a name that no plot can have.
pub(crate) fn check_name(path: &Path) -> Result<(), Error> {
    match is_svg(path) || format_of(path).is_ok() {
        true => Ok(()),
        false => Err(Error::Usage(format!(
            "{} does not end as a plot does; name it .svg, .png, .jpg, .bmp, .ppm, .tiff or .webp",
            path.display()
        ))),
    }
}

fn is_svg(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg"))
}

fn draw_all<B: DrawingBackend>(backend: B, panels: &[Panel<'_>]) -> Result<(), Error>
where
    B::ErrorType: 'static,
{
    let draw = || -> Result<(), Box<dyn StdError>> {
        let area = backend.into_drawing_area();
        area.fill(&WHITE)?;
        for (panel, area) in panels.iter().zip(area.split_evenly((panels.len(), 1))) {
            panel.draw(&area)?;
        }
        area.present()?;
        Ok(())
    };
    draw().map_err(|error| Error::Draw { source: error.to_string().into() })
}

impl Panel<'_> {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), Box<dyn StdError>>
    where
        B::ErrorType: 'static,
    {
        let font = |size: u32| ("sans-serif", size).into_font().color(&TEXT);
        let bound = |of: fn(&Channel) -> f64| self.channels.iter().map(of);
        let low = bound(|channel| channel.low).fold(f64::INFINITY, f64::min);
        let high = bound(|channel| channel.high).fold(f64::NEG_INFINITY, f64::max);
        let width = self.channels.iter().map(Channel::width).fold(0.0, f64::max);
        let percent = |channel: &Channel| -> Vec<f64> {
            channel.shares(channel.counts.len()).iter().map(|share| 100.0 * share).collect()
        };
        let fullest = self.channels.iter().flat_map(percent).fold(f64::MIN_POSITIVE, f64::max);
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, font(18))
            .margin(12)
            .margin_right(24)
            .x_label_area_size(32)
            .y_label_area_size(58)
            .build_cartesian_2d(low..high, 0.0..1.05 * fullest)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .y_desc(format!("% of values in a bin of {}", short(width, width)))
            .x_label_formatter(&|&x| short(x, high - low))
            .y_label_formatter(&|&y| short(y, fullest))
            .axis_desc_style(font(13))
            .label_style(font(13))
            .axis_style(TEXT)
            .bold_line_style(GRID)
            .light_line_style(WHITE.mix(0.0))
            .y_labels(5)
            .draw()?;
        for (number, channel) in self.channels.iter().enumerate() {
            let color = match self.channels.len() {
                1 => GREY,
                _ => COLORS[number % COLORS.len()],
            };
            let steps = steps(channel, &percent(channel));
            let area = AreaSeries::new(steps, 0.0, color.mix(0.18)).border_style(color);
            chart.draw_series(area)?;
        }
        Ok(())
    }
}

/// A number to the third digit of `size` or to a whole number, without zeros behind its last digit.
fn short(number: f64, size: f64) -> String {
    let places = 2.0 - size.log10().floor();
    let text = decimals(number, places.clamp(0.0, 40.0) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// The outline of the bins: each has its height over its whole width.
fn steps(channel: &Channel, heights: &[f64]) -> Vec<(f64, f64)> {
    let edge = |bin: usize| channel.low + bin as f64 * channel.width();
    let bins = heights.iter().enumerate();
    bins.flat_map(|(bin, &height)| [(edge(bin), height), (edge(bin + 1), height)]).collect()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_have_the_digits_that_they_need() {
        let shown =
            [(50.0, 256.0), (0.5, 6.3), (1.9921875, 1.99), (12345.6, 12345.6), (-2e-9, 1e-8)]
                .map(|(number, size)| short(number, size));
        assert_eq!(shown, ["50", "0.5", "1.99", "12346", "-0.000000002"]);
    }
}
