//! Random brightness: one drawn factor for all values.

use ndarray::{ArrayViewMut3, Axis};
use serde::{Deserialize, Serialize};

use super::extremes::extremes;
use crate::{Draw, Error, Operation, Step, Transform};

/// Multiplies every value by a factor drawn from `low..high`: 1 leaves the image as it is, 0 makes
/// it black.
///
/// Values are not clipped, so that rescaling and standardisation after it see what was there; as a
/// multiply-add it costs nothing beside a resampling. Keras does something else, which
/// [`BrightnessRule::Pil`] repeats.
///
/// ```
/// use mizumashi_transform::transforms::RandomBrightness;
/// use mizumashi_transform::{Recipe, SampleKey};
/// use ndarray::Array3;
///
/// let recipe = Recipe::new().then(RandomBrightness::new(0.5, 1.5)?);
/// let image = Array3::from_elem((4, 4, 3), 100_u8);
/// let image = recipe.draw(SampleKey { seed: 1, epoch: 0, index: 0 }, image.dim())?.apply(image.view())?;
/// assert!(image.iter().all(|value| (50.0..150.0).contains(value) && *value == image[[0, 0, 0]]));
/// # Ok::<(), mizumashi_transform::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct RandomBrightness {
    low: f64,
    high: f64,
    #[serde(skip_serializing_if = "BrightnessRule::is_multiply")]
    rule: BrightnessRule,
}

/// How a factor changes the brightness of an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BrightnessRule {
    /// It multiplies every value.
    #[default]
    Multiply,
    /// What keras-preprocessing 1.1.2 does by way of a PIL image: the values are stretched to the
    /// whole of 0..=255 and cut to whole numbers, then multiplied, clipped and cut again. The stretch
    /// undoes most of the change, and an image of one colour becomes black. The fourth channel,
    /// alpha, is stretched and not multiplied.
    Pil,
}

impl BrightnessRule {
    /// The step for this factor on images of so many channels.
    pub fn step(self, factor: f32, channels: usize) -> Step<'static> {
        match self {
            Self::Multiply => Step::rescale(factor, 0.0, channels),
            Self::Pil => Step::owned_operation(PilBrightness { factor }),
        }
    }

    fn is_multiply(&self) -> bool {
        *self == Self::Multiply
    }
}

impl RandomBrightness {
    /// A factor uniform in `low..high`.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the bounds are not in rising order, below 0, or not finite.
    pub fn new(low: f64, high: f64) -> Result<Self, Error> {
        let brightness = Self { low, high, rule: BrightnessRule::default() };
        brightness.validate()?;
        Ok(brightness)
    }

    /// The same by this rule.
    #[must_use]
    pub fn rule(self, rule: BrightnessRule) -> Self {
        Self { rule, ..self }
    }
}

#[typetag::serde(name = "random_brightness")]
impl Transform for RandomBrightness {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let factor = draw.uniform(self.low, self.high)? as f32;
        Ok(self.rule.step(factor, draw.shape().channels))
    }

    fn validate(&self) -> Result<(), Error> {
        if 0.0 <= self.low && self.low <= self.high && self.high <= f64::from(f32::MAX) {
            return Ok(());
        }
        Err(Error::Parameter {
            transform: "random_brightness",
            parameter: "range",
            value: format!("{}..{}", self.low, self.high),
            mend: "both factors must be finite and at least 0, the lower one first",
        })
    }
}

/// A factor by the rule of [`BrightnessRule::Pil`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PilBrightness {
    factor: f32,
}

#[typetag::serde(name = "pil_brightness")]
impl Operation for PilBrightness {
    fn apply(&self, mut image: ArrayViewMut3<'_, f32>, _: &mut Vec<f32>) -> Result<(), Error> {
        let (min, max) = extremes(image.view());
        // In Keras' order of operations, so that values on the edge of a byte are cut alike.
        let range = max - min;
        let divisor = if range == 0.0 { 1.0 } else { range };
        let byte = |value: f32| ((value - min) / divisor * 255.0).trunc();
        for (channel, mut values) in image.axis_iter_mut(Axis(2)).enumerate() {
            if channel == ALPHA {
                values.map_inplace(|value| *value = byte(*value));
            } else {
                let scaled = |value| (self.factor * byte(value)).clamp(0.0, 255.0).trunc();
                values.map_inplace(|value| *value = scaled(*value));
            }
        }
        Ok(())
    }
}

/// The channel of an RGBA image that is not a colour.
const ALPHA: usize = 3;

/// A [`RandomBrightness`] as stored, before its bounds are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    low: f64,
    high: f64,
    #[serde(default)]
    rule: BrightnessRule,
}

impl TryFrom<Unchecked> for RandomBrightness {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        Ok(Self::new(stored.low, stored.high)?.rule(stored.rule))
    }
}
