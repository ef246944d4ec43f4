//! Convolution, as a product of matrices: windows of the images times filters.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, Array4, ArrayView2, ArrayViewMut2, Axis};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::windows::Windows;
use super::{Layer, Scalar, dense, dense_mut};
use crate::study::Result;

/// A convolution with bias.
pub(super) struct Convolution<T> {
    windows: Windows,
    /// `[value of the window, filter]`.
    weights: Array2<T>,
    bias: Array1<T>,
    dweights: Array2<T>,
    dbias: Array1<T>,
    input: Array4<T>,
}

impl<T: Scalar> Convolution<T> {
    /// A convolution of images by square filters with sides of an odd length, padded so that the
    /// output has the sides of the input divided by `stride`, rounded up.
    ///
    /// The weights are as He et al. (2015) draw them: normal, of variance 2 over the values of a
    /// window.
    pub(super) fn new(
        image: [usize; 3],
        side: usize,
        stride: usize,
        filters: usize,
        chance: &mut ChaCha8Rng,
    ) -> Self {
        Self::drawn(Windows::new(image, [side; 2], stride, side / 2), filters, 2.0, chance)
    }

    /// A convolution by filters of the size of the images: a dense layer. Its weights have variance
    /// 1 over the values, for no rectifier follows.
    pub(super) fn dense(image: [usize; 3], outputs: usize, chance: &mut ChaCha8Rng) -> Self {
        let [height, width, _] = image;
        Self::drawn(Windows::new(image, [height, width], 1, 0), outputs, 1.0, chance)
    }

    fn drawn(windows: Windows, filters: usize, gain: f64, chance: &mut ChaCha8Rng) -> Self {
        let values = windows.values();
        let deviation = (gain / values as f64).sqrt();
        let weights = Array2::from_shape_simple_fn((values, filters), || {
            let draw: f64 = StandardNormal.sample(chance);
            T::nearest(deviation * draw)
        });
        let dweights = Array2::zeros(weights.raw_dim());
        let (bias, dbias) = (Array1::zeros(filters), Array1::zeros(filters));
        Self { windows, weights, bias, dweights, dbias, input: Array4::zeros((0, 0, 0, 0)) }
    }

    /// Rows, columns and channels of the output.
    pub(super) fn output(&self) -> [usize; 3] {
        let [rows, columns] = self.windows.grid;
        [rows, columns, self.bias.len()]
    }

    fn convolve(&self, x: &Array4<T>) -> Result<Array4<T>> {
        let [rows, columns, filters] = self.output();
        let mut y = Array4::zeros((x.len_of(Axis(0)), rows, columns, filters));
        y.assign(&self.bias);
        let mut matrix = vec![T::zero(); self.matrix_length()];
        let (x, out) = (dense(x)?, dense_mut(&mut y)?);
        for (x, y) in x.chunks(self.input_block()).zip(out.chunks_mut(self.output_block())) {
            let mut y = ArrayViewMut2::from_shape((y.len() / filters, filters), y)?;
            let matrix = &mut matrix[..y.nrows() * self.windows.values()];
            self.windows.unfold(x, matrix);
            let matrix = ArrayView2::from_shape((y.nrows(), self.windows.values()), matrix)?;
            general_mat_mul(T::one(), &matrix, &self.weights, T::one(), &mut y);
        }
        Ok(y)
    }

    /// The gradients of the parameters alone.
    pub(super) fn learn(&mut self, dy: &Array4<T>) -> Result<()> {
        let (windows, filters) = (self.windows, self.bias.len());
        self.dweights.fill(T::zero());
        self.dbias = dy.to_shape((dy.len() / filters, filters))?.sum_axis(Axis(0));
        let mut matrix = vec![T::zero(); self.matrix_length()];
        let (input_block, output_block) = (self.input_block(), self.output_block());
        for (x, dy) in dense(&self.input)?.chunks(input_block).zip(dense(dy)?.chunks(output_block))
        {
            let dy = ArrayView2::from_shape((dy.len() / filters, filters), dy)?;
            let matrix = &mut matrix[..dy.nrows() * windows.values()];
            windows.unfold(x, matrix);
            let matrix = ArrayView2::from_shape((dy.nrows(), windows.values()), matrix)?;
            general_mat_mul(T::one(), &matrix.t(), &dy, T::one(), &mut self.dweights);
        }
        Ok(())
    }

    /// The gradient of the input.
    fn pass_back(&self, dy: &Array4<T>) -> Result<Array4<T>> {
        let (windows, filters) = (self.windows, self.bias.len());
        let mut dx = Array4::zeros(self.input.raw_dim());
        let mut matrix = vec![T::zero(); self.matrix_length()];
        let blocks = dense(dy)?.chunks(self.output_block());
        for (dx, dy) in dense_mut(&mut dx)?.chunks_mut(self.input_block()).zip(blocks) {
            let dy = ArrayView2::from_shape((dy.len() / filters, filters), dy)?;
            let matrix = &mut matrix[..dy.nrows() * windows.values()];
            let mut product = ArrayViewMut2::from_shape((dy.nrows(), windows.values()), matrix)?;
            general_mat_mul(T::one(), &dy, &self.weights.t(), T::zero(), &mut product);
            windows.fold(matrix, dx);
        }
        Ok(dx)
    }

    /// Values of as many images as are unfolded at a time.
    fn input_block(&self) -> usize {
        self.windows.images_at_once() * self.windows.image_values()
    }

    /// Values of their outputs.
    fn output_block(&self) -> usize {
        self.windows.images_at_once() * self.windows.count() * self.bias.len()
    }

    /// Values of their windows.
    fn matrix_length(&self) -> usize {
        self.windows.images_at_once() * self.windows.count() * self.windows.values()
    }
}

impl<T: Scalar> Layer<T> for Convolution<T> {
    fn forward(&mut self, x: Array4<T>) -> Result<Array4<T>> {
        let y = self.convolve(&x)?;
        self.input = x;
        Ok(y)
    }

    fn infer(&self, x: Array4<T>) -> Result<Array4<T>> {
        self.convolve(&x)
    }

    fn backward(&mut self, dy: Array4<T>) -> Result<Array4<T>> {
        self.learn(&dy)?;
        self.pass_back(&dy)
    }

    fn visit(&mut self, visit: &mut dyn FnMut(&mut [T], &[T]) -> Result<()>) -> Result<()> {
        let Self { weights, dweights, bias, dbias, .. } = self;
        visit(dense_mut(weights)?, dense(dweights)?)?;
        visit(dense_mut(bias)?, dense(dbias)?)
    }
}
