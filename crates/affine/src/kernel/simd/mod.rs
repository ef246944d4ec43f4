//! The kernels over SIMD vectors, with the bits of [`scalar`](super::scalar).
//!
//! They are written once, over the vectors of `fearless_simd`, and compiled for each instruction
//! set: AVX-512, AVX2, SSE4.2 and SSE2, NEON, WebAssembly. They take what lies in contiguous
//! memory, and work in strips of a few blocks: first where the pixels of the whole strip lie,
//! then what they are worth. So the long chain of operations that locates a block, and whose
//! result the loads of its pixels must wait for, overlaps with that of the next blocks.
//!
//! - [`bytes`] interpolates linearly between packed `u8` pixels, which training batches are made
//!   of: sixteen pixels to a vector, one vector a channel.
//! - [`pixels`] interpolates everything else: one pixel to a vector, its channels side by side.
//! - [`nearest`] copies.

#![allow(clippy::needless_range_loop, reason = "lanes index several arrays at once")]

mod bytes;
mod interleave;
mod lanes;
mod nearest;
mod pixels;
mod store;

#[cfg(test)]
mod tests;

use fearless_simd::{Level, Simd, dispatch};

use super::Scaling;
use super::block::{BLOCK, Bases, Coordinates};
use super::pixels::{Packed, PackedMut};
use crate::{Affine, Interpolation, PixelValue, Warp};
use lanes::Lanes;

/// Fills the destination with the instructions of a level; false where the source, the processor
/// or the interpolation is not one for these kernels, which left it alone.
pub(super) fn warp<S: PixelValue, D: PixelValue>(
    level: Level,
    warp: &Warp,
    source: &Packed<'_, S>,
    target: &mut PackedMut<'_, D>,
    scaling: Option<Scaling<'_>>,
) -> bool {
    // Offsets are computed in `i32`; bytes are taken from and put into integers, the first one the
    // lowest.
    if source.values().len() > i32::MAX as usize || cfg!(target_endian = "big") {
        return false;
    }
    if warp.interpolation == Interpolation::Bilinear
        && let Some(source) = bytes::Source::new(source)
    {
        match source.channels() {
            1 => dispatch!(level, s => bytes::warp::<_, _, 1>(s, warp, &source, target, scaling)),
            2 => dispatch!(level, s => bytes::warp::<_, _, 2>(s, warp, &source, target, scaling)),
            3 => dispatch!(level, s => bytes::warp::<_, _, 3>(s, warp, &source, target, scaling)),
            _ => dispatch!(level, s => bytes::warp::<_, _, 4>(s, warp, &source, target, scaling)),
        };
        return true;
    }
    match warp.interpolation {
        Interpolation::Spline(_) => return false,
        Interpolation::Nearest => {
            dispatch!(level, s => nearest::warp(s, warp, source, target, scaling));
        }
        Interpolation::Bilinear => {
            dispatch!(level, s => pixels::warp::<_, _, _, 2>(s, warp, source, target, scaling));
        }
        Interpolation::Bicubic => {
            dispatch!(level, s => pixels::warp::<_, _, _, 4>(s, warp, source, target, scaling));
        }
    }
    true
}

/// How many blocks are located before the first of them is resampled.
const STRIP: usize = 8;

/// One value for each lane of a block, where vectors are loaded from and stored to in one piece.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Aligned<T>(T);

/// The blocks of an image in reading order, a strip at a time.
struct Strips {
    coordinates: Coordinates,
    row: usize,
    column: usize,
    height: usize,
    width: usize,
}

/// Some blocks of an image, and where they begin in the source.
struct Strip {
    /// The row and the first column of each.
    places: [(usize, usize); STRIP],
    count: usize,
    x: Bases<STRIP>,
    y: Bases<STRIP>,
}

impl Strips {
    fn new(map: &Affine, (height, width, _): (usize, usize, usize)) -> Self {
        Self { coordinates: Coordinates::new(map), row: 0, column: 0, height, width }
    }

    /// The next strip, until there is none.
    #[inline(always)]
    fn next(&mut self) -> Option<Strip> {
        let mut places = [(0, 0); STRIP];
        let (mut rows, mut columns) = ([0.0; STRIP], [0.0; STRIP]);
        let mut count = 0;
        while count < STRIP && self.row < self.height {
            places[count] = (self.row, self.column);
            (rows[count], columns[count]) = (self.row as f64, self.column as f64);
            count += 1;
            self.column += BLOCK;
            if self.column >= self.width {
                self.column = 0;
                self.row += 1;
            }
        }
        let (x, y) = self.coordinates.axes();
        let (x, y) = (x.bases(&rows, &columns), y.bases(&rows, &columns));
        (count > 0).then_some(Strip { places, count, x, y })
    }

    /// The lanes of a block of a strip along x and y.
    #[inline(always)]
    fn lanes<S: Simd>(&self, simd: S, strip: &Strip, block: usize) -> (Lanes<S>, Lanes<S>) {
        let (x, y) = self.coordinates.axes();
        (
            Lanes::new(simd, x.lanes(), strip.x.index[block], strip.x.rest[block]),
            Lanes::new(simd, y.lanes(), strip.y.index[block], strip.y.rest[block]),
        )
    }
}

impl Strip {
    /// The row and the first column of each block.
    #[inline(always)]
    fn places(&self) -> &[(usize, usize)] {
        &self.places[..self.count]
    }
}
