//! What fitting takes, by the side of the images and the way it goes.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use mizumashi::whitening::{Method, Whitener};

use plotters::prelude::SeriesLabelPosition;

use super::views::Views;
use crate::chart::{self, Panel, Series};
use crate::plot::Names;

const SIZE: (u32, u32) = (760, 460);
const SIDES: [usize; 6] = [16, 32, 64, 128, 224, 512];
/// Directions that the randomised method is to find.
const DIRECTIONS: usize = 200;

/// Writes the bytes that a fit of colour images says it needs, for three numbers of images.
pub(super) fn draw(_: &Views, path: &Path) -> Result<String, Box<dyn Error>> {
    let whitener = Whitener::zca().memory_limit(u64::MAX);
    let thin = whitener.clone().directions(Some(DIRECTIONS));
    let ways = [
        ("primal, any number".to_owned(), whitener.clone(), Method::Primal, 1_000_000),
        ("dual, 10,000 images".to_owned(), whitener.clone(), Method::Dual, 10_000),
        ("dual, 1,000 images".to_owned(), whitener.clone(), Method::Dual, 1_000),
        (
            format!("randomised, 10,000 images, {DIRECTIONS} directions"),
            thin,
            Method::Randomised,
            10_000,
        ),
        ("dual, 2 images".to_owned(), whitener, Method::Dual, 2),
    ];
    let mut words = String::new();
    let mut series = Vec::new();
    for (name, whitener, method, samples) in ways {
        let whitener = whitener.method(Some(method));
        let mut points = Vec::new();
        for side in SIDES {
            // Where there are more images than values, nobody would take the dual.
            if method == Method::Primal || samples < side * side * 3 {
                let bytes = whitener.solution(samples, side * side * 3)?.bytes as f64;
                points.push((side as f64, bytes / 1e9));
                write!(words, "{name}, side {side}: {:.4e} bytes; ", bytes)?;
            }
        }
        words.push('\n');
        series.push(Series::new(name, points));
    }
    let panel = Panel {
        title: "Memory of a ZCA fit beside the images".into(),
        x: "side of the colour images in pixels",
        base: 2.0,
        y: "GB",
        names: Names::List(SeriesLabelPosition::UpperLeft),
        series,
    };
    chart::draw(path, SIZE, 1, &[panel])?;
    Ok(words)
}
