//! What a data set's values may be.

use mizumashi_stats::{Grouping, IntegerMoments, Layout, Moments, Statistics};
use mizumashi_transform::PixelValue;
use ndarray::parallel::prelude::*;
use ndarray::{ArrayView4, Axis};

use crate::Error;

/// A value of a data set: `u8` as decoders give it, or `f32`.
pub trait Pixel: PixelValue {
    /// Mean and population standard deviation per channel of images laid out as `layout` says;
    /// exact for `u8`.
    ///
    /// # Errors
    /// [`Error::Stats`] for an empty set or a value that is not finite.
    fn channel_figures(
        images: ArrayView4<'_, Self>,
        layout: Layout,
    ) -> Result<(Vec<f64>, Vec<f64>), Error>;

    /// Finds values that are NaN or infinite in images indexed (sample, row, column, channel).
    ///
    /// # Errors
    /// [`Error::NotFinite`] for the first of them.
    fn check_finite(images: ArrayView4<'_, Self>) -> Result<(), Error>;
}

impl Pixel for u8 {
    fn channel_figures(
        images: ArrayView4<'_, u8>,
        layout: Layout,
    ) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let figures = Statistics::<IntegerMoments>::of(images, layout, Grouping::Channel)?;
        Ok((figures.mean(), figures.std()))
    }

    fn check_finite(_: ArrayView4<'_, u8>) -> Result<(), Error> {
        Ok(())
    }
}

impl Pixel for f32 {
    fn channel_figures(
        images: ArrayView4<'_, f32>,
        layout: Layout,
    ) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let figures = Statistics::<Moments>::of(images, layout, Grouping::Channel)?;
        Ok((figures.mean(), figures.std()))
    }

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

/// Refuses images, indexed (sample, row, column, channel), that no figure can be computed from.
pub(crate) fn check_images<P: Pixel>(images: ArrayView4<'_, P>) -> Result<(), Error> {
    if images.is_empty() {
        return Err(Error::Empty { shape: images.shape().to_vec() });
    }
    P::check_finite(images)
}
