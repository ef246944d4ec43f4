//! What is left of a transform once its random numbers are fixed.

use std::borrow::Cow;

use mizumashi_affine::Warp;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::{Error, ImageShape, Operation};

/// One figure per channel; up to four channels are held without an allocation.
pub type PerChannel = SmallVec<[f32; 4]>;

/// One step of a [`Plan`](crate::Plan): plain data, no chance left in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step<'r> {
    /// A resampling of the image.
    Geometric(Geometric),
    /// A multiply-add per channel.
    Linear(Linear),
    /// Any other change of the pixels, borrowed from the recipe where nothing in it is random.
    Operation(Cow<'r, dyn Operation + 'static>),
}

impl<'r> Step<'r> {
    /// A resampling of the image into `height` x `width` pixels.
    pub fn geometric(warp: Warp, height: usize, width: usize) -> Self {
        Self::Geometric(Geometric { warp, height, width })
    }

    /// `value * scale + shift`, alike in all `channels`.
    pub fn rescale(scale: f32, shift: f32, channels: usize) -> Self {
        Self::linear(SmallVec::from_elem(scale, channels), SmallVec::from_elem(shift, channels))
    }

    /// `value * scale[c] + shift[c]`; both hold one figure per channel.
    pub fn linear(scale: PerChannel, shift: PerChannel) -> Self {
        Self::Linear(Linear { scale, shift })
    }

    /// An operation that holds nothing drawn, usually the transform itself.
    pub fn operation(operation: &'r (dyn Operation + 'static)) -> Self {
        Self::Operation(Cow::Borrowed(operation))
    }

    /// An operation that holds drawn numbers.
    pub fn owned_operation(operation: impl Operation + 'static) -> Self {
        let operation: Box<dyn Operation> = Box::new(operation);
        Self::Operation(Cow::Owned(operation))
    }

    /// The shape of the image after this step.
    ///
    /// # Errors
    /// [`Error::Channels`] when the step holds figures for another number of channels,
    /// [`Error::TooLarge`] when it makes an image beyond all memory.
    pub fn output_shape(&self, input: ImageShape) -> Result<ImageShape, Error> {
        match self {
            Self::Geometric(step) => {
                ImageShape { height: step.height, width: step.width, ..input }.checked()
            }
            Self::Linear(step) => {
                for figures in [&step.scale, &step.shift] {
                    if figures.len() != input.channels {
                        return Err(Error::Channels {
                            transform: "linear",
                            expected: figures.len(),
                            found: input.channels,
                        });
                    }
                }
                Ok(input)
            }
            Self::Operation(_) => Ok(input),
        }
    }

    /// The same step without ties to its recipe.
    pub fn into_owned(self) -> Step<'static> {
        match self {
            Self::Geometric(step) => Step::Geometric(step),
            Self::Linear(step) => Step::Linear(step),
            Self::Operation(operation) => Step::Operation(Cow::Owned(operation.into_owned())),
        }
    }
}

/// A resampling: where each output pixel comes from, and how many output pixels there are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Geometric {
    /// The map from output to input coordinates, with interpolation and border.
    pub warp: Warp,
    /// Rows of the output.
    pub height: usize,
    /// Columns of the output.
    pub width: usize,
}

/// `value * scale[c] + shift[c]` for each channel `c`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// Factor per channel.
    pub scale: PerChannel,
    /// Summand per channel.
    pub shift: PerChannel,
}

impl Linear {
    /// The one multiply-add that equals `self` followed by `next`, up to rounding.
    pub fn then(&self, next: &Self) -> Self {
        let scale = self.scale.iter().zip(&next.scale).map(|(a, b)| a * b).collect();
        let shift = self
            .shift
            .iter()
            .zip(next.scale.iter().zip(&next.shift))
            .map(|(a, (scale, shift))| a * scale + shift)
            .collect();
        Self { scale, shift }
    }

    /// The value that becomes `value` in every channel, if there is one.
    ///
    /// Needed to move a constant border through the multiply-add.
    pub(crate) fn preimage(&self, value: f32) -> Option<f32> {
        let mut preimages =
            self.scale.iter().zip(&self.shift).map(|(scale, shift)| (value - shift) / scale);
        let first = preimages.next()?;
        (first.is_finite() && preimages.all(|other| other == first)).then_some(first)
    }
}
