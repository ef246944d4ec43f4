//! Contact sheets: pictures in rows and columns, with lines of text under each.

use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgb, RgbImage};

use crate::canvas::Canvas;
use crate::error::Error;

/// The longer side of a picture on a sheet, at most, and where pixels can be repeated, at least half
/// of it.
const SIDE: u32 = 208;
/// Around pictures.
const GAP: u32 = 14;
/// Height of letters and distance of lines.
const LETTERS: f32 = 13.0;
const LINE: u32 = 16;
const INK: (u8, u8, u8) = (40, 40, 40);

/// A picture and what is written under it.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// Of the size that it has on the sheet: large ones are not kept until it is drawn.
    picture: RgbImage,
    lines: Vec<String>,
}

impl Cell {
    pub(crate) fn new(picture: &RgbImage, lines: Vec<String>) -> Self {
        Self { picture: scaled(picture), lines }
    }
}

/// A sheet of cells, row by row, so many in a row.
pub(crate) fn draw(cells: &[Cell], columns: usize) -> Result<DynamicImage, Error> {
    let widest = cells.iter().map(|cell| cell.picture.width()).max().unwrap_or(1);
    let lines = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0) as u32;
    let mut blank = RgbImage::new(1, 1);
    let ruler = Canvas::new(&mut blank)?;
    let texts = cells.iter().flat_map(|cell| &cell.lines);
    let text = texts.map(|line| ruler.width(line, LETTERS)).max().unwrap_or(0);
    let width = widest.max(text) + GAP;
    let heights: Vec<u32> = cells
        .chunks(columns)
        .map(|row| {
            row.iter().map(|cell| cell.picture.height()).max().unwrap_or(1) + lines * LINE + GAP
        })
        .collect();

    let size = (width * columns.min(cells.len()) as u32 + GAP, heights.iter().sum::<u32>() + GAP);
    let mut sheet = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    let mut top = GAP;
    for (row, height) in heights.iter().enumerate() {
        for column in 0..columns {
            let Some(Cell { picture, lines }) = cells.get(row * columns + column) else { break };
            let left = GAP + column as u32 * width;
            imageops::replace(&mut sheet, picture, left.into(), top.into());
            let mut canvas = Canvas::new(&mut sheet)?;
            for (number, line) in lines.iter().enumerate() {
                let y = top + picture.height() + 4 + number as u32 * LINE;
                canvas.text(line, LETTERS, (left as i32, y as i32), INK);
            }
        }
        top += height;
    }
    Ok(DynamicImage::ImageRgb8(sheet))
}

/// Small pictures with every pixel repeated, large ones reduced.
fn scaled(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height).max(1);
    if longest > SIDE {
        let shrunk = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(longest)).max(1);
        let (width, height) = (shrunk(width) as u32, shrunk(height) as u32);
        return imageops::resize(picture, width, height, FilterType::Triangle);
    }
    let zoom = SIDE / longest;
    imageops::resize(picture, width * zoom, height * zoom, FilterType::Nearest)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::{Cell, draw};

    #[test]
    fn small_pictures_are_enlarged_and_rows_are_as_high_as_they_must_be() {
        let cell = |width, height, lines: &[&str]| {
            let lines = lines.iter().map(|&line| line.to_owned()).collect();
            Cell::new(&RgbImage::from_pixel(width, height, Rgb([9; 3])), lines)
        };
        let cells = [cell(32, 32, &["a", "b"]), cell(32, 16, &[]), cell(400, 200, &[])];
        let sheet = draw(&cells, 2).unwrap().to_rgb8();
        // Two columns of the widest picture, 208, and rows of 192 and 104 with two lines each.
        assert_eq!(sheet.dimensions(), (2 * 222 + 14, (192 + 32 + 14) + (104 + 32 + 14) + 14));
        assert_eq!(sheet[(14, 14)].0, [9; 3]);
        assert_eq!(sheet[(14 + 191, 14 + 191)].0, [9; 3]);
        assert_eq!(sheet[(14 + 192, 14)].0, [255; 3]);
    }
}
