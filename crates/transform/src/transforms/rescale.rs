//! Rescaling: one factor and one offset for all values.

use serde::{Deserialize, Serialize};

use crate::{Draw, Error, Step, Transform};

/// Multiplies every value by `factor`, then adds `offset`.
///
/// `Rescale::new(1.0 / 255.0)` takes 8-bit values to 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Rescale {
    factor: f32,
    offset: f32,
}

impl Rescale {
    /// Multiplication by `factor`.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the factor is not finite.
    pub fn new(factor: f32) -> Result<Self, Error> {
        let rescale = Self { factor, offset: 0.0 };
        rescale.validate()?;
        Ok(rescale)
    }

    /// The same with `offset` added after the multiplication.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the offset is not finite.
    pub fn with_offset(self, offset: f32) -> Result<Self, Error> {
        let rescale = Self { offset, ..self };
        rescale.validate()?;
        Ok(rescale)
    }
}

#[typetag::serde(name = "rescale")]
impl Transform for Rescale {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        Ok(Step::rescale(self.factor, self.offset, draw.shape().channels))
    }

    fn validate(&self) -> Result<(), Error> {
        for (parameter, value) in [("factor", self.factor), ("offset", self.offset)] {
            if !value.is_finite() {
                return Err(Error::Parameter {
                    transform: "rescale",
                    parameter,
                    value: value.to_string(),
                    mend: "it must be a finite number",
                });
            }
        }
        Ok(())
    }
}

/// A [`Rescale`] as stored, before its figures are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    factor: f32,
    #[serde(default)]
    offset: f32,
}

impl TryFrom<Unchecked> for Rescale {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        Self::new(stored.factor)?.with_offset(stored.offset)
    }
}
