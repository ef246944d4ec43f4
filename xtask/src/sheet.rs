//! A contact sheet: rows of pictures, each row with its label.

use std::error::Error;
use std::path::Path;

use image::RgbImage;

use crate::figure::{Anchor, Figure};
use crate::pictures::grid;

/// Side of a picture on the page.
const SIDE: u32 = 64;
/// White between two pictures.
const GAP: u32 = 4;
/// Room for the labels.
const LABELS: u32 = 210;

/// Square pictures of one size, which [`SIDE`] is a multiple of, with two lines of label.
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) remark: String,
    pub(crate) pictures: Vec<RgbImage>,
}

/// Writes rows below one another.
pub(crate) fn write(rows: &[Row], path: &Path) -> Result<(), Box<dyn Error>> {
    let columns = rows.iter().map(|row| row.pictures.len()).max().unwrap_or(0) as u32;
    let tile = SIDE + GAP;
    let mut figure = Figure::new(LABELS + columns * tile + GAP, rows.len() as u32 * tile);
    for (number, row) in rows.iter().enumerate() {
        let middle = number as u32 * tile + SIDE / 2;
        figure.text((LABELS - 10, middle), Anchor::End, 15, row.label.as_str());
        figure.text((LABELS - 10, middle + 18), Anchor::End, 12, row.remark.as_str());
        let Some(first) = row.pictures.first() else { continue };
        let zoom = SIDE / first.width();
        let pictures = grid(std::slice::from_ref(&row.pictures), GAP / zoom);
        figure.picture((LABELS, number as u32 * tile), zoom, &pictures.into())?;
    }
    figure.save(path)
}
