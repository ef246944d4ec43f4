//! What a forward pass leaves for the backward pass.

use ndarray::Array1;
use serde::{Deserialize, Serialize};

/// What the backward pass needs of a forward pass, beside its input: the mean and the inverse
/// standard deviation, `1 / sqrt(variance + epsilon)`, that each channel was standardised with.
///
/// The standardised values are recomputed from the input, so keeping this costs 16 bytes per
/// channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    pub(crate) channels: Vec<Standardisation>,
    pub(crate) source: Source,
}

/// The numbers that standardise a channel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standardisation {
    pub(crate) mean: f64,
    pub(crate) inv_std: f64,
}

/// Where the statistics come from: only those of the batch move with its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Batch { values_per_channel: usize },
    Running,
}

impl Saved {
    /// The mean of each channel.
    pub fn mean(&self) -> Array1<f64> {
        self.channels.iter().map(|channel| channel.mean).collect()
    }

    /// The inverse standard deviation of each channel.
    pub fn inv_std(&self) -> Array1<f64> {
        self.channels.iter().map(|channel| channel.inv_std).collect()
    }
}

impl Standardisation {
    pub(crate) fn new(mean: f64, variance: f64, epsilon: f64) -> Self {
        Self { mean, inv_std: 1.0 / (variance + epsilon).sqrt() }
    }
}
