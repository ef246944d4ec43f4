//! What a case is: a piece of work that is done by us and by others, compared, and timed.

use std::error::Error;

use ndarray::ArrayD;
use serde::Serialize;
use serde_json::Value;

use super::inputs::Inputs;
use super::peers::Peer;
use super::report::rounded;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A piece of work, before anything is loaded for it.
pub(crate) trait Case: Sync {
    /// What it is called on the command line and in the table: `warp-32-bilinear-u8`.
    fn name(&self) -> String;

    /// The work in one line.
    fn work(&self) -> String;

    /// How its time is told.
    fn unit(&self) -> Unit;

    /// The name under which `xtask/peers` knows it.
    fn family(&self) -> &'static str;

    /// Who else can do it.
    fn peers(&self) -> Vec<Peer>;

    /// The least work that any program would have to do, where there is such a thing.
    fn floor(&self) -> Option<&'static str> {
        None
    }

    /// Loads what is needed and makes everything ready to be timed.
    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>>;
}

/// A case whose inputs are in memory.
pub(crate) trait Ready: Send {
    /// How many units of the case one run does.
    fn items(&self) -> usize {
        1
    }

    /// Does the work once, on the threads of the pool that it is called in.
    fn run(&mut self) -> Result<()>;

    /// Does the least work once, where [`Case::floor`] names it.
    fn run_floor(&mut self) -> Result<()> {
        Ok(())
    }

    /// What a peer is told: inputs as files, and parameters.
    fn parameters(&self) -> Result<Value>;

    /// Holds what a peer made of the first samples against ours.
    fn compare(&mut self, peer: &Peer, theirs: ArrayD<f32>) -> Result<Parity>;
}

/// How the time of a case is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    /// Items in a second; more is better.
    ImagesPerSecond,
    /// Less is better.
    Seconds,
    /// Less is better.
    Milliseconds,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ImagesPerSecond => "images/s",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
        }
    }

    /// The figures for items that take so many seconds each.
    pub(crate) fn figures(self, seconds: &[f64]) -> Vec<f64> {
        let figure = |&seconds: &f64| match self {
            Self::ImagesPerSecond => 1.0 / seconds,
            Self::Seconds => seconds,
            Self::Milliseconds => 1e3 * seconds,
        };
        seconds.iter().map(figure).collect()
    }

    /// How many times our time theirs is.
    pub(crate) fn ratio(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Self::ImagesPerSecond => ours / theirs,
            Self::Seconds | Self::Milliseconds => theirs / ours,
        }
    }
}

/// How far a peer's result is from ours.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parity {
    pub(crate) measured: String,
    pub(crate) tolerance: String,
    pub(crate) passed: bool,
}

/// Distances between two results, value by value.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Distance {
    pub(crate) max: f64,
    pub(crate) mean: f64,
    /// The part of the values that are more than one unit apart.
    pub(crate) beyond_one: f64,
}

impl Distance {
    pub(crate) fn of(distances: impl IntoIterator<Item = f64>) -> Self {
        let (mut count, mut sum, mut max, mut beyond) = (0u64, 0.0, 0.0f64, 0u64);
        for distance in distances {
            count += 1;
            sum += distance;
            // Unlike `f64::max`, keeps NaN.
            max = if distance <= max { max } else { distance };
            beyond += u64::from(distance > 1.0);
        }
        let count = count as f64;
        Self { max, mean: sum / count, beyond_one: beyond as f64 / count }
    }

    /// Passes when both are within their limits; NaN, or nothing to compare, does not.
    pub(crate) fn within(self, max: f64, mean: f64, unit: &str) -> Parity {
        Parity {
            measured: format!("max {}, mean {} {unit}", short(self.max), short(self.mean)),
            tolerance: format!("max {max}, mean {mean} {unit}"),
            passed: self.max <= max && self.mean <= mean,
        }
    }

    /// Passes when the greatest distance is within the limit; NaN does not.
    pub(crate) fn at_most(self, max: f64, unit: &str) -> Parity {
        Parity {
            measured: format!("max {} {unit}", short(self.max)),
            tolerance: format!("max {} {unit}", short(max)),
            passed: self.max <= max && self.mean.is_finite(),
        }
    }
}

fn short(value: f64) -> String {
    if value == 0.0 || value >= 1e-3 { rounded(value) } else { format!("{value:.1e}") }
}
