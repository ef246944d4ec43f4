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
mod lanes;
mod nearest;
mod pixels;
mod store;

#[cfg(test)]
mod tests;

use fearless_simd::{Level, dispatch};

use super::Scaling;
use super::block::BLOCK;
use super::pixels::{Packed, PackedMut};
use crate::{Interpolation, PixelValue, Warp};

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
#[derive(Clone, Copy, Debug)]
struct Blocks {
    row: usize,
    column: usize,
    height: usize,
    width: usize,
}

impl Blocks {
    fn new((height, width, _): (usize, usize, usize)) -> Self {
        Self { row: 0, column: 0, height, width }
    }
}

impl Iterator for Blocks {
    /// The row and the first column of a block.
    type Item = (usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, usize)> {
        if self.row == self.height {
            return None;
        }
        let here = (self.row, self.column);
        self.column += BLOCK;
        if self.column >= self.width {
            self.column = 0;
            self.row += 1;
        }
        Some(here)
    }
}
