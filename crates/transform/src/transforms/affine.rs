//! Random affine maps: rotation, shift, shear, zoom and flips in one resampling.

use mizumashi_affine::{AffineParameters, Border, Interpolation, Point, Shift, Warp};
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
    #[serde(default, skip_serializing_if = "Center::is_image")]
    center: Center,
}

/// What a picture is turned, sheared and zoomed about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Center {
    /// The centre of the image, ((width - 1) / 2, (height - 1) / 2).
    #[default]
    Image,
    /// (width / 2 + 0.5, height / 2 + 0.5), as keras-preprocessing 1.1.2 has it: one pixel to the
    /// right and down of the centre, so that a turn or a zoom moves the picture, too.
    Keras,
}

impl Center {
    /// The point in an image of `height` rows and `width` columns.
    pub fn of(self, height: usize, width: usize) -> Point {
        match self {
            Self::Image => Point::center_of(height, width),
            Self::Keras => Point { x: width as f64 / 2.0 + 0.5, y: height as f64 / 2.0 + 0.5 },
        }
    }

    fn is_image(&self) -> bool {
        *self == Self::Image
    }
}

impl RandomAffine {
    /// A random map with these ranges.
    ///
    /// # Errors
    /// [`Error::Affine`] when a range is outside what it can mean.
    pub fn new(ranges: mizumashi_affine::RandomAffine) -> Result<Self, Error> {
        ranges.validate()?;
        Ok(Self::unchecked(ranges))
    }

    fn unchecked(ranges: mizumashi_affine::RandomAffine) -> Self {
        Self {
            ranges,
            interpolation: default_interpolation(),
            border: default_border(),
            center: Center::default(),
        }
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
        Self::unchecked(mizumashi_affine::RandomAffine {
            horizontal_flip: horizontal,
            vertical_flip: vertical,
            ..Default::default()
        })
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

    /// The same about this centre; that of the image unless set.
    #[must_use]
    pub fn center(self, center: Center) -> Self {
        Self { center, ..self }
    }

    /// The numbers that [`draw`](Transform::draw) makes a map of: what to show where a drawn
    /// augmentation is explained.
    ///
    /// ```
    /// use mizumashi_transform::transforms::RandomAffine;
    /// use mizumashi_transform::{Draw, ImageShape, SampleKey, Transform};
    ///
    /// let turned = RandomAffine::rotation(20.0)?;
    /// let draw = || {
    ///     let key = SampleKey { seed: 1, epoch: 0, index: 0 };
    ///     Draw::new(key, 0, ImageShape { height: 8, width: 8, channels: 3 })
    /// };
    /// let numbers = turned.parameters(&mut draw())?;
    /// assert!(numbers.rotation.abs() <= 20.0);
    /// let step = turned.step(&numbers, 8, 8);
    /// assert_eq!(format!("{step:?}"), format!("{:?}", turned.draw(&mut draw())?));
    /// # Ok::<(), mizumashi_transform::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Affine`] when a range is outside what it can mean.
    pub fn parameters(&self, draw: &mut Draw) -> Result<AffineParameters, Error> {
        let shape = draw.shape();
        Ok(self.ranges.draw(draw.rng(), shape.height, shape.width)?)
    }

    /// The step for these parameters, whatever the ranges are, on images of `height` rows and
    /// `width` columns.
    pub fn step(
        &self,
        parameters: &AffineParameters,
        height: usize,
        width: usize,
    ) -> Step<'static> {
        let center = self.center.of(height, width);
        let warp = Warp {
            map: parameters.to_affine_about(center, height, width),
            interpolation: self.interpolation,
            border: self.border,
        };
        Step::geometric(warp, height, width)
    }
}

#[typetag::serde(name = "random_affine")]
impl Transform for RandomAffine {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let shape = draw.shape();
        let parameters = self.parameters(draw)?;
        Ok(self.step(&parameters, shape.height, shape.width))
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
