use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3, U8x4};
use fast_image_resize::{
    FilterType, ImageBufferError, PixelTrait, ResizeAlg, ResizeError, ResizeOptions, Resizer,
};
use serde::{Deserialize, Serialize};

use super::ColorMode;

/// How a picture is brought to another size, by PIL's names.
///
/// All but `Nearest` widen their support when they shrink a picture, so that every pixel counts;
/// the work is done by `fast_image_resize`, which is PIL's algorithm in other fixed-point figures.
/// With an alpha channel, colours are weighted by it, as in PIL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resampling {
    /// The pixel whose area the centre of the new one falls into: Keras' default.
    #[default]
    Nearest,
    /// The mean of the pixels covered.
    Box,
    /// A triangle: support of one pixel to each side.
    Bilinear,
    /// A raised cosine over one pixel to each side.
    Hamming,
    /// Keys' cubic with a = -0.5: support 2.
    Bicubic,
    /// A windowed sinc: support 3.
    Lanczos,
}

impl Resampling {
    /// Fills `target`, of `to` (width, height) pixels, from `source` of `from` pixels.
    pub(super) fn run(
        self,
        resizer: &mut Resizer,
        mode: ColorMode,
        source: (&[u8], (u32, u32)),
        target: (&mut [u8], (u32, u32)),
    ) -> Result<(), Refused> {
        // Of these types only, of a dozen, are the kernels compiled.
        match mode {
            ColorMode::Grayscale => self.run_typed::<U8>(resizer, source, target),
            ColorMode::Rgb => self.run_typed::<U8x3>(resizer, source, target),
            ColorMode::Rgba => self.run_typed::<U8x4>(resizer, source, target),
        }
    }

    fn run_typed<P: PixelTrait>(
        self,
        resizer: &mut Resizer,
        (source, from): (&[u8], (u32, u32)),
        (target, to): (&mut [u8], (u32, u32)),
    ) -> Result<(), Refused> {
        let algorithm = match self {
            Self::Nearest => ResizeAlg::Nearest,
            Self::Box => ResizeAlg::Convolution(FilterType::Box),
            Self::Bilinear => ResizeAlg::Convolution(FilterType::Bilinear),
            Self::Hamming => ResizeAlg::Convolution(FilterType::Hamming),
            Self::Bicubic => ResizeAlg::Convolution(FilterType::CatmullRom),
            Self::Lanczos => ResizeAlg::Convolution(FilterType::Lanczos3),
        };
        let source = TypedImageRef::<P>::from_buffer(from.0, from.1, source)?;
        let mut target = TypedImage::<P>::from_buffer(to.0, to.1, target)?;
        resizer.resize_typed(&source, &mut target, &ResizeOptions::new().resize_alg(algorithm))?;
        Ok(())
    }
}

/// Why a picture could not be resized.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Buffer(#[from] ImageBufferError),
    #[error(transparent)]
    Resize(#[from] ResizeError),
}
