//! The resampling kernels.
//!
//! # The numeric contract
//!
//! Every kernel gives the same bits. A map that takes each output pixel to one whole pixel (a
//! shift, a flip, a quarter turn) copies it, whatever the interpolation. For all others [`scalar`]
//! is the definition; this is what it computes, with the map `[[a, b, c], [d, e, f]]`.
//!
//! 1. The columns of an output row y are taken in blocks of 16, starting at columns 0, 16, 32
//!    and so on whatever the width. A block is located in `f64` by its first column x0: the base is
//!    a·x0 + (b·y + c) along x and d·x0 + (e·y + f) along y. Each base is split into its floor,
//!    clamped to ±2^30 as `i32`, and the rest, rounded to `f32`.
//! 2. The offsets of the 16 lanes, i·a along x and i·d along y, are computed in `f64` once for the
//!    image and split in the same way. Lane i lies, in `f32`, at t = rest of base + rest of offset;
//!    where t >= 1 it carries 1. Its weight is t - carry, and its pixel index floor of base + floor
//!    of offset + carry. The error is thus that of `f32` numbers below 2 and grows neither with
//!    the image nor along the block.
//! 3. [`Border`](crate::Border) takes an index and a weight to the pixels that are read: the
//!    nearest one, a pair or four along each axis.
//! 4. Bilinear values are, in `f32`, top = p00 + (p01 - p00)·wx, bottom = p10 + (p11 - p10)·wx,
//!    value = top + (bottom - top)·wy. Bicubic values are p0·w0 + p1·w1 + p2·w2 + p3·w3, summed in
//!    that order, along x and then along y, with the weights of
//!    [`cubic_weights`](crate::interpolation::cubic_weights). A product and the addition to it are rounded once, as
//!    a fused multiply-add.
//! 5. Where scaling is asked for, the result is value·scale\[c\] + shift\[c\] in `f32`. A `u8`
//!    result is that plus 0.5, truncated and saturated ([`PixelValue::from_f32`]).
//!
//! Elsewhere every multiplication and every addition is rounded on its own.
//!
//! Splines have steps 1, 2 and 5; [`spline`] defines the others.
//!
//! So that no step overflows, the coefficients are first clamped to ±2^200, and a and d, where they
//! act as steps of lanes, to ±2^26. Only maps that step over 2^26 pixels, or land 2^30 pixels away,
//! can tell.

mod block;
mod copy;
mod pixels;
mod prefetch;
mod scalar;
mod simd;
mod spline;

use std::array;

use fearless_simd::Level;
use ndarray::{ArrayView3, ArrayViewMut3};

use crate::{Error, Interpolation, PixelValue, Warp};
use pixels::{Packed, PackedMut, Pixels, PixelsMut};

pub use prefetch::prefetch;

/// One factor and one summand for each channel.
#[derive(Clone, Copy, Debug)]
pub struct Scaling<'a> {
    pub(crate) scale: &'a [f32],
    pub(crate) shift: &'a [f32],
}

impl Scaling<'_> {
    /// The factors and the summands of `C` channels from `first` on.
    fn of<const C: usize>(&self, first: usize) -> ([f32; C], [f32; C]) {
        (
            array::from_fn(|channel| self.scale[first + channel]),
            array::from_fn(|channel| self.shift[first + channel]),
        )
    }
}

/// A value in the form in which it is stored.
#[inline(always)]
fn stored<S: PixelValue, D: PixelValue>(
    value: S,
    scaling: Option<Scaling<'_>>,
    channel: usize,
) -> D {
    match scaling {
        Some(Scaling { scale, shift }) => {
            D::from_f32(value.to_f32() * scale[channel] + shift[channel])
        }
        None => value.convert(),
    }
}

/// Fills `destination` from `source`, whose sizes have been checked.
///
/// # Errors
/// [`Error::SplineMemory`] where a spline does not fit into memory.
pub(crate) fn warp<S: PixelValue, D: PixelValue>(
    warp: &Warp,
    source: ArrayView3<'_, S>,
    mut destination: ArrayViewMut3<'_, D>,
    scaling: Option<Scaling<'_>>,
) -> Result<(), Error> {
    if destination.is_empty() {
        return Ok(());
    }
    let mut warp = *warp;
    if copy::is_whole(&warp.map) {
        if copy::warp(&warp, &source, &mut destination, scaling) {
            return Ok(());
        }
        warp.interpolation = Interpolation::Nearest;
    }
    // Plain slices with strides are quicker than array views, which serve everything else.
    if let (Some(source), Some(mut destination)) =
        (Packed::new(&source), PackedMut::new(&mut destination))
    {
        if let Interpolation::Spline(order) = warp.interpolation {
            return spline::warp(Level::new(), &warp, order, &source, destination, scaling);
        }
        if !simd::warp(Level::new(), &warp, &source, &mut destination, scaling) {
            in_groups_of_channels(&warp, &source, destination, scaling);
        }
        return Ok(());
    }
    if let Interpolation::Spline(order) = warp.interpolation {
        return spline::warp(Level::new(), &warp, order, &source, destination, scaling);
    }
    in_groups_of_channels(&warp, &source, destination, scaling);
    Ok(())
}

/// Runs the kernel over at most four channels at a time, so that the number of channels is known
/// to the compiler whatever it is.
fn in_groups_of_channels(
    warp: &Warp,
    source: &impl Pixels,
    mut destination: impl PixelsMut,
    scaling: Option<Scaling<'_>>,
) {
    let (_, _, channels) = source.dim();
    for first in (0..channels).step_by(4) {
        let (to, s) = (&mut destination, scaling);
        match channels - first {
            1 => scalar::warp::<1>(warp, first, source, to, s.map(|s| s.of(first))),
            2 => scalar::warp::<2>(warp, first, source, to, s.map(|s| s.of(first))),
            3 => scalar::warp::<3>(warp, first, source, to, s.map(|s| s.of(first))),
            _ => scalar::warp::<4>(warp, first, source, to, s.map(|s| s.of(first))),
        }
    }
}
