//! Random brightness: one drawn factor for all values.

use serde::{Deserialize, Serialize};

use crate::{Draw, Error, Step, Transform};

/// Multiplies every value by a factor drawn from `low..high`: 1 leaves the image as it is, 0 makes
/// it black.
///
/// Values are not clipped, so that rescaling and standardisation after it see what was there; as a
/// multiply-add it costs nothing beside a resampling. Keras first stretches each image to the whole
/// of 0..=255, which undoes most of the change, and rounds it to bytes.
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
}

impl RandomBrightness {
    /// A factor uniform in `low..high`.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the bounds are not in rising order, below 0, or not finite.
    pub fn new(low: f64, high: f64) -> Result<Self, Error> {
        let brightness = Self { low, high };
        brightness.validate()?;
        Ok(brightness)
    }
}

#[typetag::serde(name = "random_brightness")]
impl Transform for RandomBrightness {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let factor = draw.uniform(self.low, self.high)? as f32;
        Ok(Step::rescale(factor, 0.0, draw.shape().channels))
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

/// A [`RandomBrightness`] as stored, before its bounds are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    low: f64,
    high: f64,
}

impl TryFrom<Unchecked> for RandomBrightness {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        Self::new(stored.low, stored.high)
    }
}
