//! The windows that the filters of a convolution look through, as rows of a matrix.

use std::ops::Range;

use super::Scalar;

/// Values of the matrix that are made at a time: few enough to stay in a core's own cache.
const BLOCK: usize = 1 << 16;

/// How filters step over images.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    /// Height, width and channels.
    image: [usize; 3],
    /// Height and width.
    filter: [usize; 2],
    stride: usize,
    /// Rows and columns of zeros around the image.
    padding: usize,
    /// Rows and columns of windows.
    pub(super) grid: [usize; 2],
}

impl Windows {
    pub(super) fn new(
        image: [usize; 3],
        filter: [usize; 2],
        stride: usize,
        padding: usize,
    ) -> Self {
        let count = |axis: usize| (image[axis] + 2 * padding - filter[axis]) / stride + 1;
        Self { image, filter, stride, padding, grid: [count(0), count(1)] }
    }

    /// How many windows an image has.
    pub(super) fn count(&self) -> usize {
        self.grid[0] * self.grid[1]
    }

    /// Values in a window.
    pub(super) fn values(&self) -> usize {
        self.filter[0] * self.filter[1] * self.image[2]
    }

    /// Values in an image.
    pub(super) fn image_values(&self) -> usize {
        self.image.iter().product()
    }

    /// How many images are unfolded at a time.
    pub(super) fn images_at_once(&self) -> usize {
        (BLOCK / (self.count() * self.values())).max(1)
    }

    /// Fills the matrix `[image and window, value of the window]` with what the windows of the images
    /// show. What lies in the padding is left as it is: zero, in a matrix that was made of zeros.
    pub(super) fn unfold<T: Scalar>(&self, images: &[T], matrix: &mut [T]) {
        let images = images.chunks_exact(self.image_values());
        for (image, rows) in images.zip(matrix.chunks_exact_mut(self.count() * self.values())) {
            self.for_each_run(|pixels, values| rows[values].copy_from_slice(&image[pixels]));
        }
    }

    /// The transpose of [`unfold`](Self::unfold): adds each value of the matrix to the pixel that it
    /// is of.
    pub(super) fn fold<T: Scalar>(&self, matrix: &[T], images: &mut [T]) {
        let images = images.chunks_exact_mut(self.image_values());
        for (image, rows) in images.zip(matrix.chunks_exact(self.count() * self.values())) {
            self.for_each_run(|pixels, values| {
                let values = &rows[values];
                image[pixels].iter_mut().zip(values).for_each(|(pixel, &value)| *pixel += value);
            });
        }
    }

    /// Visits the runs of consecutive values that an image and its rows of the matrix share, as
    /// places in both.
    fn for_each_run(&self, mut visit: impl FnMut(Range<usize>, Range<usize>)) {
        let [height, width, channels] = self.image;
        let [filter_height, filter_width] = self.filter;
        for window in 0..self.count() {
            let top = window / self.grid[1] * self.stride;
            let left = window % self.grid[1] * self.stride;
            // The columns of the filter that are over the image.
            let from = self.padding.saturating_sub(left);
            let to = filter_width.min(width + self.padding - left);
            for row in 0..filter_height {
                let Some(y) = (top + row).checked_sub(self.padding).filter(|&y| y < height) else {
                    continue;
                };
                let pixel = y * width + left + from - self.padding;
                let value = window * self.values() + (row * filter_width + from) * channels;
                let length = (to - from) * channels;
                visit(pixel * channels..pixel * channels + length, value..value + length);
            }
        }
    }
}
