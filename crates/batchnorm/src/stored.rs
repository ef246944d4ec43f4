//! A layer as serde stores it.

use serde::{Deserialize, Serialize};

use crate::{BatchNorm, BatchNormConfig, Error, Real};

/// The version of stored layers that this crate writes, and the only one it reads.
const VERSION: u32 = 1;

/// [`BatchNorm`] before its version, lengths and values are checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored<T> {
    version: u32,
    config: BatchNormConfig,
    channels: usize,
    gamma: Vec<T>,
    beta: Vec<T>,
    running_mean: Vec<f64>,
    running_variance: Vec<f64>,
    batches: u64,
    frozen: bool,
}

impl<T> From<BatchNorm<T>> for Stored<T> {
    fn from(layer: BatchNorm<T>) -> Self {
        let BatchNorm {
            config,
            channels,
            gamma,
            beta,
            running_mean,
            running_variance,
            batches,
            frozen,
        } = layer;
        Self {
            version: VERSION,
            config,
            channels,
            gamma,
            beta,
            running_mean,
            running_variance,
            batches,
            frozen,
        }
    }
}

impl<T: Real> TryFrom<Stored<T>> for BatchNorm<T> {
    type Error = Error;

    fn try_from(stored: Stored<T>) -> Result<Self, Error> {
        let Stored {
            version,
            config,
            channels,
            gamma,
            beta,
            running_mean,
            running_variance,
            batches,
            frozen,
        } = stored;
        if version != VERSION {
            return Err(Error::Version { found: version, expected: VERSION });
        }
        Self { config, channels, gamma, beta, running_mean, running_variance, batches, frozen }
            .checked()
    }
}
