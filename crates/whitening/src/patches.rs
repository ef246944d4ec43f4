use ndarray::{Array2, ArrayView3, ArrayView4, Axis, s};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Error, Pixel};

/// Values of patches in memory at a time, unless those of one row of an image are more.
const BLOCK_VALUES: usize = 1 << 20;

/// Patches that are drawn of an image at most: they are in memory at once.
const SAMPLE: usize = 1 << 20;

/// Which patches of images are fitted: of what size, and where.
///
/// A patch is one observation of height x width x channels values, flattened row by row with
/// channels innermost. All positions are taken at which it lies within the image whole, unless a
/// [sample](Patches::sampled) is to do.
///
/// ```
/// use mizumashi_whitening::Patches;
///
/// assert_eq!(Patches::square(3), Patches::new(3, 3));
/// let some = Patches::square(5).sampled(20, 7);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Patches {
    height: usize,
    width: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sample: Option<Sample>,
}

/// Positions drawn at random, with replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
struct Sample {
    per_image: usize,
    seed: u64,
}

impl Patches {
    /// All patches of this height and width.
    pub fn new(height: usize, width: usize) -> Self {
        Self { height, width, sample: None }
    }

    /// All patches of as many rows as columns.
    pub fn square(side: usize) -> Self {
        Self::new(side, side)
    }

    /// So many patches of each image, drawn with replacement. Where they lie follows from the seed
    /// and the number of the image alone, not from batches or threads.
    #[must_use]
    pub fn sampled(self, per_image: usize, seed: u64) -> Self {
        Self { sample: Some(Sample { per_image, seed }), ..self }
    }

    /// Height and width of a patch.
    pub fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// Values of a patch of so many channels: d.
    pub fn features(&self, channels: usize) -> usize {
        self.height.saturating_mul(self.width).saturating_mul(channels)
    }

    /// Patches of an image of this height and width: all positions, or the size of the sample.
    ///
    /// # Errors
    ///
    /// [`Error::PatchSize`] where none fits or a patch has no pixels, and [`Error::PatchSample`] for
    /// an empty sample and for one of more than 2^20 patches.
    pub fn count(&self, image: [usize; 2]) -> Result<usize, Error> {
        let [rows, columns] = self.positions(image)?;
        match self.sample {
            Some(Sample { per_image: found, .. }) => match found {
                1..=SAMPLE => Ok(found),
                _ => Err(Error::PatchSample { found, limit: SAMPLE }),
            },
            None => Ok(rows.saturating_mul(columns)),
        }
    }

    /// How many positions there are along height and width.
    pub(crate) fn positions(&self, image: [usize; 2]) -> Result<[usize; 2], Error> {
        let patch = self.size();
        let along = |axis: usize| match patch[axis] {
            0 => None,
            size => image[axis].checked_sub(size)?.checked_add(1),
        };
        match (along(0), along(1)) {
            (Some(rows), Some(columns)) => Ok([rows, columns]),
            _ => Err(Error::PatchSize { patch, image }),
        }
    }
}

/// The patches of a batch of images as the rows of a matrix, made a block at a time.
pub(crate) struct PatchRows<'a, T> {
    /// Samples, height, width, channels; any strides.
    images: ArrayView4<'a, T>,
    patches: Patches,
    /// The number of the first image.
    first: u64,
    /// Positions along height and width.
    positions: [usize; 2],
}

impl<'a, T: Pixel> PatchRows<'a, T> {
    pub(crate) fn new(
        images: ArrayView4<'a, T>,
        patches: Patches,
        first: u64,
    ) -> Result<Self, Error> {
        let (_, height, width, _) = images.dim();
        patches.count([height, width])?;
        let positions = patches.positions([height, width])?;
        Ok(Self { images, patches, first, positions })
    }

    /// Values of a row.
    pub(crate) fn features(&self) -> usize {
        self.patches.features(self.images.len_of(Axis(3)))
    }

    /// Parts that rows are made in, all of [`rows_per_part`](Self::rows_per_part) rows: the patches
    /// that begin in one row of an image, or the sample of an image.
    fn parts(&self) -> usize {
        match self.patches.sample {
            None => self.images.len_of(Axis(0)) * self.positions[0],
            Some(_) => self.images.len_of(Axis(0)),
        }
    }

    fn rows_per_part(&self) -> usize {
        self.patches.sample.map_or(self.positions[1], |sample| sample.per_image)
    }

    fn parts_per_block(&self) -> usize {
        (BLOCK_VALUES / self.rows_per_part().saturating_mul(self.features()).max(1)).max(1)
    }

    /// Values of a block, at the most.
    pub(crate) fn block_values(&self) -> usize {
        self.parts_per_block() * self.rows_per_part() * self.features()
    }

    pub(crate) fn blocks(&self) -> usize {
        self.parts().div_ceil(self.parts_per_block())
    }

    /// The rows of a block: image after image, and within an image row by row, or as drawn.
    pub(crate) fn block(&self, block: usize) -> Array2<T> {
        let first = block * self.parts_per_block();
        let end = self.parts().min(first + self.parts_per_block());
        let height = self.rows_per_part();
        let mut rows = Array2::default(((end - first) * height, self.features()));
        for (part, mut rows) in (first..end).zip(rows.axis_chunks_iter_mut(Axis(0), height)) {
            match self.patches.sample {
                None => {
                    let (image, y) = (part / self.positions[0], part % self.positions[0]);
                    let strip = self.images.slice(s![image, y..y + self.patches.height, .., ..]);
                    let strip = strip.as_standard_layout();
                    for (x, mut row) in rows.rows_mut().into_iter().enumerate() {
                        self.copy(strip.view(), [0, x], row.as_slice_mut().unwrap_or_default());
                    }
                }
                Some(sample) => {
                    let image = self.images.index_axis(Axis(0), part);
                    let image = image.as_standard_layout();
                    let mut random = ChaCha8Rng::seed_from_u64(sample.seed);
                    random.set_stream(self.first.wrapping_add(part as u64));
                    for mut row in rows.rows_mut() {
                        let at = self
                            .positions
                            .map(|count| random.random_range(0..count as u64) as usize);
                        self.copy(image.view(), at, row.as_slice_mut().unwrap_or_default());
                    }
                }
            }
        }
        rows
    }

    /// Copies the patch at (y, x) of an image in standard layout.
    fn copy(&self, image: ArrayView3<'_, T>, [y, x]: [usize; 2], to: &mut [T]) {
        let (_, width, channels) = image.dim();
        let image = image.to_slice().unwrap_or_default();
        let length = self.patches.width * channels;
        for (dy, to) in to.chunks_exact_mut(length).enumerate() {
            let start = ((y + dy) * width + x) * channels;
            to.copy_from_slice(&image[start..start + length]);
        }
    }
}
