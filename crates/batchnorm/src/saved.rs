//! What a forward pass leaves for the backward pass.

use ndarray::Array1;
use serde::{Deserialize, Serialize};

/// What the backward pass needs of a forward pass, beside its input: the mean and the inverse
/// standard deviation, `1 / sqrt(variance + epsilon)`, that each channel was standardised with.
///
/// The standardised values are recomputed from the input (or, after a pass in place, from the
/// output), so keeping this costs a few bytes per channel; with weights, 8 bytes more for each
/// position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    pub(crate) channels: Vec<Standardisation>,
    pub(crate) source: Source,
    /// Whether the input was written over, so that the output stands for it.
    #[serde(default)]
    pub(crate) in_place: bool,
    /// Of each position, where they were not all 1.
    #[serde(default)]
    pub(crate) weights: Option<Vec<f64>>,
}

/// The numbers that standardise a channel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standardisation {
    pub(crate) mean: f64,
    pub(crate) inv_std: f64,
    /// Batch renormalisation's factor and summand of the standardised value.
    #[serde(default = "one")]
    pub(crate) r: f64,
    #[serde(default)]
    pub(crate) d: f64,
}

fn one() -> f64 {
    1.0
}

/// Where the statistics come from: only those of the batch move with its values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Batch {
        /// In this worker's batch.
        values_per_channel: usize,
        /// Of all values of a channel, in the batches of all workers.
        weight: f64,
        synchronised: bool,
    },
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
        Self { mean, inv_std: 1.0 / (variance + epsilon).sqrt(), r: 1.0, d: 0.0 }
    }

    /// What the distance from the mean is multiplied by.
    pub(crate) fn scale(&self, gamma: f64) -> f64 {
        gamma * self.r * self.inv_std
    }

    /// What is then added.
    pub(crate) fn shift(&self, gamma: f64, beta: f64) -> f64 {
        beta + gamma * self.d
    }
}
