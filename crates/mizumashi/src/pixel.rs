//! What a data set's values may be.

use mizumashi_stats::{Accumulator, IntegerMoments, Moments};
use mizumashi_transform::PixelValue;
use ndarray::parallel::prelude::*;
use ndarray::{ArrayView4, Axis};

use crate::Error;

/// A value of a data set: `u8` as decoders give it, or `f32`.
pub trait Pixel: PixelValue + Default {
    /// What mean and standard deviation are computed with; exact for `u8`.
    type Figures: Accumulator<Value = Self>;

    /// Finds values that are NaN or infinite in images indexed (sample, row, column, channel).
    ///
    /// # Errors
    /// [`Error::NotFinite`] for the first of them.
    fn check_finite(images: ArrayView4<'_, Self>) -> Result<(), Error>;
}

impl Pixel for u8 {
    type Figures = IntegerMoments;

    fn check_finite(_: ArrayView4<'_, u8>) -> Result<(), Error> {
        Ok(())
    }
}

impl Pixel for f32 {
    type Figures = Moments;

    fn check_finite(images: ArrayView4<'_, f32>) -> Result<(), Error> {
        let suspect = images
            .axis_iter(Axis(0))
            .into_par_iter()
            .position_first(|image| image.iter().any(|value| !value.is_finite()));
        let Some(sample) = suspect else { return Ok(()) };
        let image = images.index_axis_move(Axis(0), sample);
        let bad = image.indexed_iter().find(|(_, value)| !value.is_finite());
        bad.map_or(Ok(()), |((row, column, channel), &value)| {
            Err(Error::NotFinite { value, sample, row, column, channel })
        })
    }
}
