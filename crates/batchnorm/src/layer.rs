//! The layer: its state, and the calls that read and change it.

use std::borrow::Cow;

use ndarray::{Array, ArrayView, ArrayView1, ArrayViewMut, ArrayViewMut1, Dimension};
use serde::{Deserialize, Serialize};

use crate::backward::{self, Gradients, ParameterGradients};
use crate::channels::Channels;
use crate::config::{BatchNormConfig, RunningVariance};
use crate::forward;
use crate::kernel::{self, Moments};
use crate::saved::{Saved, Source, Standardisation};
use crate::{Error, Real};

/// A batch normalisation layer over batches of `f32` or `f64`.
///
/// It owns gamma and beta, one each per channel and of the batches' type, and the running mean
/// and variance, in f64.
///
/// Batches may have any rank from 2 on. The configuration's [`Layout`](crate::Layout) says
/// whether the channel axis is the second, as in NCHW, or the last, as in NHWC. Views need not be
/// contiguous, but one that is not costs a copy.
///
/// **Values that are not finite.** [`forward`](Self::forward) refuses a batch with NaN or
/// infinity in it, naming the channel, and leaves the layer as it was; this costs no extra pass.
/// [`infer`](Self::infer) and [`backward`](Self::backward) pass them on as arithmetic does: to the
/// same position, and in a gradient that is summed over a channel to all of it.
///
/// ```
/// use mizumashi_batchnorm::{BatchNorm, BatchNormConfig};
/// use ndarray::array;
///
/// let x = array![[1.0, 10.0], [3.0, 30.0]]; // (samples, channels)
/// let mut layer = BatchNorm::<f64>::new(2, BatchNormConfig::pytorch())?;
/// let (y, _) = layer.forward(x.view())?;
/// assert!((y[[1, 0]] - 1.0).abs() < 1e-4);
///
/// // The running statistics have moved a tenth of the way from (0, 1) to the batch's.
/// assert_eq!(layer.running_mean(), array![0.2, 2.0]);
/// assert_eq!(layer.running_variance(), array![0.9 + 0.1 * 2.0, 0.9 + 0.1 * 200.0]);
/// # Ok::<(), mizumashi_batchnorm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked<T>", bound(deserialize = "T: Real + Deserialize<'de>"))]
pub struct BatchNorm<T> {
    config: BatchNormConfig,
    gamma: Vec<T>,
    beta: Vec<T>,
    running_mean: Vec<f64>,
    running_variance: Vec<f64>,
    batches: u64,
}

impl<T: Real> BatchNorm<T> {
    /// A new layer: gamma 1, beta 0, running mean 0, running variance 1.
    ///
    /// # Errors
    ///
    /// [`Error::NoChannels`], [`Error::Epsilon`] or [`Error::Momentum`].
    pub fn new(channels: usize, config: BatchNormConfig) -> Result<Self, Error> {
        Self {
            config: config.checked()?,
            gamma: vec![T::one(); channels],
            beta: vec![T::zero(); channels],
            running_mean: vec![0.0; channels],
            running_variance: vec![1.0; channels],
            batches: 0,
        }
        .checked()
    }

    /// The training pass: standardises each channel of `x` by its own mean and biased variance,
    /// then takes them into the running statistics. Returns the output, in the shape of `x`, and
    /// what [`backward`](Self::backward) needs.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`], [`Error::Channels`] or [`Error::EmptyBatch`] when the shape of `x` is not
    /// for this layer; [`Error::OneValuePerChannel`] when the running variance is unbiased (with
    /// the biased one such a batch gives `y = beta`); [`Error::NonFinite`].
    pub fn forward<D: Dimension>(
        &mut self,
        x: ArrayView<'_, T, D>,
    ) -> Result<(Array<T, D>, Saved), Error> {
        let mut y = Array::zeros(x.raw_dim());
        let saved = self.forward_into(x, y.view_mut())?;
        Ok((y, saved))
    }

    /// [`forward`](Self::forward) into the caller's `y`, which is untouched on an error.
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Self::forward), and [`Error::Shape`] when `y` is not shaped as `x`.
    pub fn forward_into<D: Dimension>(
        &mut self,
        x: ArrayView<'_, T, D>,
        y: ArrayViewMut<'_, T, D>,
    ) -> Result<Saved, Error> {
        let view = self.view(x.shape())?;
        same_shape("y", y.shape(), x.shape())?;
        let values_per_channel = view.values_per_channel();
        if values_per_channel == 1 && self.config.variance == RunningVariance::Unbiased {
            return Err(Error::OneValuePerChannel);
        }
        let x = dense(x);
        let batch = kernel::moments(view, &x);
        self.check_finite(&batch)?;
        let epsilon = self.config.epsilon;
        let standardise = |m: &Moments| Standardisation::new(m.mean, m.variance(), epsilon);
        let saved = Saved {
            channels: batch.iter().map(standardise).collect(),
            source: Source::Batch { values_per_channel },
        };
        fill(y, |y| forward::standardise(view, &saved, &self.gamma, &self.beta, &x, y));
        self.follow(&batch);
        Ok(saved)
    }

    /// The inference pass: standardises by the running statistics and changes nothing.
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
        let (saved, x) = (self.frozen(), dense(x));
        fill(y, |y| forward::standardise(view, &saved, &self.gamma, &self.beta, &x, y));
        Ok(())
    }

    /// The running statistics as [`backward`](Self::backward) takes them, for gradients through
    /// [`infer`](Self::infer): fine-tuning with frozen statistics.
    pub fn frozen(&self) -> Saved {
        let running = self.running_mean.iter().zip(&self.running_variance);
        let epsilon = self.config.epsilon;
        Saved {
            channels: running.map(|(&m, &v)| Standardisation::new(m, v, epsilon)).collect(),
            source: Source::Running,
        }
    }

    /// The gradients of a loss, from its gradient `dy` with respect to the output.
    ///
    /// `saved` and `x` are those of the forward pass, and gamma must still be what it was then.
    /// With [`frozen`](Self::frozen) statistics, which do not move with `x`, `dx` is only a
    /// multiple of `dy`.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`], [`Error::Channels`] or [`Error::EmptyBatch`] when the shape of `x` is not
    /// for this layer; [`Error::Shape`] when `dy` is not shaped as `x`; [`Error::Length`] or
    /// [`Error::SavedBatch`] when `saved` is of another layer or batch.
    pub fn backward<D: Dimension>(
        &self,
        saved: &Saved,
        x: ArrayView<'_, T, D>,
        dy: ArrayView<'_, T, D>,
    ) -> Result<Gradients<T, D>, Error> {
        let mut dx = Array::zeros(x.raw_dim());
        let ParameterGradients { dgamma, dbeta } =
            self.backward_into(saved, x, dy, dx.view_mut())?;
        Ok(Gradients { dx, dgamma, dbeta })
    }

    /// [`backward`](Self::backward) with `dx` in the caller's buffer, untouched on an error.
    ///
    /// # Errors
    ///
    /// Those of [`backward`](Self::backward), and [`Error::Shape`] when `dx` is not shaped as `x`.
    pub fn backward_into<D: Dimension>(
        &self,
        saved: &Saved,
        x: ArrayView<'_, T, D>,
        dy: ArrayView<'_, T, D>,
        dx: ArrayViewMut<'_, T, D>,
    ) -> Result<ParameterGradients<T>, Error> {
        let view = self.view(x.shape())?;
        same_shape("dy", dy.shape(), x.shape())?;
        same_shape("dx", dx.shape(), x.shape())?;
        same_length("saved", saved.channels.len(), self.channels())?;
        let found = view.values_per_channel();
        match saved.source {
            Source::Batch { values_per_channel: expected } if found != expected => {
                return Err(Error::SavedBatch { found, expected });
            }
            _ => {}
        }
        let (x, dy) = (dense(x), dense(dy));
        Ok(fill(dx, |dx| backward::gradients(view, saved, &self.gamma, &x, &dy, dx)))
    }

    /// How many channels the layer has.
    pub fn channels(&self) -> usize {
        self.gamma.len()
    }

    /// The settings the layer was built with.
    pub fn config(&self) -> &BatchNormConfig {
        &self.config
    }

    /// The learnt scale of each channel.
    pub fn gamma(&self) -> ArrayView1<'_, T> {
        ArrayView1::from(&self.gamma)
    }

    /// The learnt scale of each channel, to initialise or to train.
    pub fn gamma_mut(&mut self) -> ArrayViewMut1<'_, T> {
        ArrayViewMut1::from(&mut self.gamma)
    }

    /// The learnt shift of each channel.
    pub fn beta(&self) -> ArrayView1<'_, T> {
        ArrayView1::from(&self.beta)
    }

    /// The learnt shift of each channel, to initialise or to train.
    pub fn beta_mut(&mut self) -> ArrayViewMut1<'_, T> {
        ArrayViewMut1::from(&mut self.beta)
    }

    /// The running mean of each channel.
    pub fn running_mean(&self) -> ArrayView1<'_, f64> {
        ArrayView1::from(&self.running_mean)
    }

    /// The running variance of each channel, biased or not as the configuration says.
    pub fn running_variance(&self) -> ArrayView1<'_, f64> {
        ArrayView1::from(&self.running_variance)
    }

    /// How many training batches the running statistics have followed.
    pub fn batches(&self) -> u64 {
        self.batches
    }

    /// Replaces the running statistics, for instance by those of a model trained elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] unless there is one of each per channel; [`Error::RunningStatistics`]
    /// when one is not finite in `T` or a variance is negative.
    pub fn set_running(&mut self, mean: &[f64], variance: &[f64]) -> Result<(), Error> {
        check_running::<T>(mean, variance, self.channels())?;
        self.running_mean.copy_from_slice(mean);
        self.running_variance.copy_from_slice(variance);
        Ok(())
    }

    /// A batch of this shape as the kernels see it.
    fn view(&self, shape: &[usize]) -> Result<Channels, Error> {
        Channels::of(shape, self.config.layout, self.channels())
    }

    /// Moves the running statistics towards those of a batch.
    fn follow(&mut self, batch: &[Moments]) {
        let BatchNormConfig { momentum, variance, .. } = self.config;
        let blend = |running: &mut f64, new: f64| {
            *running = (1.0 - momentum) * *running + momentum * new;
        };
        for (channel, batch) in batch.iter().enumerate() {
            blend(&mut self.running_mean[channel], batch.mean);
            blend(&mut self.running_variance[channel], variance.of(batch));
        }
        self.batches = self.batches.saturating_add(1);
    }

    fn check_finite(&self, batch: &[Moments]) -> Result<(), Error> {
        for (channel, batch) in batch.iter().enumerate() {
            let (mean, variance) = (batch.mean, self.config.variance.of(batch));
            if !(mean.is_finite() && variance.is_finite()) {
                return Err(Error::NonFinite { channel, mean, variance });
            }
        }
        Ok(())
    }

    fn checked(self) -> Result<Self, Error> {
        let channels = self.channels();
        if channels == 0 {
            return Err(Error::NoChannels);
        }
        same_length("beta", self.beta.len(), channels)?;
        check_running::<T>(&self.running_mean, &self.running_variance, channels)?;
        Ok(self)
    }
}

/// [`BatchNorm`] as read, before its lengths and values are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked<T> {
    config: BatchNormConfig,
    gamma: Vec<T>,
    beta: Vec<T>,
    running_mean: Vec<f64>,
    running_variance: Vec<f64>,
    batches: u64,
}

impl<T: Real> TryFrom<Unchecked<T>> for BatchNorm<T> {
    type Error = Error;

    fn try_from(read: Unchecked<T>) -> Result<Self, Error> {
        let Unchecked { config, gamma, beta, running_mean, running_variance, batches } = read;
        Self { config, gamma, beta, running_mean, running_variance, batches }.checked()
    }
}

fn check_running<T: Real>(mean: &[f64], variance: &[f64], channels: usize) -> Result<(), Error> {
    same_length("running_mean", mean.len(), channels)?;
    same_length("running_variance", variance.len(), channels)?;
    let finite = |value| T::of(value).is_finite();
    for (channel, (&mean, &variance)) in mean.iter().zip(variance).enumerate() {
        if !(finite(mean) && variance.is_finite() && variance >= 0.0) {
            return Err(Error::RunningStatistics { channel, mean, variance });
        }
    }
    Ok(())
}

fn same_length(list: &'static str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Length { list, found, expected }) }
}

fn same_shape(array: &'static str, found: &[usize], expected: &[usize]) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Shape { array, found: found.to_vec(), expected: expected.to_vec() })
}

/// The values in row-major order, copied only if they are not so in memory.
fn dense<'a, T: Real, D: Dimension>(array: ArrayView<'a, T, D>) -> Cow<'a, [T]> {
    match array.to_slice() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(array.into_iter().copied().collect()),
    }
}

/// Has `write` fill the values in row-major order, by way of a copy only if they are not so in
/// memory.
fn fill<T: Real, D: Dimension, R>(
    mut array: ArrayViewMut<'_, T, D>,
    write: impl FnOnce(&mut [T]) -> R,
) -> R {
    if let Some(values) = array.as_slice_mut() {
        return write(values);
    }
    let mut values = vec![T::zero(); array.len()];
    let result = write(&mut values);
    array.iter_mut().zip(values).for_each(|(place, value)| *place = value);
    result
}
