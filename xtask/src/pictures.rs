//! Little pictures, enlarged and put side by side.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageError, ImageFormat, Rgb, RgbImage, RgbaImage};
use ndarray::ArrayView3;

/// A colour picture (height, width, 3) of values in 0..=255, with each pixel repeated `zoom` times
/// across and down. Values beyond the range become its ends.
pub(crate) fn enlarged(pixels: ArrayView3<'_, f32>, zoom: u32) -> RgbImage {
    let (height, width, _) = pixels.dim();
    let picture = RgbImage::from_fn(width as u32, height as u32, |x, y| {
        Rgb([0, 1, 2].map(|channel| pixels[[y as usize, x as usize, channel]].round() as u8))
    });
    let (width, height) = (picture.width() * zoom, picture.height() * zoom);
    imageops::resize(&picture, width, height, FilterType::Nearest)
}

/// Rows of pictures of one size, `gap` pixels apart, with nothing between them.
pub(crate) fn grid(rows: &[Vec<RgbImage>], gap: u32) -> RgbaImage {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let (width, height) =
        rows.iter().flatten().next().map_or((0, 0), |picture| picture.dimensions());
    let size = (columns * (width + gap), rows.len() as u32 * (height + gap));
    let mut sheet = RgbaImage::new(size.0, size.1);
    for (row, pictures) in rows.iter().enumerate() {
        for (column, picture) in pictures.iter().enumerate() {
            let x = column as u32 * (width + gap) + gap / 2;
            let y = row as u32 * (height + gap) + gap / 2;
            let picture = DynamicImage::from(picture.clone()).into_rgba8();
            imageops::replace(&mut sheet, &picture, x.into(), y.into());
        }
    }
    sheet
}

/// A picture as a PNG inside an address, for pages that are one file.
pub(crate) fn data_uri(picture: &DynamicImage) -> Result<String, ImageError> {
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner())))
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::{enlarged, grid};

    #[test]
    fn pictures_stand_in_rows_between_nothing() {
        let picture = |value: f32| enlarged(Array3::from_elem((2, 3, 3), value).view(), 2);
        let sheet = grid(&[vec![picture(10.0), picture(300.0)], vec![picture(-5.0)]], 4);
        assert_eq!(sheet.dimensions(), (20, 16));
        assert_eq!(sheet[(0, 0)].0, [0; 4]);
        assert_eq!(sheet[(2, 2)].0, [10, 10, 10, 255]);
        assert_eq!(sheet[(7, 10)].0, [0, 0, 0, 255]);
        assert_eq!(sheet[(12, 2)].0, [255; 4]);
        assert_eq!(sheet[(12, 10)].0, [0; 4]);
    }
}
