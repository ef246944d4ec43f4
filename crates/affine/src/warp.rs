use ndarray::{ArrayView3, ArrayViewMut3};
use serde::{Deserialize, Serialize};

use crate::kernel::Scaling;
use crate::{Affine, Border, Error, Interpolation, PixelValue};

/// A resampling of images: which place of the input each output pixel shows, and how its value is
/// read there.
///
/// Images are indexed as (row, column, channel) and may have any strides: a CHW array is passed as
/// its view permuted to HWC, `view.permuted_axes([1, 2, 0])`. Source and destination may differ in
/// size, so that a crop or a resize is a matter of the matrix alone, and in type, where `u8`
/// results are rounded half up and saturated. Memory that is contiguous, in whatever order of
/// axes, is fastest.
///
/// Values are computed in `f32`, from coordinates computed in `f64` at every 16th column; an
/// identity, a flip, a quarter turn or a shift by whole pixels copies the source values. Elsewhere
/// NaN and infinity spread to every value that they are a neighbour of, even with weight 0.
///
/// [`Interpolation::Spline`] computes in `f64` and rounds to `f32` at the end. It allocates memory
/// for each image, which the others do not.
///
/// ```
/// use mizumashi_affine::{Affine, Border, Interpolation, Warp};
/// use ndarray::{Array3, array};
///
/// let row = array![[[10u8], [20], [30]]];
/// let half_a_pixel_to_the_left = Warp {
///     map: Affine::translation(0.5, 0.0),
///     interpolation: Interpolation::Bilinear,
///     border: Border::Constant(7.0),
/// };
/// let mut shifted = Array3::<u8>::zeros((1, 3, 1));
/// half_a_pixel_to_the_left.apply(row.view(), shifted.view_mut())?;
/// assert_eq!(shifted, array![[[15u8], [25], [7]]]);
/// # Ok::<(), mizumashi_affine::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Warp {
    /// Takes **output** pixel coordinates to **input** pixel coordinates.
    pub map: Affine,
    /// How a value is read between pixel centres.
    pub interpolation: Interpolation,
    /// What is seen beyond the edge of the input.
    pub border: Border,
}

impl Warp {
    /// Fills `destination` from `source`.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a map with NaN or infinity, [`Error::EmptySource`],
    /// [`Error::SourceTooLarge`] above 2^29 rows or columns, [`Error::ChannelMismatch`], and
    /// [`Error::SplineMemory`] where a spline does not fit into memory. An empty destination is no
    /// error. The destination is untouched after an error.
    pub fn apply<S: PixelValue, D: PixelValue>(
        &self,
        source: ArrayView3<'_, S>,
        destination: ArrayViewMut3<'_, D>,
    ) -> Result<(), Error> {
        S::warp_to(self.check(source.dim(), destination.dim())?, source, destination, None)
    }

    /// Fills `destination` with value · `scale`\[c\] + `shift`\[c\] for channel c, where value is
    /// what [`apply`](Self::apply) would have written: rescaling and standardising cost no second
    /// pass, and not a bit differs from one.
    ///
    /// A constant border is given before scaling, in the units of the source.
    ///
    /// # Errors
    /// Those of [`apply`](Self::apply), and [`Error::FactorCount`] when `scale` or `shift` does not
    /// have one value per channel.
    pub fn apply_scaled<S: PixelValue>(
        &self,
        source: ArrayView3<'_, S>,
        destination: ArrayViewMut3<'_, f32>,
        scale: &[f32],
        shift: &[f32],
    ) -> Result<(), Error> {
        let checked = self.check(source.dim(), destination.dim())?;
        let channels = source.dim().2;
        for (name, given) in [("scale", scale.len()), ("shift", shift.len())] {
            if given != channels {
                return Err(Error::FactorCount { name, given, channels });
            }
        }
        S::warp_to(checked, source, destination, Some(Scaling { scale, shift }))
    }

    fn check(
        &self,
        (height, width, channels): (usize, usize, usize),
        (_, _, destination_channels): (usize, usize, usize),
    ) -> Result<Checked<'_>, Error> {
        let limit = Border::LONGEST_SIDE;
        if !self.map.is_finite() {
            return Err(Error::NotFinite { map: self.map });
        }
        if height == 0 || width == 0 || channels == 0 {
            return Err(Error::EmptySource { height, width, channels });
        }
        if height > limit || width > limit {
            return Err(Error::SourceTooLarge { height, width, limit });
        }
        if channels != destination_channels {
            return Err(Error::ChannelMismatch { source_channels: channels, destination_channels });
        }
        Ok(Checked(self))
    }
}

/// A warp whose map and sizes have been checked: none but [`Warp`] makes one, so that nothing else
/// reaches the kernels.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a>(&'a Warp);

impl<'a> Checked<'a> {
    pub(crate) fn warp(self) -> &'a Warp {
        self.0
    }
}
