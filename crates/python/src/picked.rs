//! Some images of an array, in an order of the caller's.

use mizumashi::ndarray::{ArrayView3, ArrayView4, Axis};
use mizumashi::stats::Layout;
use mizumashi::transform::ImageShape;
use mizumashi::{Error, Pixel, Source};

/// The images at `indices`, or all of them. Values are not checked for being finite: the caller
/// does it once, or does without as Keras does.
#[derive(Clone, Copy)]
pub(crate) struct Picked<'a, P> {
    /// Indexed (sample, height, width, channels).
    images: ArrayView4<'a, P>,
    indices: Option<&'a [usize]>,
}

impl<'a, P: Pixel> Picked<'a, P> {
    /// Images laid out as `layout` says; each index is below their number.
    pub(crate) fn new(
        images: ArrayView4<'a, P>,
        layout: Layout,
        indices: Option<&'a [usize]>,
    ) -> Self {
        Self { images: layout.to_nhwc(images), indices }
    }
}

impl<P: Pixel> Source for Picked<'_, P> {
    type Pixel = P;

    fn samples(&self) -> usize {
        self.indices.map_or(self.images.len_of(Axis(0)), <[usize]>::len)
    }

    fn image_shape(&self) -> ImageShape {
        let (_, height, width, channels) = self.images.dim();
        ImageShape { height, width, channels }
    }

    fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, P>) -> T,
    ) -> Result<T, Error> {
        let place = self.indices.map_or(index, |indices| indices[index]);
        Ok(work(self.images.index_axis(Axis(0), place)))
    }
}
