//! Standardisation of every sample by the figures of the data set.

use mizumashi_stats::{Accumulator, Grouping, Statistics};
use serde::{Deserialize, Serialize};

use crate::{Draw, Error, PerChannel, Step, Transform};

/// Gives the data set mean 0 and standard deviation 1 in each channel.
///
/// `(x - mean[c]) / (std[c] + epsilon)`, as Keras' `featurewise_center` and
/// `featurewise_std_normalization` do, with the figures of a fit. Either half can be left out. A
/// channel whose standard deviation is 0 is only centred: it becomes zeros.
///
/// ```
/// use mizumashi_stats::{Grouping, Histogram, Layout, Statistics};
/// use mizumashi_transform::{Recipe, SampleKey, transforms::FeaturewiseStandardise};
/// use ndarray::Array4;
///
/// let images = Array4::from_shape_fn((10, 4, 4, 3), |(n, h, w, c)| (n * 9 + h * w + c) as u8);
/// let figures = Statistics::<Histogram>::of(images.view(), Layout::Nhwc, Grouping::Channel)?;
/// let recipe = Recipe::new().then(FeaturewiseStandardise::from_statistics(&figures)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct FeaturewiseStandardise {
    mean: Option<Vec<f64>>,
    std: Option<Vec<f64>>,
    epsilon: f64,
}

impl FeaturewiseStandardise {
    /// From figures per channel; `None` leaves that half out. Epsilon is Keras' 1e-6.
    ///
    /// # Errors
    /// [`Error::Parameter`] when a figure is not finite, a deviation is negative, or the two
    /// have different lengths.
    pub fn new(mean: Option<Vec<f64>>, std: Option<Vec<f64>>) -> Result<Self, Error> {
        let standardise = Self { mean, std, epsilon: 1e-6 };
        standardise.validate()?;
        Ok(standardise)
    }

    /// Both halves from statistics that were computed per channel.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the statistics have another grouping.
    pub fn from_statistics<A: Accumulator>(figures: &Statistics<A>) -> Result<Self, Error> {
        if figures.grouping() != Grouping::Channel {
            return Err(Error::Parameter {
                transform: NAME,
                parameter: "grouping",
                value: format!("{:?}", figures.grouping()),
                mend: "compute the statistics with Grouping::Channel",
            });
        }
        Self::new(Some(figures.mean()), Some(figures.std()))
    }

    /// The same with this number added to the standard deviation.
    ///
    /// # Errors
    /// [`Error::Parameter`] when epsilon is negative or not finite.
    pub fn with_epsilon(self, epsilon: f64) -> Result<Self, Error> {
        let standardise = Self { epsilon, ..self };
        standardise.validate()?;
        Ok(standardise)
    }

    /// The means per channel, where it centres.
    pub fn mean(&self) -> Option<&[f64]> {
        self.mean.as_deref()
    }

    /// The standard deviations per channel, where it scales.
    pub fn std(&self) -> Option<&[f64]> {
        self.std.as_deref()
    }

    /// What a channel is multiplied by, and what is added then.
    pub fn scale_shift(&self, channel: usize) -> (f64, f64) {
        (self.scale_of(channel), self.shift_of(channel))
    }

    fn scale_of(&self, channel: usize) -> f64 {
        match self.std.as_ref().map(|std| std[channel]) {
            None | Some(0.0) => 1.0,
            Some(std) => 1.0 / (std + self.epsilon),
        }
    }

    fn shift_of(&self, channel: usize) -> f64 {
        self.mean.as_ref().map_or(0.0, |mean| -mean[channel] * self.scale_of(channel))
    }
}

#[typetag::serde(name = "featurewise_standardise")]
impl Transform for FeaturewiseStandardise {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let found = draw.shape().channels;
        for figures in [&self.mean, &self.std].into_iter().flatten() {
            if figures.len() != found {
                return Err(Error::Channels { transform: NAME, expected: figures.len(), found });
            }
        }
        let scale: PerChannel = (0..found).map(|channel| self.scale_of(channel) as f32).collect();
        let shift = (0..found).map(|channel| self.shift_of(channel) as f32).collect();
        Ok(Step::linear(scale, shift))
    }

    fn validate(&self) -> Result<(), Error> {
        let refuse = |parameter, value: &[f64], mend| {
            Err(Error::Parameter { transform: NAME, parameter, value: format!("{value:?}"), mend })
        };
        if let Some(mean) = &self.mean
            && !mean.iter().all(|mean| mean.is_finite())
        {
            return refuse("mean", mean, "every mean must be finite");
        }
        if let Some(std) = &self.std
            && !std.iter().all(|std| std.is_finite() && *std >= 0.0)
        {
            return refuse("std", std, "every deviation must be finite and at least 0");
        }
        if let (Some(mean), Some(std)) = (&self.mean, &self.std)
            && mean.len() != std.len()
        {
            return refuse("std", std, "it must have one figure per channel, as the mean has");
        }
        check_epsilon(NAME, self.epsilon)
    }
}

/// A [`FeaturewiseStandardise`] as stored, before its figures are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    mean: Option<Vec<f64>>,
    std: Option<Vec<f64>>,
    epsilon: f64,
}

impl TryFrom<Unchecked> for FeaturewiseStandardise {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        Self::new(stored.mean, stored.std)?.with_epsilon(stored.epsilon)
    }
}

const NAME: &str = "featurewise_standardise";

/// Refuses an epsilon that cannot be added to a standard deviation.
pub(super) fn check_epsilon(transform: &'static str, epsilon: f64) -> Result<(), Error> {
    if epsilon.is_finite() && epsilon >= 0.0 {
        return Ok(());
    }
    Err(Error::Parameter {
        transform,
        parameter: "epsilon",
        value: epsilon.to_string(),
        mend: "it must be finite and at least 0",
    })
}
