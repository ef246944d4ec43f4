//! Min-max normalisation: the contrast stretch.

use ndarray::{ArrayViewMut, ArrayViewMut3, Axis, Dimension};
use serde::{Deserialize, Serialize};

use super::extremes::extremes;
use crate::{Draw, Error, Operation, Step, Transform};

/// Stretches each image so that its least value becomes `low` and its greatest `high`, both
/// exactly.
///
/// `low + (x - min) / (max - min) * (high - low)`. The extremes are those of the whole image, or
/// of each channel alone. A constant image (or channel) has no contrast to stretch and becomes
/// `low`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Stretch {
    low: f32,
    high: f32,
    per_channel: bool,
}

impl Stretch {
    /// A stretch to `low..=high`, over the whole image.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the bounds are not in rising order or not a finite distance apart.
    pub fn new(low: f32, high: f32) -> Result<Self, Error> {
        let stretch = Self { low, high, per_channel: false };
        stretch.validate()?;
        Ok(stretch)
    }

    /// The same for each channel alone.
    #[must_use]
    pub fn per_channel(self) -> Self {
        Self { per_channel: true, ..self }
    }

    fn stretch<D: Dimension>(&self, mut values: ArrayViewMut<'_, f32, D>) {
        let (min, max) = extremes(values.view());
        let span = max - min;
        if span > 0.0 {
            // Rounding may carry the sum to either side of `high`.
            let range = self.high - self.low;
            values.map_inplace(|x| {
                let stretched = self.low + (*x - min) / span * range;
                *x = if *x == max { self.high } else { stretched.min(self.high) };
            });
        } else {
            values.fill(self.low);
        }
    }
}

#[typetag::serde(name = "stretch")]
impl Transform for Stretch {
    fn draw(&self, _: &mut Draw) -> Result<Step<'_>, Error> {
        Ok(Step::operation(self))
    }

    fn validate(&self) -> Result<(), Error> {
        if self.low < self.high && (self.high - self.low).is_finite() {
            return Ok(());
        }
        Err(Error::Parameter {
            transform: "stretch",
            parameter: "range",
            value: format!("{}..={}", self.low, self.high),
            mend: "the bounds must be in rising order and a finite distance apart",
        })
    }
}

#[typetag::serde(name = "stretch")]
impl Operation for Stretch {
    fn apply(&self, mut image: ArrayViewMut3<'_, f32>, _: &mut Vec<f32>) -> Result<(), Error> {
        if self.per_channel {
            image.axis_iter_mut(Axis(2)).for_each(|plane| self.stretch(plane));
        } else {
            self.stretch(image);
        }
        Ok(())
    }
}

/// A [`Stretch`] as stored, before its bounds are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    low: f32,
    high: f32,
    #[serde(default)]
    per_channel: bool,
}

impl TryFrom<Unchecked> for Stretch {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        Ok(Self { per_channel: stored.per_channel, ..Self::new(stored.low, stored.high)? })
    }
}
