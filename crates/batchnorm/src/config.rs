//! What a layer is told once: layout, epsilon, and how the running statistics follow the batches.

use mizumashi_stats::Layout;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::kernel::Moments;

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
    /// The weight of the new batch, in [0, 1]:
    /// `running = (1 - momentum) * running + momentum * batch`.
    pub momentum: f64,
    /// Which variance of the batch the running variance follows.
    pub variance: RunningVariance,
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
        }
    }

    pub(crate) fn checked(self) -> Result<Self, Error> {
        let Self { epsilon, momentum, .. } = self;
        if !(epsilon.is_finite() && epsilon > 0.0) {
            return Err(Error::Epsilon { epsilon });
        }
        if !(0.0..=1.0).contains(&momentum) {
            return Err(Error::Momentum { momentum });
        }
        Ok(self)
    }
}

impl RunningVariance {
    pub(crate) fn of(self, batch: &Moments) -> f64 {
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
}

impl TryFrom<Unchecked> for BatchNormConfig {
    type Error = Error;

    fn try_from(read: Unchecked) -> Result<Self, Error> {
        let Unchecked { layout, epsilon, momentum, variance } = read;
        Self { layout, epsilon, momentum, variance }.checked()
    }
}
