//! Random channel shift: one drawn number added to all values, within the image's own range.

use ndarray::ArrayViewMut3;
use serde::{Deserialize, Serialize};

use super::extremes::extremes;
use crate::{Draw, Error, Operation, Step, Transform};

/// Adds a number drawn from -`range`..`range` to every value, and clips to the least and the
/// greatest value that the image had before: Keras' `channel_shift_range`.
///
/// `range` is in the units of the image's values. As in Keras all channels get the same number.
///
/// ```
/// use mizumashi_transform::transforms::RandomChannelShift;
/// use mizumashi_transform::{Recipe, SampleKey};
/// use ndarray::Array3;
///
/// let recipe = Recipe::new().then(RandomChannelShift::new(30.0)?);
/// let image = Array3::from_shape_fn((4, 4, 3), |(row, _, _)| 60 * row as u8);
/// let shifted = recipe.draw(SampleKey { seed: 1, epoch: 0, index: 0 }, image.dim())?.apply(image.view())?;
/// assert!(shifted.iter().all(|value| (0.0..=180.0).contains(value)));
/// let shift = shifted[[1, 0, 0]] - 60.0;
/// assert!(shift != 0.0 && shift.abs() <= 30.0);
/// # Ok::<(), mizumashi_transform::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct RandomChannelShift {
    range: f64,
}

impl RandomChannelShift {
    /// A shift uniform in -`range`..`range`.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the range is negative or not finite.
    pub fn new(range: f64) -> Result<Self, Error> {
        let shift = Self { range };
        shift.validate()?;
        Ok(shift)
    }

    /// The step that adds this number.
    pub fn step(intensity: f32) -> Step<'static> {
        Step::owned_operation(ChannelShift { intensity })
    }
}

#[typetag::serde(name = "random_channel_shift")]
impl Transform for RandomChannelShift {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let intensity = draw.uniform(-self.range, self.range)? as f32;
        Ok(Self::step(intensity))
    }

    fn validate(&self) -> Result<(), Error> {
        if 0.0 <= self.range && self.range <= f64::from(f32::MAX) {
            return Ok(());
        }
        Err(Error::Parameter {
            transform: "random_channel_shift",
            parameter: "range",
            value: self.range.to_string(),
            mend: "it must be finite and at least 0",
        })
    }
}

/// A [`RandomChannelShift`] whose number is drawn.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelShift {
    intensity: f32,
}

#[typetag::serde(name = "channel_shift")]
impl Operation for ChannelShift {
    fn apply(&self, mut image: ArrayViewMut3<'_, f32>, _: &mut Vec<f32>) -> Result<(), Error> {
        let (min, max) = extremes(image.view());
        image.map_inplace(|value| *value = (*value + self.intensity).max(min).min(max));
        Ok(())
    }
}

/// A [`RandomChannelShift`] as stored, before its range is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    range: f64,
}

impl TryFrom<Unchecked> for RandomChannelShift {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        Self::new(stored.range)
    }
}
