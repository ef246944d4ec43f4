//! Bytes to pixels, within limits.

use std::io::Cursor;
use std::panic;
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
    let decoded = || match format {
        ImageFormat::Jpeg => jpeg(bytes, path, limits, apply_orientation),
        format => other(bytes, format, path, limits, apply_orientation),
    };
    // Decoders are other people's code, and a damaged file must not end the process.
    let (mut image, orientation) =
        panic::catch_unwind(decoded).map_err(|_| damaged(path, "its decoder panicked"))??;
    image.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    Ok(image)
}

/// The picture of a JPEG, all of which must be there.
///
/// What stands between its headers and is none is skipped, as PIL does. The data themselves are
/// decoded strictly: a lenient decoder paints what is missing of them grey and says nothing. What
/// even a strict one overlooks is an end that is missing alone, so that is looked for first. What
/// cannot be told is damage that leaves a sequence of valid codes, and a file whose missing half
/// was replaced by an end marker, which PIL accepts as well.
fn jpeg(
    bytes: &[u8],
    path: &Path,
    limits: &Limits,
    with_orientation: bool,
) -> Result<(DynamicImage, Option<Orientation>), Error> {
    if !jpeg_ends(bytes) {
        return Err(damaged(path, "it has no end-of-image marker; it is cut short"));
    }
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|source| damaged(path, source))?;
    let unknown = || damaged(path, "its header does not say what it holds");
    let (width, height) = decoder.dimensions().ok_or_else(unknown)?;
    let (width, height) = (width as u32, height as u32); // JPEG counts them in 16 bits
    limits.check_size(path, width, height)?;
    let colours = match decoder.input_colorspace().ok_or_else(unknown)? {
        ColorSpace::Luma => ColorSpace::Luma,
        ColorSpace::YCbCr | ColorSpace::RGB | ColorSpace::CMYK | ColorSpace::YCCK => {
            ColorSpace::RGB
        }
        other => return Err(damaged(path, format!("it has the colours {other:?}"))),
    };
    decoder.set_options(options.set_strict_mode(true).jpeg_set_out_colorspace(colours));
    let exif = decoder.exif().filter(|_| with_orientation);
    let orientation = exif.and_then(|exif| Orientation::from_exif_chunk(exif));
    let pixels = decoder.decode().map_err(|source| damaged(path, source))?;
    let image = if colours == ColorSpace::Luma {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    Ok((image.ok_or_else(unknown)?, orientation))
}

/// Whether an end-of-image marker follows the first start of scan. Markers do not occur within
/// coded data, and whatever comes after the end (cameras append previews) is not looked at.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[first, marker]) = bytes.get(at..at + 2).and_then(|pair| pair.first_chunk()) {
        at += match (first, marker) {
            (0xff, 0xda) => return bytes[at..].windows(2).rev().any(|pair| pair == [0xff, 0xd9]),
            (0xff, 0x01 | 0xd0..=0xd9) => 2, // markers without a length
            (0xff, 0x02..=0xfe) => match bytes.get(at + 2..at + 4) {
                Some(&[high, low]) => 2 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
            _ => 1,
        };
    }
    false
}

fn other(
    bytes: &[u8],
    format: ImageFormat,
    path: &Path,
    limits: &Limits,
    with_orientation: bool,
) -> Result<(DynamicImage, Option<Orientation>), Error> {
    if format == ImageFormat::Png && !png_palette_is_whole(bytes) {
        return Err(damaged(path, "its palette ends within a colour"));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut allocation = image::Limits::no_limits();
    allocation.max_alloc = Some(limits.allocation());
    reader.limits(allocation);
    let mut decoder = reader.into_decoder().map_err(|source| damaged(path, source))?;
    let (width, height) = decoder.dimensions();
    limits.check_size(path, width, height)?;
    let orientation = match format {
        _ if !with_orientation => None,
        // Its decoder would allocate whatever length the chunk claims.
        ImageFormat::WebP => {
            let exif = webp_exif(bytes).map_err(|problem| damaged(path, problem))?;
            exif.and_then(Orientation::from_exif_chunk)
        }
        // A file whose EXIF data is damaged has no orientation.
        _ => decoder.orientation().ok(),
    };
    let image = DynamicImage::from_decoder(decoder).map_err(|source| damaged(path, source))?;
    Ok((image, orientation))
}

/// Whether every palette of a PNG file is of three bytes a colour: png 0.18.1 panics at another
/// (image-png's issue 694).
fn png_palette_is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default(); // the signature
    while let Some((&[a, b, c, d, kind @ ..], contents)) = rest.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if kind == *b"PLTE" && !length.is_multiple_of(3) {
            return false;
        }
        rest = contents.get(length.saturating_add(4)..).unwrap_or_default(); // and a checksum
    }
    true
}

/// The EXIF chunk of a WebP file, if it has one, which must be there as long as it says.
fn webp_exif(bytes: &[u8]) -> Result<Option<&[u8]>, &'static str> {
    let mut rest = bytes.get(12..).unwrap_or_default(); // RIFF, a length, WEBP
    while let Some((&[a, b, c, d, length @ ..], contents)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes(length) as usize;
        if [a, b, c, d] == *b"EXIF" {
            let chunk = contents.get(..length);
            return chunk.map(Some).ok_or("its EXIF chunk claims more bytes than the file has");
        }
        rest = contents.get(length.saturating_add(length & 1)..).unwrap_or_default();
    }
    Ok(None)
}

pub(super) fn damaged(
    path: &Path,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    Error::Damaged { path: path.to_owned(), source: source.into() }
}
