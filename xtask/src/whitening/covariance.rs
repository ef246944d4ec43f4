//! Covariances before and after: between the colours in figures, between pixels as heat maps.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use image::{Rgb, RgbImage};
use mizumashi::whitening::Layout;
use ndarray::{Array2, ArrayView2, ArrayView4, s};

use super::views::{Views, covariance};
use crate::figure::{Anchor, Figure};

/// Side of the square in the middle of the images whose values the heat maps compare.
const MIDDLE: usize = 8;
/// Side of a heat map on the page: two pixels for each of its 3 x 64 values.
const MAP: u32 = 2 * 3 * (MIDDLE * MIDDLE) as u32;
/// Side of an entry of a matrix of colours.
const CELL: u32 = 54;
const GAP: u32 = 34;
const LEFT: u32 = 20;
const TOP: u32 = 40;
/// Room for the bar of the colours.
const BAR: u32 = 80;

const CHANNELS: [&str; 3] = ["R", "G", "B"];

/// Writes both for standardised images, for whitened colours and for whitened pixels.
pub(super) fn draw(views: &Views, path: &Path) -> Result<String, Box<dyn Error>> {
    let colours = views.colours.apply(views.images(), Layout::Nhwc)?;
    let pixels = views.pixels.apply(views.images(), Layout::Nhwc)?;
    let stages = [
        ("standardised", views.standardised.view()),
        ("colours whitened", colours.view()),
        ("pixels whitened (ZCA)", pixels.view()),
    ];

    let mut words = String::new();
    let mut named = Vec::new();
    for (name, images) in stages {
        let covariances = Covariances::of(images)?;
        writeln!(words, "{name}: {}", covariances.summary())?;
        named.push((name, covariances));
    }
    figure(&named)?.save(path)?;
    Ok(words)
}

/// What the values of images have to do with each other.
pub(crate) struct Covariances {
    /// Of the channels, over all pixels.
    colours: Array2<f64>,
    /// Of the values of the middle, all of a channel side by side.
    pixels: Array2<f64>,
}

/// Covariances side by side, each below its name, and what the colours mean.
pub(crate) fn figure(named: &[(&str, Covariances)]) -> Result<Figure, Box<dyn Error>> {
    let maps = TOP + 3 * CELL + 46;
    let columns = named.len() as u32;
    let right = LEFT + columns * MAP + columns.saturating_sub(1) * GAP;
    let mut figure = Figure::new(right + BAR, maps + MAP + 30);
    for (number, (name, covariances)) in named.iter().enumerate() {
        let x = LEFT + number as u32 * (MAP + GAP);
        let middle = x + MAP / 2;
        figure.text((middle, 24), Anchor::Middle, 17, *name);
        let corner = (middle - 3 * CELL / 2, TOP);
        colour_matrix(&mut figure, corner, covariances.colours.view());
        figure.picture((x, maps), 2, &heat(covariances.pixels.view()).into())?;
        for (channel, name) in CHANNELS.into_iter().enumerate() {
            let place = (2 * channel as u32 + 1) * MAP / 6;
            figure.text((x - 10, maps + place + 5), Anchor::Middle, 13, name);
            figure.text((x + place, maps + MAP + 16), Anchor::Middle, 13, name);
        }
    }
    bar(&mut figure, (right + 16, maps))?;
    Ok(figure)
}

impl Covariances {
    /// Those of colour images of at least 8x8 pixels.
    pub(crate) fn of(images: ArrayView4<'_, f32>) -> Result<Self, Box<dyn Error>> {
        Ok(Self { colours: between_colours(images)?, pixels: between_pixels(images)? })
    }

    /// What the heat map shows, in figures.
    pub(crate) fn summary(&self) -> String {
        summary(self.pixels.view())
    }
}

/// Covariance of the channels over all pixels.
fn between_colours(images: ArrayView4<'_, f32>) -> Result<Array2<f64>, Box<dyn Error>> {
    covariance(images.to_shape((images.len() / 3, 3))?.view())
}

/// Covariance of the values of the middle, all of a channel side by side.
fn between_pixels(images: ArrayView4<'_, f32>) -> Result<Array2<f64>, Box<dyn Error>> {
    let (count, height, width, _) = images.dim();
    let (y, x) = ((height - MIDDLE) / 2, (width - MIDDLE) / 2);
    let middle = images.slice(s![.., y..y + MIDDLE, x..x + MIDDLE, ..]);
    let planes = middle.permuted_axes([0, 3, 1, 2]).as_standard_layout().into_owned();
    covariance(planes.into_shape_with_order((count, 3 * MIDDLE * MIDDLE))?.view())
}

fn summary(covariance: ArrayView2<'_, f64>) -> String {
    let plane = MIDDLE * MIDDLE;
    let mean = |pairs: &mut dyn Iterator<Item = (usize, usize)>| {
        let (sum, count) =
            pairs.fold((0.0, 0), |(sum, count), pair| (sum + covariance[pair], count + 1));
        sum / f64::from(count)
    };
    let neighbours =
        mean(&mut (0..3 * plane - 1).filter(|i| i % MIDDLE != MIDDLE - 1).map(|i| (i, i + 1)));
    let colours = mean(&mut (0..plane).map(|i| (i, i + plane)));
    let variance = mean(&mut (0..3 * plane).map(|i| (i, i)));
    let worst = covariance
        .indexed_iter()
        .filter(|((row, column), _)| row != column)
        .fold(0.0_f64, |worst, (_, entry)| worst.max(entry.abs()));
    format!(
        "variance {variance:.4}, neighbours {neighbours:.4}, red with green of a pixel {colours:.4}, \
         greatest off the diagonal {worst:.1e}"
    )
}

fn heat(matrix: ArrayView2<'_, f64>) -> RgbImage {
    let (height, width) = matrix.dim();
    RgbImage::from_fn(width as u32, height as u32, |x, y| colour(matrix[[y as usize, x as usize]]))
}

/// Blue for -1, almost white for 0, red for 1.
fn colour(value: f64) -> Rgb<u8> {
    let (red, green, blue) =
        colorous::RED_BLUE.eval_continuous((0.5 - value / 2.0).clamp(0.0, 1.0)).as_tuple();
    Rgb([red, green, blue])
}

fn colour_matrix(figure: &mut Figure, (x, y): (u32, u32), matrix: ArrayView2<'_, f64>) {
    for ((row, column), &entry) in matrix.indexed_iter() {
        let corner = (x + column as u32 * CELL, y + row as u32 * CELL);
        figure.rectangle(corner, (CELL, CELL), colour(entry));
        let place = (corner.0 + CELL / 2, corner.1 + CELL / 2 + 5);
        let text = format!("{entry:.2}").replace("-0.00", "0.00");
        figure.text_on(colour(entry), place, 14, text);
    }
    for (index, name) in CHANNELS.into_iter().enumerate() {
        let middle = index as u32 * CELL + CELL / 2;
        figure.text((x - 14, y + middle + 5), Anchor::Middle, 13, name);
        figure.text((x + middle, y + 3 * CELL + 16), Anchor::Middle, 13, name);
    }
}

fn bar(figure: &mut Figure, (x, y): (u32, u32)) -> Result<(), Box<dyn Error>> {
    let value = |row: u32| 1.0 - 2.0 * f64::from(row) / f64::from(MAP - 1);
    let colours = RgbImage::from_fn(16, MAP, |_, row| colour(value(row)));
    figure.picture((x, y), 1, &colours.into())?;
    for (share, label) in [(0, "1"), (1, "0.5"), (2, "0"), (3, "-0.5"), (4, "-1")] {
        figure.text((x + 22, y + share * (MAP - 10) / 4 + 10), Anchor::Start, 13, label);
    }
    Ok(())
}
