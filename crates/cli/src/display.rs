//! How arrays of numbers become pictures that people can look at.

use std::io::Cursor;
use std::path::Path;

use clap::Args;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use ndarray::{Array3, ArrayView3, Axis};

use crate::error::Error;

/// How values become bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Display {
    /// Rounded, and cut to 0..=255.
    Bytes,
    /// Data on both sides of zero, by an offset; the picture's greatest magnitude unless given.
    Signed(Option<f32>),
}

/// The offset of signed data.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Offset {
    /// Show signed values d as (d + OFS) / (2 OFS) * 255; unless set, OFS is the greatest |d| of
    /// each picture
    #[arg(long, value_name = "OFS", value_parser = positive)]
    pub(crate) offset: Option<f32>,
}

/// Said of values that are at most 1, as after `--rescale`, where 255 is white.
pub(crate) const DARK: &str = "no value is above 1, of 255: the pictures are black; leave out --rescale, or show \
     the values by --offset 1";

/// A finite number above 0.
pub(crate) fn positive(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && f32::is_finite(number) => Ok(number),
        _ => Err("it must be a number above 0".to_owned()),
    }
}

impl Display {
    /// A picture (height, width, channels) as bytes.
    pub(crate) fn bytes(self, image: ArrayView3<'_, f32>) -> Array3<u8> {
        let byte = |value: f32| value.round().clamp(0.0, 255.0) as u8;
        match self {
            Self::Bytes => image.mapv(byte),
            Self::Signed(offset) => {
                let greatest = || image.fold(0.0_f32, |max, value| max.max(value.abs()));
                let offset = match offset.unwrap_or_else(greatest) {
                    0.0 => 1.0,
                    offset => offset,
                };
                image.mapv(|value| byte((value + offset) / (2.0 * offset) * 255.0))
            }
        }
    }
}

/// A picture (height, width, 1 or 3 channels) in memory of the `image` crate.
pub(crate) fn picture(image: ArrayView3<'_, u8>) -> Result<DynamicImage, Error> {
    let (height, width, channels) = image.dim();
    let values: Vec<u8> = image.iter().copied().collect();
    let picture = match (u32::try_from(width), u32::try_from(height), channels) {
        (Ok(width), Ok(height), 1) => {
            GrayImage::from_raw(width, height, values).map(DynamicImage::ImageLuma8)
        }
        (Ok(width), Ok(height), 3) => {
            RgbImage::from_raw(width, height, values).map(DynamicImage::ImageRgb8)
        }
        _ => None,
    };
    picture.ok_or_else(|| {
        Error::Usage(format!("a picture has 1 or 3 channels; this would have {channels}"))
    })
}

/// The same with three channels.
pub(crate) fn rgb(image: ArrayView3<'_, u8>) -> Result<RgbImage, Error> {
    Ok(picture(image)?.to_rgb8())
}

/// A mask without what all its channels repeat.
pub(crate) fn narrowed(mask: Array3<u8>) -> Array3<u8> {
    let first = mask.index_axis(Axis(2), 0).insert_axis(Axis(2));
    match mask.axis_iter(Axis(2)).all(|channel| channel == first.index_axis(Axis(2), 0)) {
        true => first.to_owned(),
        false => mask,
    }
}

/// The format that a file's name asks for, of those that are written.
pub(crate) fn format_of(path: &Path) -> Result<ImageFormat, Error> {
    match ImageFormat::from_path(path) {
        Ok(
            format @ (ImageFormat::Png
            | ImageFormat::Jpeg
            | ImageFormat::Bmp
            | ImageFormat::Pnm
            | ImageFormat::Tiff
            | ImageFormat::WebP),
        ) => Ok(format),
        _ => Err(Error::Usage(format!(
            "{} does not end as a picture does; name it .png, .jpg, .bmp, .ppm, .tiff or .webp",
            path.display()
        ))),
    }
}

/// The bytes of a picture file.
pub(crate) fn encode(path: &Path, picture: &DynamicImage) -> Result<Vec<u8>, Error> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, format_of(path)?)
        .map_err(|source| Error::Write { path: path.to_owned(), source: source.into() })?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::{Display, narrowed};

    #[test]
    fn signed_values_are_shown_around_the_middle() {
        let image = array![[[-2.0_f32], [0.0]], [[1.0], [2.0]]];
        let shown = array![[[0_u8], [128]], [[191], [255]]];
        assert_eq!(Display::Signed(Some(2.0)).bytes(image.view()), shown);
        assert_eq!(Display::Signed(None).bytes(image.view()), shown);
        let narrow = array![[[0_u8], [128]], [[255], [255]]];
        assert_eq!(Display::Signed(Some(1.0)).bytes(image.view()), narrow);
        assert_eq!(Display::Bytes.bytes(image.view()), array![[[0_u8], [0]], [[1], [2]]]);
    }

    #[test]
    fn nothing_varies_in_a_picture_of_zeros() {
        let image = array![[[0.0_f32]]];
        assert_eq!(Display::Signed(None).bytes(image.view()), array![[[128_u8]]]);
    }

    #[test]
    fn only_masks_whose_channels_agree_are_narrowed() {
        assert_eq!(narrowed(array![[[7_u8, 7, 7]]]), array![[[7_u8]]]);
        assert_eq!(narrowed(array![[[7_u8, 7, 8]]]), array![[[7_u8, 7, 8]]]);
    }
}
