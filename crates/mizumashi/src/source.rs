//! Where images come from: an array in memory, files on disk, or anything that can lend one.

use std::hash::Hasher;

use fnv::FnvHasher;
use mizumashi_affine::prefetch;
use mizumashi_data::Error as DataError;
use mizumashi_data::files::ImageFiles;
use mizumashi_transform::{ImageShape, PixelValue};
use ndarray::{ArrayView3, ArrayView4, Axis};

use crate::{Error, Pixel};

/// Images of an array whose values go into its fingerprint.
const FINGERPRINTED: usize = 16;

/// A data set that lends its images one by one.
///
/// A view of an array lends views of itself and copies nothing; [`ImageFiles`] decodes a file each
/// time. A source of your own needs the three required methods, and serves through
/// [`ImageDataGenerator::flow_source`](crate::ImageDataGenerator::flow_source):
///
/// ```
/// use mizumashi::transform::ImageShape;
/// use mizumashi::{Error, ImageDataGenerator, Source};
/// use ndarray::{Array3, ArrayView3};
///
/// /// Pictures that are computed: each of one grey level, its index.
/// #[derive(Debug)]
/// struct Levels;
///
/// impl Source for Levels {
///     type Pixel = u8;
///
///     fn samples(&self) -> usize {
///         256
///     }
///
///     fn image_shape(&self) -> ImageShape {
///         ImageShape { height: 8, width: 8, channels: 1 }
///     }
///
///     fn with_image<T>(
///         &self,
///         index: usize,
///         work: impl FnOnce(ArrayView3<'_, u8>) -> T,
///     ) -> Result<T, Error> {
///         Ok(work(Array3::from_elem((8, 8, 1), index as u8).view()))
///     }
/// }
///
/// let generator = ImageDataGenerator::builder().rescale(0.5).build()?;
/// let batch = generator.flow_source(Levels, (), 32)?.next_batch()?;
/// assert_eq!(batch.x[[0, 0, 0, 0]], batch.indices[0] as f32 * 0.5);
/// # Ok::<(), Error>(())
/// ```
pub trait Source: Sync {
    /// The type of the images' values.
    type Pixel: Pixel;

    /// The number of images.
    fn samples(&self) -> usize;

    /// The shape of every image.
    fn image_shape(&self) -> ImageShape;

    /// Lends the image at `index`, indexed (height, width, channels) and of any strides, to `work`.
    /// Threads call it at the same time.
    ///
    /// # Errors
    /// When the image cannot be read; `work` is not called then.
    fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, Self::Pixel>) -> T,
    ) -> Result<T, Error>;

    /// Says that the image at `index` is the next that this thread will ask for, where that helps
    /// to have it at hand.
    fn prefetch(&self, _index: usize) {}

    /// Replaces the indices of images that had to be substituted by those of their substitutes,
    /// once all of them have been lent. Their labels follow.
    fn resolve(&self, _indices: &mut [usize]) {}

    /// A number that another data set hardly has, by which [`Flow::resume`](crate::Flow::resume)
    /// knows this one again: of the number and shape of the images, of the values of up to 16 of them
    /// where they are in memory, and for [`ImageFiles`] of the files' names without their folder.
    /// It must be the same in another process; a source of your own may put more into it.
    fn fingerprint(&self) -> u64 {
        let ImageShape { height, width, channels } = self.image_shape();
        let sizes = [self.samples(), height, width, channels];
        let mut hasher = FnvHasher::default();
        sizes.iter().for_each(|&size| hasher.write(&(size as u64).to_le_bytes()));
        if let Some(images) = self.in_memory() {
            for index in (0..sizes[0]).step_by(sizes[0].div_ceil(FINGERPRINTED).max(1)) {
                for value in images.index_axis(Axis(0), index) {
                    hasher.write(&value.to_f32().to_bits().to_le_bytes());
                }
            }
        }
        hasher.finish()
    }

    /// All images at once, indexed (sample, height, width, channels), where they are in memory. Their
    /// values are then checked before anything is served, and a fit makes no copies.
    fn in_memory(&self) -> Option<ArrayView4<'_, Self::Pixel>> {
        None
    }
}

impl<P: Pixel> Source for ArrayView4<'_, P> {
    type Pixel = P;

    fn samples(&self) -> usize {
        self.len_of(Axis(0))
    }

    fn image_shape(&self) -> ImageShape {
        let (_, height, width, channels) = self.dim();
        ImageShape { height, width, channels }
    }

    fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, P>) -> T,
    ) -> Result<T, Error> {
        Ok(work(self.index_axis(Axis(0), index)))
    }

    fn prefetch(&self, index: usize) {
        prefetch(self.index_axis(Axis(0), index));
    }

    fn in_memory(&self) -> Option<ArrayView4<'_, P>> {
        Some(self.view())
    }
}

impl Source for ImageFiles {
    type Pixel = u8;

    fn samples(&self) -> usize {
        self.len()
    }

    fn image_shape(&self) -> ImageShape {
        ImageShape::new(self.image_shape())
    }

    fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, u8>) -> T,
    ) -> Result<T, Error> {
        Ok(self.with_image(index, work)?)
    }

    fn resolve(&self, indices: &mut [usize]) {
        self.resolve(indices);
    }

    fn fingerprint(&self) -> u64 {
        let (height, width, channels) = self.image_shape();
        let mut hasher = FnvHasher::default();
        for size in [self.len(), height, width, channels] {
            hasher.write(&(size as u64).to_le_bytes());
        }
        for path in self.paths() {
            // A data set may lie in another folder, or on another machine.
            hasher.write(path.file_name().unwrap_or_default().as_encoded_bytes());
            hasher.write(&[0]);
        }
        hasher.finish()
    }
}

impl<S: Source> Source for &S {
    type Pixel = S::Pixel;

    fn samples(&self) -> usize {
        (**self).samples()
    }

    fn image_shape(&self) -> ImageShape {
        (**self).image_shape()
    }

    fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, Self::Pixel>) -> T,
    ) -> Result<T, Error> {
        (**self).with_image(index, work)
    }

    fn prefetch(&self, index: usize) {
        (**self).prefetch(index);
    }

    fn resolve(&self, indices: &mut [usize]) {
        (**self).resolve(indices);
    }

    fn fingerprint(&self) -> u64 {
        (**self).fingerprint()
    }

    fn in_memory(&self) -> Option<ArrayView4<'_, Self::Pixel>> {
        (**self).in_memory()
    }
}

/// Refuses an array of `f32` that no address space holds, where `ndarray` would panic.
pub(crate) fn check_size(shape: &[usize]) -> Result<(), Error> {
    let bytes = shape.iter().try_fold(size_of::<f32>(), |bytes, &side| bytes.checked_mul(side));
    match bytes {
        Some(bytes) if isize::try_from(bytes).is_ok() => Ok(()),
        _ => Err(DataError::TooLarge { shape: shape.to_vec() }.into()),
    }
}

/// Refuses an array of `f32` that there is no memory for, where `ndarray` would end the process.
pub(crate) fn check_memory(shape: &[usize]) -> Result<(), Error> {
    check_size(shape)?;
    let too_large = |_| DataError::TooLarge { shape: shape.to_vec() }.into();
    Vec::<f32>::new().try_reserve_exact(shape.iter().product()).map_err(too_large)
}

/// Refuses a source without images, or with values that no figure can be computed from.
pub(crate) fn check_source<S: Source>(source: &S) -> Result<(), Error> {
    let (samples, shape) = (source.samples(), source.image_shape());
    let shape = [samples, shape.height, shape.width, shape.channels];
    if shape.contains(&0) {
        return Err(Error::Empty { shape: shape.to_vec() });
    }
    check_size(&shape[1..])?;
    source.in_memory().map_or(Ok(()), S::Pixel::check_finite)
}
