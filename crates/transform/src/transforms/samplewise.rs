//! Standardisation of each sample by its own figures.

use mizumashi_stats::{Accumulator, Moments, Summary};
use ndarray::{ArrayViewMut3, Axis};
use serde::{Deserialize, Serialize};

use crate::{Draw, Error, Operation, Step, Transform};

/// Gives each image mean 0 and standard deviation 1, over all its values: every row, column and
/// channel together, as Keras' `samplewise_center` and `samplewise_std_normalization` do.
///
/// `(x - mean) / (std + epsilon)`, with the population standard deviation, in `f64`: two passes
/// over each channel, whose figures are merged ([`Moments`]). Either half can be left out. A
/// constant image becomes zeros when centred and stays as it is otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct SamplewiseStandardise {
    centre: bool,
    scale: bool,
    epsilon: f64,
}

impl SamplewiseStandardise {
    /// Both halves, with Keras' epsilon of 1e-6.
    pub fn new() -> Self {
        Self { centre: true, scale: true, epsilon: 1e-6 }
    }

    /// Only subtracts the mean.
    pub fn centre_only() -> Self {
        Self { scale: false, ..Self::new() }
    }

    /// Only divides by the standard deviation, which Keras does not do without centring.
    pub fn scale_only() -> Self {
        Self { centre: false, ..Self::new() }
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
}

impl Default for SamplewiseStandardise {
    fn default() -> Self {
        Self::new()
    }
}

#[typetag::serde(name = "samplewise_standardise")]
impl Transform for SamplewiseStandardise {
    fn draw(&self, _: &mut Draw) -> Result<Step<'_>, Error> {
        Ok(Step::operation(self))
    }

    fn validate(&self) -> Result<(), Error> {
        super::featurewise::check_epsilon("samplewise_standardise", self.epsilon)
    }
}

#[typetag::serde(name = "samplewise_standardise")]
impl Operation for SamplewiseStandardise {
    fn apply(&self, mut image: ArrayViewMut3<'_, f32>, buffer: &mut Vec<f32>) -> Result<(), Error> {
        if image.is_empty() {
            return Ok(());
        }
        let moments = moments(&image, buffer);
        let mean = moments.mean();
        let scale = match moments.std() {
            std if self.scale && std != 0.0 => 1.0 / (std + self.epsilon),
            _ => 1.0,
        };
        let centre = if self.centre { mean } else { 0.0 };
        image.map_inplace(|value| *value = ((f64::from(*value) - centre) * scale) as f32);
        Ok(())
    }
}

/// The figures of all values: those of each channel, by rows whatever the memory's order, merged.
fn moments(image: &ArrayViewMut3<'_, f32>, buffer: &mut Vec<f32>) -> Moments {
    let mut all = Moments::default();
    let mut channels = [Moments::default(); 4];
    if let (Some(values), Some(channels)) = (image.as_slice(), channels.get_mut(..image.dim().2)) {
        Moments::push_interleaved(channels, values);
        channels.iter().for_each(|channel| all.merge(channel));
        return all;
    }
    for plane in image.axis_iter(Axis(2)) {
        match plane.as_slice() {
            Some(values) => all.push_all(values),
            None => {
                buffer.clear();
                buffer.extend(&plane);
                all.push_all(buffer);
            }
        }
    }
    all
}

/// A [`SamplewiseStandardise`] as stored, before its epsilon is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    centre: bool,
    scale: bool,
    epsilon: f64,
}

impl TryFrom<Unchecked> for SamplewiseStandardise {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        let Unchecked { centre, scale, epsilon } = stored;
        Self { centre, scale, epsilon }.with_epsilon(epsilon)
    }
}
