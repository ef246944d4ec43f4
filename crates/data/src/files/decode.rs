//! Bytes to pixels, within limits.

use std::io::Cursor;
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::Limits;
use crate::Error;

/// Decodes the contents of a file; `path` is for errors.
pub(super) fn decode(
    bytes: &[u8],
    path: &Path,
    limits: &Limits,
    apply_orientation: bool,
) -> Result<DynamicImage, Error> {
    let format = image::guess_format(bytes).map_err(|source| damaged(path, source))?;
    let (mut image, orientation) = match format {
        ImageFormat::Jpeg => jpeg(bytes, path, limits)?,
        format => other(bytes, format, path, limits)?,
    };
    if apply_orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

/// Strict, since a lenient decoder paints what is missing of a cut file grey and says nothing.
fn jpeg(bytes: &[u8], path: &Path, limits: &Limits) -> Result<(DynamicImage, Orientation), Error> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|source| damaged(path, source))?;
    let unknown = || damaged(path, "its header does not say what it holds");
    let (width, height) = decoder.dimensions().ok_or_else(unknown)?;
    let (width, height) = (width as u32, height as u32); // JPEG counts them in 16 bits
    limits.check_size(path, width, height)?;
    let grey = decoder.input_colorspace().ok_or_else(unknown)? == ColorSpace::Luma;
    let colours = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let pixels = decoder.decode().map_err(|source| damaged(path, source))?;
    let image = if grey {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    Ok((image.ok_or_else(unknown)?, orientation.unwrap_or(Orientation::NoTransforms)))
}

fn other(
    bytes: &[u8],
    format: ImageFormat,
    path: &Path,
    limits: &Limits,
) -> Result<(DynamicImage, Orientation), Error> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut allocation = image::Limits::no_limits();
    allocation.max_alloc = Some(limits.allocation());
    reader.limits(allocation);
    let mut decoder = reader.into_decoder().map_err(|source| damaged(path, source))?;
    let (width, height) = decoder.dimensions();
    limits.check_size(path, width, height)?;
    // A file whose EXIF data is damaged has no orientation.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|source| damaged(path, source))?;
    Ok((image, orientation))
}

pub(super) fn damaged(
    path: &Path,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    Error::Damaged { path: path.to_owned(), source: source.into() }
}
