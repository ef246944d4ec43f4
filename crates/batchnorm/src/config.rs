//! What a layer is told once: layout, epsilon, its parameters, and how the running statistics
//! follow the batches.

use mizumashi_stats::{Layout, WeightedMoments};
use serde::{Deserialize, Serialize};

use crate::{Error, Renormalisation};

/// The settings of a [`BatchNorm`](crate::BatchNorm) layer.
///
/// Keras and PyTorch agree on the output and the gradients of a training step; they differ in
/// their defaults and in the running statistics, which decide the output at inference:
///
/// |                              | [`keras()`](Self::keras) | [`pytorch()`](Self::pytorch) |
/// |------------------------------|--------------------------|------------------------------|
/// | channel axis                 | last (NHWC)              | second (NCHW)                |
/// | epsilon                      | 1e-3                     | 1e-5                         |
/// | "momentum" in their words    | 0.99, weight of the past | 0.1, weight of the new batch |
/// | [`momentum`](Self::momentum) | 0.01                     | 0.1                          |
/// | running variance of n values | biased, divided by n     | unbiased, divided by n - 1   |
/// | one value per channel        | `y = beta`               | an error in training         |
///
/// There is no default: a layer that continues another framework's training must say whose.
///
/// ```
/// use mizumashi_batchnorm::{BatchNormConfig, Layout};
///
/// let config = BatchNormConfig { layout: Layout::Nhwc, ..BatchNormConfig::pytorch() };
/// assert_eq!(config.momentum, 0.1);
/// ```
///
/// The values are checked when a layer is built and when they are deserialised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct BatchNormConfig {
    /// Where the channel axis is: [`Layout::Nchw`] the second axis, [`Layout::Nhwc`] the last,
    /// whatever the rank. For `(samples, channels)` both are the same.
    pub layout: Layout,
    /// Added to the variance under the square root; finite and greater than 0.
    pub epsilon: f64,
    /// The weight of the new batch in an exponential [`average`](Self::average), in [0, 1]:
    /// `running = (1 - momentum) * running + momentum * batch`.
    pub momentum: f64,
    /// Which variance of the batch the running variance follows.
    pub variance: RunningVariance,
    /// How the running statistics follow the batches, if there are any.
    pub average: RunningAverage,
    /// Whether the layer has a gamma to learn; 1 if not. Keras' `scale`, half of PyTorch's `affine`.
    pub scale: bool,
    /// Whether the layer has a beta to learn; 0 if not. Keras' `center`, half of PyTorch's `affine`.
    pub center: bool,
    /// Batch renormalisation, if any.
    pub renormalisation: Option<Renormalisation>,
}

/// How the running statistics follow those of the batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunningAverage {
    /// By [`BatchNormConfig::momentum`]: the influence of a batch fades with every later one.
    #[default]
    Exponential,
    /// Every batch counts alike: `running = (k running + batch) / (k + 1)` after `k` batches.
    /// PyTorch's `momentum=None`.
    Cumulative,
    /// There are none: inference, too, standardises by the batch's own statistics. PyTorch's
    /// `track_running_stats=False`.
    Off,
}

/// Which variance of a batch the running variance follows. The batch itself is always
/// standardised by the biased one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunningVariance {
    /// Squares divided by the number of values n: the variance of the batch. Keras.
    Biased,
    /// Squares divided by n - 1: the estimate for the data the batch came from. PyTorch.
    Unbiased,
}

impl BatchNormConfig {
    /// The defaults of Keras' `BatchNormalization`: NHWC, epsilon 1e-3, biased running variance,
    /// and its momentum 0.99, here 0.01.
    pub const fn keras() -> Self {
        Self {
            layout: Layout::Nhwc,
            epsilon: 1e-3,
            momentum: 0.01,
            variance: RunningVariance::Biased,
            ..Self::pytorch()
        }
    }

    /// The defaults of PyTorch's `BatchNorm1d`, `2d` and `3d`: NCHW, epsilon 1e-5, momentum 0.1,
    /// unbiased running variance.
    pub const fn pytorch() -> Self {
        Self {
            layout: Layout::Nchw,
            epsilon: 1e-5,
            momentum: 0.1,
            variance: RunningVariance::Unbiased,
            average: RunningAverage::Exponential,
            scale: true,
            center: true,
            renormalisation: None,
        }
    }

    pub(crate) fn checked(self) -> Result<Self, Error> {
        let Self { epsilon, momentum, average, renormalisation, .. } = self;
        if !(epsilon.is_finite() && epsilon > 0.0) {
            return Err(Error::Epsilon { epsilon });
        }
        if !(0.0..=1.0).contains(&momentum) {
            return Err(Error::Momentum { momentum });
        }
        if let Some(renormalisation) = renormalisation {
            renormalisation.check()?;
            if average == RunningAverage::Off {
                return Err(Error::RenormalisationUntracked);
            }
        }
        Ok(self)
    }

    /// What the running statistics move by, of the way to the batch's, after so many batches.
    pub(crate) fn momentum_after(&self, batches: u64) -> f64 {
        match self.average {
            RunningAverage::Exponential => self.momentum,
            RunningAverage::Cumulative => 1.0 / (batches as f64 + 1.0),
            RunningAverage::Off => 0.0,
        }
    }
}

impl RunningVariance {
    pub(crate) fn of(self, batch: &WeightedMoments) -> f64 {
        match self {
            Self::Biased => batch.variance(),
            Self::Unbiased => batch.sample_variance(),
        }
    }
}

/// [`BatchNormConfig`] as read, before its values are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    layout: Layout,
    epsilon: f64,
    momentum: f64,
    variance: RunningVariance,
    #[serde(default)]
    average: RunningAverage,
    #[serde(default = "yes")]
    scale: bool,
    #[serde(default = "yes")]
    center: bool,
    #[serde(default)]
    renormalisation: Option<Renormalisation>,
}

fn yes() -> bool {
    true
}

impl TryFrom<Unchecked> for BatchNormConfig {
    type Error = Error;

    fn try_from(read: Unchecked) -> Result<Self, Error> {
        let Unchecked {
            layout,
            epsilon,
            momentum,
            variance,
            average,
            scale,
            center,
            renormalisation,
        } = read;
        Self { layout, epsilon, momentum, variance, average, scale, center, renormalisation }
            .checked()
    }
}
