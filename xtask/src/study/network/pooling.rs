//! Average pooling.

use ndarray::Array4;

use super::{Layer, Scalar, dense, dense_mut};
use crate::study::Result;

/// The mean of each tile of an image.
pub(super) struct AveragePooling {
    /// Rows, columns and channels of the images; whole tiles.
    image: [usize; 3],
    /// Rows and columns.
    tile: [usize; 2],
}

impl AveragePooling {
    pub(super) fn new(image: [usize; 3], tile: [usize; 2]) -> Self {
        Self { image, tile }
    }

    fn grid(&self) -> [usize; 2] {
        [self.image[0] / self.tile[0], self.image[1] / self.tile[1]]
    }

    fn share<T: Scalar>(&self) -> T {
        T::nearest(1.0 / (self.tile[0] * self.tile[1]) as f64)
    }

    /// Where the first channel of each pixel of a batch is, and where that of its tile's mean.
    fn places(&self, samples: usize) -> impl Iterator<Item = (usize, usize)> {
        let ([rows, columns, channels], [height, width]) = (self.image, self.tile);
        let [tile_rows, tile_columns] = self.grid();
        (0..samples * rows * columns).map(move |pixel| {
            let (line, column) = (pixel / columns, pixel % columns);
            let (sample, row) = (line / rows, line % rows);
            let tile = (sample * tile_rows + row / height) * tile_columns + column / width;
            (pixel * channels, tile * channels)
        })
    }
}

impl<T: Scalar> Layer<T> for AveragePooling {
    fn forward(&mut self, x: Array4<T>) -> Result<Array4<T>> {
        self.infer(x)
    }

    fn infer(&self, x: Array4<T>) -> Result<Array4<T>> {
        let (samples, share) = (x.dim().0, self.share::<T>());
        let ([rows, columns], channels) = (self.grid(), self.image[2]);
        let mut y = Array4::zeros((samples, rows, columns, channels));
        let (x, means) = (dense(&x)?, dense_mut(&mut y)?);
        for (pixel, tile) in self.places(samples) {
            let pixel = &x[pixel..pixel + channels];
            let mean = &mut means[tile..tile + channels];
            mean.iter_mut().zip(pixel).for_each(|(mean, &value)| *mean += share * value);
        }
        Ok(y)
    }

    fn backward(&mut self, dy: Array4<T>) -> Result<Array4<T>> {
        let (samples, share) = (dy.dim().0, self.share::<T>());
        let [rows, columns, channels] = self.image;
        let mut dx = Array4::zeros((samples, rows, columns, channels));
        let (dy, values) = (dense(&dy)?, dense_mut(&mut dx)?);
        for (pixel, tile) in self.places(samples) {
            let pixel = &mut values[pixel..pixel + channels];
            let mean = &dy[tile..tile + channels];
            pixel.iter_mut().zip(mean).for_each(|(value, &mean)| *value = share * mean);
        }
        Ok(dx)
    }
}
