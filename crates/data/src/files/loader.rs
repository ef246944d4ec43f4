use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use fast_image_resize::Resizer;
use ndarray::Array3;
use serde::{Deserialize, Serialize};

use super::decode::{damaged, decode};
use super::{ColorMode, Limits, Resampling};
use crate::Error;
use crate::error::io_error;

/// Makes arrays of image files: u8, `[height, width, channels]`.
///
/// As Keras' `load_img`, it decodes, converts to a colour mode, then resizes, whatever the shape
/// of the picture was. As PIL, it refuses a file that is cut short, and skips stray bytes between
/// the headers of a JPEG. Unlike PIL, it refuses a JPEG whose coded data are found to be
/// damaged, and a file that asks for more than the [`Limits`].
///
/// The pixels of lossless formats are PIL's. JPEG decoders differ in the last bits: see the crate's
/// golden tests for how far.
///
/// ```
/// use mizumashi_data::files::{ColorMode, ImageLoader, Resampling, SaveFormat, save_image};
/// use ndarray::Array3;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("ramp.png");
/// let ramp = Array3::from_shape_fn((40, 60, 3), |(row, _, _)| row as f32);
/// save_image(&path, ramp.view(), SaveFormat::Png)?;
///
/// let loader = ImageLoader::new()
///     .color_mode(ColorMode::Grayscale)
///     .target_size(20, 30)
///     .resampling(Resampling::Bilinear);
/// assert_eq!(loader.load(&path)?.dim(), (20, 30, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct ImageLoader {
    color_mode: ColorMode,
    target_size: Option<(usize, usize)>,
    resampling: Resampling,
    limits: Limits,
    apply_orientation: bool,
    #[serde(default)]
    refuse_16_bit: bool,
}

/// Bytes of a file buffer that are kept for the next file: more than photographs have.
const KEPT: usize = 1 << 24;

/// Memory that a thread keeps from one file to the next.
#[derive(Debug, Default)]
pub(super) struct LoadBuffer {
    file: Vec<u8>,
    resizer: Resizer,
}

impl ImageLoader {
    /// A loader of RGB pictures at their own size.
    pub fn new() -> Self {
        Self::default()
    }

    /// The channels to convert to; RGB unless set.
    pub fn color_mode(self, color_mode: ColorMode) -> Self {
        Self { color_mode, ..self }
    }

    /// Resizes to so many rows and columns, without regard to the picture's own proportions.
    pub fn target_size(self, height: usize, width: usize) -> Self {
        Self { target_size: Some((height, width)), ..self }
    }

    /// How pictures of another size than the target are resized; nearest neighbour unless set, as
    /// in Keras.
    pub fn resampling(self, resampling: Resampling) -> Self {
        Self { resampling, ..self }
    }

    /// What a file may ask for.
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Whether pictures are turned as their EXIF data say. Off unless set: PIL and Keras show them
    /// as they are stored, so what was trained there has seen them lying on their sides.
    pub fn apply_orientation(self, apply: bool) -> Self {
        Self { apply_orientation: apply, ..self }
    }

    /// Whether pictures of 16 bits per channel are refused, instead of keeping the upper eight. Off
    /// unless set; for masks, whose labels are in the lower eight.
    pub fn refuse_16_bit(self, refuse: bool) -> Self {
        Self { refuse_16_bit: refuse, ..self }
    }

    /// Height, width and channels of what it makes; `None` while pictures keep their own size.
    pub fn shape(&self) -> Option<(usize, usize, usize)> {
        self.target_size.map(|(height, width)| (height, width, self.color_mode.channels()))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// - [`Error::Io`] when it cannot be read;
    /// - [`Error::Limit`] when it asks for more than the limits, before memory is given to it;
    /// - [`Error::Damaged`] when it is no regular file, no picture of a known format, or cut short;
    /// - [`Error::PixelType`] when its values are not integers;
    /// - [`Error::Depth`] when they have 16 bits, where that is refused;
    /// - [`Error::TargetSize`] when the target size is none.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Array3<u8>, Error> {
        let (path, mut buffer) = (path.as_ref(), LoadBuffer::default());
        let channels = self.color_mode.channels();
        let (pixels, (width, height)) = self.decode(path, &mut buffer)?;
        let (height, width) = (height as usize, width as usize);
        let Some((rows, columns)) = self.target_size.filter(|&size| size != (height, width)) else {
            return Array3::from_shape_vec((height, width, channels), pixels)
                .map_err(|source| damaged(path, source));
        };
        let mut resized = crate::allocate::zeros((rows, columns, channels))?;
        let target = resized.as_slice_mut().unwrap_or_default();
        self.resize(path, &pixels, (height, width), target, (rows, columns), &mut buffer)?;
        Ok(resized)
    }

    /// Reads a file into `target`, which has the values of the target size.
    pub(super) fn load_into(
        &self,
        path: &Path,
        target: &mut [u8],
        buffer: &mut LoadBuffer,
    ) -> Result<(), Error> {
        let (pixels, (width, height)) = self.decode(path, buffer)?;
        let from = (height as usize, width as usize);
        let to = self.target_size.unwrap_or(from);
        if from == to && pixels.len() == target.len() {
            target.copy_from_slice(&pixels);
            return Ok(());
        }
        self.resize(path, &pixels, from, target, to, buffer)
    }

    /// The values of a file in the colour mode, with its width and height.
    fn decode(&self, path: &Path, buffer: &mut LoadBuffer) -> Result<(Vec<u8>, (u32, u32)), Error> {
        let limits = &self.limits;
        let failed = |source| io_error(path, source);
        // A pipe would have to be written to before it could even be opened.
        let metadata = fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(damaged(path, "it is no regular file"));
        }
        limits.check_bytes(path, metadata.len())?;
        let mut file = File::open(path).map_err(failed)?;
        buffer.file.clear();
        buffer.file.shrink_to(KEPT);
        // It may have grown since.
        let bound = limits.file_bytes.saturating_add(1);
        file.by_ref().take(bound).read_to_end(&mut buffer.file).map_err(failed)?;
        limits.check_bytes(path, buffer.file.len() as u64)?;
        let image = decode(&buffer.file, path, limits, self.apply_orientation)?;
        let (size, found) = ((image.width(), image.height()), image.color());
        let depth = found.bytes_per_pixel() / found.channel_count();
        if self.refuse_16_bit && depth == 2 {
            return Err(Error::Depth { path: path.to_owned() });
        }
        let pixels = self.color_mode.convert(image);
        let unknown = || Error::PixelType { path: path.to_owned(), found: format!("{found:?}") };
        Ok((pixels.ok_or_else(unknown)?, size))
    }

    fn resize(
        &self,
        path: &Path,
        pixels: &[u8],
        from: (usize, usize),
        target: &mut [u8],
        to: (usize, usize),
        buffer: &mut LoadBuffer,
    ) -> Result<(), Error> {
        let refused = || Error::TargetSize { height: to.0, width: to.1 };
        let size = |(height, width): (usize, usize)| {
            Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?))
        };
        let (from, to) = (size(from).ok_or_else(refused)?, size(to).ok_or_else(refused)?);
        if to.0 == 0 || to.1 == 0 {
            return Err(refused());
        }
        self.resampling
            .run(&mut buffer.resizer, self.color_mode, (pixels, from), (target, to))
            .map_err(|source| damaged(path, source))
    }
}
