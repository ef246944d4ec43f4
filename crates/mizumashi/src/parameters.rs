//! The numbers of one augmentation, by Keras' names.

use mizumashi_affine::AffineParameters;
use mizumashi_transform::transforms::{BrightnessRule, RandomAffine, RandomChannelShift};
use mizumashi_transform::{Fidelity, ImageShape, Plan};
use serde::{Deserialize, Serialize};

use crate::Error;

/// What one augmentation does to an image: the dictionary of Keras' `apply_transform`. The default
/// changes nothing.
///
/// ```
/// use mizumashi::affine::AffineParameters;
/// use mizumashi::{ImageDataGenerator, TransformParameters};
/// use ndarray::Array3;
///
/// let generator = ImageDataGenerator::builder().build()?;
/// let image = Array3::from_shape_fn((4, 4, 3), |(row, column, _)| (10 * row + column) as u8);
/// let parameters = TransformParameters {
///     affine: AffineParameters { horizontal_flip: true, ..Default::default() },
///     brightness: Some(2.0),
///     ..Default::default()
/// };
/// let changed = generator.apply_transform(&image, &parameters)?;
/// assert_eq!(changed[[1, 0, 0]], 26.0);
/// # Ok::<(), mizumashi::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransformParameters {
    /// Rotation, shifts, shear, zooms and flips.
    pub affine: AffineParameters,
    /// What is added to every value, within the range of the image. Keras:
    /// `channel_shift_intensity`.
    pub channel_shift: Option<f64>,
    /// The factor of the brightness.
    pub brightness: Option<f64>,
}

/// How a generator carries an augmentation out, whatever the numbers are.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    /// Interpolation, border and centre; its ranges go unused.
    pub(crate) affine: RandomAffine,
    pub(crate) brightness: BrightnessRule,
    pub(crate) fidelity: Fidelity,
}

impl Manner {
    /// The plan of `parameters` for images of this shape.
    pub(crate) fn plan(
        &self,
        parameters: &TransformParameters,
        shape: ImageShape,
    ) -> Result<Plan<'static>, Error> {
        let TransformParameters { affine, channel_shift, brightness } = parameters;
        let mut steps = vec![self.affine.step(affine, shape.height, shape.width)];
        if let Some(shift) = channel_shift {
            let shift = checked("channel_shift", *shift, f32::MIN)?;
            steps.push(RandomChannelShift::step(shift));
        }
        if let Some(factor) = brightness {
            let factor = checked("brightness", *factor, 0.0)?;
            steps.push(self.brightness.step(factor, shape.channels));
        }
        Ok(Plan::new(shape, steps, self.fidelity))
    }
}

/// The number as `f32`, where it is from `least` up and finite.
fn checked(argument: &'static str, value: f64, least: f32) -> Result<f32, Error> {
    if value >= f64::from(least) && value <= f64::from(f32::MAX) {
        return Ok(value as f32);
    }
    let mend = if least < 0.0 { "it must be finite" } else { "it must be finite and at least 0" };
    Err(Error::Argument { argument, value: value.to_string(), mend })
}
