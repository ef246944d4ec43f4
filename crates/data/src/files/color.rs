use image::{DynamicImage, ImageBuffer};
use serde::{Deserialize, Serialize};

/// The channels that a picture is converted to.
///
/// The conversions are PIL's: grey is `(19595 R + 38470 G + 7471 B + 2^15) >> 16`, an alpha channel
/// is dropped without blending, a missing one is 255. Of 16 bits per channel the upper eight are
/// kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ColorMode {
    /// One channel.
    Grayscale,
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Red, green, blue, alpha.
    Rgba,
}

impl ColorMode {
    /// The number of channels: 1, 3 or 4.
    pub const fn channels(self) -> usize {
        match self {
            Self::Grayscale => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// The values of `image` in this mode, row by row; `None` for pixels that are not integers.
    pub(super) fn convert(self, image: DynamicImage) -> Option<Vec<u8>> {
        Some(match (eight_bits(image)?, self) {
            (DynamicImage::ImageLuma8(image), Self::Grayscale) => image.into_raw(),
            (DynamicImage::ImageLuma8(image), Self::Rgb) => each(&image, |[l]| [l; 3]),
            (DynamicImage::ImageLuma8(image), Self::Rgba) => each(&image, |[l]| [l, l, l, 255]),
            (DynamicImage::ImageLumaA8(image), Self::Grayscale) => each(&image, |[l, _]| [l]),
            (DynamicImage::ImageLumaA8(image), Self::Rgb) => each(&image, |[l, _]| [l; 3]),
            (DynamicImage::ImageLumaA8(image), Self::Rgba) => each(&image, |[l, a]| [l, l, l, a]),
            (DynamicImage::ImageRgb8(image), Self::Grayscale) => each(&image, |rgb| [luma(rgb)]),
            (DynamicImage::ImageRgb8(image), Self::Rgb) => image.into_raw(),
            (DynamicImage::ImageRgb8(image), Self::Rgba) => {
                each(&image, |[r, g, b]| [r, g, b, 255])
            }
            (DynamicImage::ImageRgba8(image), Self::Grayscale) => {
                each(&image, |[r, g, b, _]| [luma([r, g, b])])
            }
            (DynamicImage::ImageRgba8(image), Self::Rgb) => each(&image, |[r, g, b, _]| [r, g, b]),
            (DynamicImage::ImageRgba8(image), Self::Rgba) => image.into_raw(),
            _ => return None,
        })
    }
}

/// ITU-R 601 luma in fixed point, rounded, as PIL has it.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 0x8000) >> 16) as u8
}

fn each<const FROM: usize, const TO: usize>(
    values: &[u8],
    convert: impl Fn([u8; FROM]) -> [u8; TO],
) -> Vec<u8> {
    let (pixels, _) = values.as_chunks::<FROM>();
    pixels.iter().map(|&pixel| convert(pixel)).collect::<Vec<_>>().into_flattened()
}

/// The upper byte of every value, where a value has two.
fn eight_bits(image: DynamicImage) -> Option<DynamicImage> {
    let (width, height) = (image.width(), image.height());
    let upper = |values: Vec<u16>| values.into_iter().map(|value| (value >> 8) as u8).collect();
    match image {
        DynamicImage::ImageLuma16(image) => {
            ImageBuffer::from_raw(width, height, upper(image.into_raw()))
                .map(DynamicImage::ImageLuma8)
        }
        DynamicImage::ImageLumaA16(image) => {
            ImageBuffer::from_raw(width, height, upper(image.into_raw()))
                .map(DynamicImage::ImageLumaA8)
        }
        DynamicImage::ImageRgb16(image) => {
            ImageBuffer::from_raw(width, height, upper(image.into_raw()))
                .map(DynamicImage::ImageRgb8)
        }
        DynamicImage::ImageRgba16(image) => {
            ImageBuffer::from_raw(width, height, upper(image.into_raw()))
                .map(DynamicImage::ImageRgba8)
        }
        other => Some(other),
    }
}
