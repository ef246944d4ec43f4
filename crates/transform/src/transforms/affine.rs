//! Random affine maps: rotation, shift, shear, zoom and flips in one resampling.

use mizumashi_affine::{Border, Interpolation, Shift, Warp};
use serde::{Deserialize, Serialize};

use crate::{Draw, Error, Step, Transform};

/// A random affine map of the picture about its centre.
///
/// The ranges are those of [`mizumashi_affine::RandomAffine`]; the picture keeps its size.
/// Bilinear interpolation and [`Border::Nearest`] unless said otherwise, as Keras has it.
///
/// ```
/// use mizumashi_transform::{Recipe, transforms::RandomAffine};
/// use mizumashi_affine::{Border, Shift};
///
/// let tutorial = mizumashi_affine::RandomAffine {
///     rotation: 20.0,
///     width_shift: Shift::Fraction(0.2),
///     height_shift: Shift::Fraction(0.2),
///     horizontal_flip: true,
///     ..Default::default()
/// };
/// let recipe = Recipe::new().then(RandomAffine::new(tutorial)?.border(Border::Reflect));
/// # Ok::<(), mizumashi_transform::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomAffine {
    ranges: mizumashi_affine::RandomAffine,
    #[serde(default = "default_interpolation")]
    interpolation: Interpolation,
    #[serde(default = "default_border")]
    border: Border,
}

impl RandomAffine {
    /// A random map with these ranges.
    ///
    /// # Errors
    /// [`Error::Affine`] when a range is outside what it can mean.
    pub fn new(ranges: mizumashi_affine::RandomAffine) -> Result<Self, Error> {
        ranges.validate()?;
        Ok(Self { ranges, interpolation: default_interpolation(), border: default_border() })
    }

    /// A rotation by an angle in `-degrees..degrees`.
    ///
    /// # Errors
    /// [`Error::Affine`] when the angle is negative or not finite.
    pub fn rotation(degrees: f64) -> Result<Self, Error> {
        Self::new(mizumashi_affine::RandomAffine { rotation: degrees, ..Default::default() })
    }

    /// A shift across and down.
    ///
    /// # Errors
    /// [`Error::Affine`] when a shift is outside what it can mean.
    pub fn shift(width: Shift, height: Shift) -> Result<Self, Error> {
        Self::new(mizumashi_affine::RandomAffine {
            width_shift: width,
            height_shift: height,
            ..Default::default()
        })
    }

    /// Flips, each with probability one half.
    pub fn flip(horizontal: bool, vertical: bool) -> Self {
        Self {
            ranges: mizumashi_affine::RandomAffine {
                horizontal_flip: horizontal,
                vertical_flip: vertical,
                ..Default::default()
            },
            interpolation: default_interpolation(),
            border: default_border(),
        }
    }

    /// The same with this interpolation.
    #[must_use]
    pub fn interpolation(self, interpolation: Interpolation) -> Self {
        Self { interpolation, ..self }
    }

    /// The same with this border.
    #[must_use]
    pub fn border(self, border: Border) -> Self {
        Self { border, ..self }
    }
}

#[typetag::serde(name = "random_affine")]
impl Transform for RandomAffine {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let shape = draw.shape();
        let parameters = self.ranges.draw(draw.rng(), shape.height, shape.width)?;
        let warp = Warp {
            map: parameters.to_affine(shape.height, shape.width),
            interpolation: self.interpolation,
            border: self.border,
        };
        Ok(Step::geometric(warp, shape.height, shape.width))
    }

    fn validate(&self) -> Result<(), Error> {
        if let Border::Constant(value) = self.border
            && !value.is_finite()
        {
            return Err(Error::Parameter {
                transform: "random_affine",
                parameter: "border",
                value: value.to_string(),
                mend: "a constant border must be a finite number",
            });
        }
        Ok(self.ranges.validate()?)
    }
}

fn default_interpolation() -> Interpolation {
    Interpolation::Bilinear
}

fn default_border() -> Border {
    Border::Nearest
}
