//! The layer: its settings, its parameters and its running statistics.

use ndarray::{ArrayView1, ArrayViewMut1};
use serde::Serialize;

use crate::config::{BatchNormConfig, RunningAverage};
use crate::stored::Stored;
use crate::{Error, Real, Renormalisation};

/// A batch normalisation layer over batches of `f32` or `f64`.
///
/// It owns gamma and beta, one each per channel and of the batches' type, and the running mean
/// and variance, in f64. Gamma or beta that its configuration leaves out is an empty list, and so
/// is its gradient: loops over parameters need not know. So are running statistics that are off.
///
/// Batches may have any rank from 2 on. The configuration's [`Layout`](crate::Layout) says
/// whether the channel axis is the second, as in NCHW, or the last, as in NHWC. Views need not be
/// contiguous, but one that is not costs a copy.
///
/// | | into a new array | into the caller's | over its input |
/// |---|---|---|---|
/// | training | [`forward`](Self::forward) | [`forward_into`](Self::forward_into) | [`forward_inplace`](Self::forward_inplace) |
/// | inference | [`infer`](Self::infer) | [`infer_into`](Self::infer_into) | [`infer_inplace`](Self::infer_inplace) |
/// | gradients | [`backward`](Self::backward) | [`backward_into`](Self::backward_into) | [`backward_inplace`](Self::backward_inplace) |
///
/// Weights or masks, and statistics over several workers, are asked for by
/// [`training`](Self::training) and [`backpropagation`](Self::backpropagation), which have the
/// same three.
///
/// **Values that are not finite.** A training pass refuses a batch with NaN or infinity in it,
/// naming the channel, and leaves the layer as it was; this costs no extra pass, but `y` may have
/// been written to. [`infer`](Self::infer) and [`backward`](Self::backward) pass them on as
/// arithmetic does: to the same position, and in a gradient that is summed over a channel to all of
/// it.
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
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[serde(into = "Stored<T>", try_from = "Stored<T>")]
#[serde(bound(
    serialize = "T: Real + Serialize",
    deserialize = "T: Real + serde::Deserialize<'de>"
))]
pub struct BatchNorm<T> {
    pub(crate) config: BatchNormConfig,
    pub(crate) channels: usize,
    pub(crate) gamma: Vec<T>,
    pub(crate) beta: Vec<T>,
    pub(crate) running_mean: Vec<f64>,
    pub(crate) running_variance: Vec<f64>,
    pub(crate) batches: u64,
    pub(crate) frozen: bool,
}

impl<T: Real> BatchNorm<T> {
    /// A new layer: gamma 1, beta 0, running mean 0, running variance 1.
    ///
    /// # Errors
    ///
    /// [`Error::NoChannels`], or one about a value of the configuration.
    pub fn new(channels: usize, config: BatchNormConfig) -> Result<Self, Error> {
        let listed = |wanted: bool| if wanted { channels } else { 0 };
        let running = listed(config.average != RunningAverage::Off);
        Self {
            config: config.checked()?,
            channels,
            gamma: vec![T::one(); listed(config.scale)],
            beta: vec![T::zero(); listed(config.center)],
            running_mean: vec![0.0; running],
            running_variance: vec![1.0; running],
            batches: 0,
            frozen: false,
        }
        .checked()
    }

    /// How many channels the layer has.
    pub fn channels(&self) -> usize {
        self.channels
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

    /// Whether the layer is frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Freezes the layer or thaws it. Frozen, a training pass standardises by the running statistics
    /// and does not move them, as in Keras with `trainable=False`; gradients are still those of that
    /// output, and it is for the optimiser to leave gamma and beta alone.
    pub fn set_frozen(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Sets the limits of batch renormalisation, or ends it: they are widened as training goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Renormalisation`], or [`Error::RenormalisationUntracked`].
    pub fn set_renormalisation(&mut self, limits: Option<Renormalisation>) -> Result<(), Error> {
        self.config = BatchNormConfig { renormalisation: limits, ..self.config }.checked()?;
        Ok(())
    }

    /// Replaces the running statistics, for instance by those of a model trained elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] unless there is one of each per channel; [`Error::RunningStatistics`]
    /// when one is not finite in `T` or a variance is negative.
    pub fn set_running(&mut self, mean: &[f64], variance: &[f64]) -> Result<(), Error> {
        self.check_running(mean, variance)?;
        let beyond = |&variance: &f64| !T::of(variance).is_finite();
        if let Some(channel) = variance.iter().position(beyond) {
            let (mean, variance) = (mean[channel], variance[channel]);
            return Err(Error::RunningStatistics { channel, mean, variance });
        }
        self.running_mean.copy_from_slice(mean);
        self.running_variance.copy_from_slice(variance);
        Ok(())
    }

    /// The scale of a channel.
    pub(crate) fn gamma_of(&self, channel: usize) -> f64 {
        self.gamma.get(channel).map_or(1.0, |&gamma| gamma.into())
    }

    /// The shift of a channel.
    pub(crate) fn beta_of(&self, channel: usize) -> f64 {
        self.beta.get(channel).map_or(0.0, |&beta| beta.into())
    }

    pub(crate) fn is_tracking(&self) -> bool {
        self.config.average != RunningAverage::Off
    }

    pub(crate) fn checked(self) -> Result<Self, Error> {
        let channels = self.channels();
        if channels == 0 {
            return Err(Error::NoChannels);
        }
        let listed = |wanted: bool| if wanted { channels } else { 0 };
        same_length("gamma", self.gamma.len(), listed(self.config.scale))?;
        same_length("beta", self.beta.len(), listed(self.config.center))?;
        self.check_running(&self.running_mean, &self.running_variance)?;
        Ok(self)
    }

    fn check_running(&self, mean: &[f64], variance: &[f64]) -> Result<(), Error> {
        let expected = if self.is_tracking() { self.channels } else { 0 };
        same_length("running_mean", mean.len(), expected)?;
        same_length("running_variance", variance.len(), expected)?;
        let finite = |value| T::of(value).is_finite();
        for (channel, (&mean, &variance)) in mean.iter().zip(variance).enumerate() {
            if !(finite(mean) && variance.is_finite() && variance >= 0.0) {
                return Err(Error::RunningStatistics { channel, mean, variance });
            }
        }
        Ok(())
    }
}

pub(crate) fn same_length(list: &'static str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Length { list, found, expected }) }
}

pub(crate) fn same_shape(
    array: &'static str,
    found: &[usize],
    expected: &[usize],
) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Shape { array, found: found.to_vec(), expected: expected.to_vec() })
}
