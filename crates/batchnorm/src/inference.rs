//! The inference pass: by the running statistics, changing nothing.

use ndarray::{Array, ArrayView, ArrayViewMut, Dimension};

use crate::kernel::View;
use crate::layer::same_shape;
use crate::saved::{Saved, Source, Standardisation};
use crate::training::Call;
use crate::{BatchNorm, Error, Real, forward};

impl<T: Real> BatchNorm<T> {
    /// The inference pass: standardises by the running statistics and changes nothing. Where those
    /// are off, by the batch's own.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`], [`Error::Channels`] or [`Error::EmptyBatch`] when the shape of `x` is not
    /// for this layer.
    pub fn infer<D: Dimension>(&self, x: ArrayView<'_, T, D>) -> Result<Array<T, D>, Error> {
        let mut y = Array::zeros(x.raw_dim());
        self.infer_into(x, y.view_mut())?;
        Ok(y)
    }

    /// [`infer`](Self::infer) into the caller's `y`, which is untouched on an error.
    ///
    /// # Errors
    ///
    /// Those of [`infer`](Self::infer), and [`Error::Shape`] when `y` is not shaped as `x`.
    pub fn infer_into<D: Dimension>(
        &self,
        x: ArrayView<'_, T, D>,
        y: ArrayViewMut<'_, T, D>,
    ) -> Result<(), Error> {
        let view = self.view(x.shape())?;
        same_shape("y", y.shape(), x.shape())?;
        let x = view.matrix(&x)?;
        self.infer_on(view, Call { x: Some(x.view()), ..Call::default() }, y)
    }

    /// [`infer`](Self::infer) over its input, which is untouched on an error.
    ///
    /// # Errors
    ///
    /// Those of [`infer`](Self::infer).
    pub fn infer_inplace<D: Dimension>(&self, x: ArrayViewMut<'_, T, D>) -> Result<(), Error> {
        self.infer_on(self.view(x.shape())?, Call::default(), x)
    }

    /// The running statistics as [`backward`](Self::backward) takes them, for gradients through
    /// [`infer`](Self::infer): fine-tuning with frozen statistics. Without running statistics it is
    /// empty, and no backward pass accepts it: gradients through the batch's own statistics are those
    /// of [`forward`](Self::forward).
    pub fn frozen(&self) -> Saved {
        Saved { channels: self.running(), source: Source::Running, in_place: false, weights: None }
    }

    /// A batch of this shape as the kernels see it.
    pub(crate) fn view(&self, shape: &[usize]) -> Result<View, Error> {
        View::of(shape, self.config.layout, self.channels)
    }

    /// What the running statistics standardise by.
    pub(crate) fn running(&self) -> Vec<Standardisation> {
        let running = self.running_mean.iter().zip(&self.running_variance);
        let epsilon = self.config.epsilon;
        running.map(|(&mean, &variance)| Standardisation::new(mean, variance, epsilon)).collect()
    }

    pub(crate) fn coefficients(&self, channel: usize, by: &Standardisation) -> [T; 3] {
        forward::coefficients(by, self.gamma_of(channel), self.beta_of(channel))
    }

    pub(crate) fn infer_on<D: Dimension>(
        &self,
        view: View,
        call: Call<'_, T>,
        y: ArrayViewMut<'_, T, D>,
    ) -> Result<(), Error> {
        if !self.is_tracking() {
            return self.by_batch(view, &call, y).map(|_| ());
        }
        let coefficients: Vec<_> = (0..)
            .zip(&self.running())
            .map(|(channel, by)| self.coefficients(channel, by))
            .collect();
        view.with_matrix_mut(y, |y| forward::standardise(view, call.x, &coefficients, y))
    }
}
