use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage, RgbaImage};
use ndarray::ArrayView3;
use serde::{Deserialize, Serialize};

use super::atomic;
use crate::Error;

/// The formats that pictures are saved in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SaveFormat {
    /// Lossless.
    #[default]
    Png,
    /// Lossy, and without an alpha channel, which is dropped.
    Jpeg,
}

impl SaveFormat {
    /// The extension of its files.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
        }
    }
}

/// Saves an image, `[height, width, channels]` with 1, 3 or 4 channels of any range, so that people
/// can look at it.
///
/// As Keras' `save_img`, it stretches the values so that the least becomes 0 and the greatest 255,
/// then cuts off what is behind the point. Infinities become 0 and 255, and what is no number 0.
///
/// The file is complete or as it was: it is written under another name beside it and renamed.
///
/// # Errors
/// [`Error::ImageShape`] when there are not 1, 3 or 4 channels, and [`Error::Save`] when the file
/// cannot be written.
pub fn save_image(
    path: impl AsRef<Path>,
    image: ArrayView3<'_, f32>,
    format: SaveFormat,
) -> Result<(), Error> {
    let path = path.as_ref();
    let (height, width, channels) = image.dim();
    let finite = || image.iter().copied().filter(|value| value.is_finite());
    let least = finite().fold(f32::INFINITY, f32::min);
    let greatest = finite().fold(f32::NEG_INFINITY, f32::max);
    let (least, greatest) = if least <= greatest { (least, greatest) } else { (0.0, 0.0) };
    // Values further apart than their type reaches are halved first.
    let unit = if (greatest - least).is_finite() { 1.0 } else { 0.5 };
    let scale = if greatest == least { 1.0 } else { greatest * unit - least * unit };
    let stretched = |&value: &f32| ((value * unit - least * unit) / scale * 255.0) as u8;
    let values: Vec<u8> = image.iter().map(stretched).collect();
    let shape_error =
        || Error::ImageShape { found: [height, width, channels], expected: [height, width, 3] };
    let (columns, rows) = match (u32::try_from(width), u32::try_from(height)) {
        (Ok(width), Ok(height)) => (width, height),
        _ => return Err(shape_error()),
    };
    let picture = match channels {
        1 => GrayImage::from_raw(columns, rows, values).map(DynamicImage::ImageLuma8),
        3 => RgbImage::from_raw(columns, rows, values).map(DynamicImage::ImageRgb8),
        4 => RgbaImage::from_raw(columns, rows, values).map(DynamicImage::ImageRgba8),
        _ => None,
    };
    let picture = picture.ok_or_else(shape_error)?;
    let (picture, format) = match format {
        SaveFormat::Png => (picture, ImageFormat::Png),
        SaveFormat::Jpeg if channels == 4 => (picture.to_rgb8().into(), ImageFormat::Jpeg),
        SaveFormat::Jpeg => (picture, ImageFormat::Jpeg),
    };
    let failed = |source| Error::Save { path: path.to_owned(), source };
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).map_err(|source| failed(source.into()))?;
    atomic::write(path, file.get_ref()).map_err(|source| failed(source.into()))
}
