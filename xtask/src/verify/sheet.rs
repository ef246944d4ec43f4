//! The contact sheet: what the tutorial's augmentation makes of a few pictures.

use std::error::Error;
use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage, imageops};
use mizumashi::ImageDataGenerator;
use mizumashi::transform::SampleKey;
use ndarray::{ArrayView3, Axis};

use super::source::Source;

const PICTURES: usize = 8;
const DRAWS: u64 = 9;
/// How often a pixel is repeated across and down, so that small pictures can be seen.
const ZOOM: u32 = 2;

/// Writes a row for each of the first pictures: as it is, and as drawn in nine epochs.
pub(super) fn write(source: &Source, path: &Path) -> Result<(), Box<dyn Error>> {
    let generator = ImageDataGenerator::builder()
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .height_shift_range(0.2)
        .horizontal_flip(true)
        .build()?;
    let recipe = generator.recipe()?;
    let images = source.train.images();
    let (_, height, width, _) = images.dim();
    let (tile_width, tile_height) = (width as u32 * ZOOM + 4, height as u32 * ZOOM + 4);
    let pictures = images.dim().0.min(PICTURES);
    let size = (tile_width * (DRAWS as u32 + 1), tile_height * pictures as u32);
    let mut sheet = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    for (row, image) in images.axis_iter(Axis(0)).take(pictures).enumerate() {
        let mut place = |column: u64, tile: &RgbImage| {
            let (x, y) =
                (column as i64 * i64::from(tile_width), row as i64 * i64::from(tile_height));
            imageops::replace(&mut sheet, tile, x + 2, y + 2);
        };
        place(0, &tile(image.mapv(f32::from).view()));
        for epoch in 0..DRAWS {
            let key = SampleKey { seed: 0, epoch, index: row as u64 };
            let augmented = recipe.draw(key, image.dim())?.apply(image)?;
            place(epoch + 1, &tile(augmented.view()));
        }
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    sheet.save(path)?;
    Ok(())
}

/// A colour picture with values in 0..=255, enlarged.
fn tile(pixels: ArrayView3<'_, f32>) -> RgbImage {
    let (height, width, _) = pixels.dim();
    let picture = RgbImage::from_fn(width as u32, height as u32, |x, y| {
        Rgb([0, 1, 2].map(|channel| pixels[[y as usize, x as usize, channel]].round() as u8))
    });
    let (width, height) = (picture.width() * ZOOM, picture.height() * ZOOM);
    imageops::resize(&picture, width, height, imageops::FilterType::Nearest)
}
