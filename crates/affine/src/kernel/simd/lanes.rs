use fearless_simd::{f32x16, i32x16, mask32x16, prelude::*};

use super::super::block::{self, BLOCK};
use crate::Border;
use crate::interpolation::cubic_weights;

/// Where the pixels of a block lie in the source along one axis: at `index` + `weight`.
#[derive(Clone, Copy)]
pub(super) struct Lanes<S: Simd> {
    pub(super) index: i32x16<S>,
    pub(super) weight: f32x16<S>,
}

impl<S: Simd> Lanes<S> {
    /// The lanes of a block that begins at `base` + `rest`, from the offsets of the lanes of every
    /// block.
    #[inline(always)]
    pub(super) fn new(simd: S, offsets: &block::Lanes, base: i32, rest: f32) -> Self {
        let one = f32x16::splat(simd, 1.0);
        let t = f32x16::load_array(simd, offsets.weight) + f32x16::splat(simd, rest);
        let carries = t.simd_ge(one);
        let index = i32x16::load_array(simd, offsets.index) + i32x16::splat(simd, base);
        Self {
            index: carries.select(index + i32x16::splat(simd, 1), index),
            weight: carries.select(t - one, t),
        }
    }

    /// Where the place is on or between pixels of the image: where no constant is seen.
    #[inline(always)]
    pub(super) fn within(&self, simd: S, len: i32) -> mask32x16<S> {
        let last = i32x16::splat(simd, len - 1);
        let on_last = self.index.simd_eq(last) & self.weight.simd_eq(f32x16::splat(simd, 0.0));
        self.between(simd, len) | on_last
    }

    /// Where the place has a pixel of the image on either side.
    #[inline(always)]
    pub(super) fn between(&self, simd: S, len: i32) -> mask32x16<S> {
        self.index.simd_ge(i32x16::splat(simd, 0))
            & self.index.simd_lt(i32x16::splat(simd, len - 1))
    }
}

/// The pixels along one axis that each lane of a block is made of, as indices, and how they are
/// weighted: `N` is 2 for a straight line, 4 for a cubic.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Taps<const N: usize> {
    pub(super) index: [[i32; BLOCK]; N],
    /// The weight of the second of two pixels, or the weights of all four.
    pub(super) weight: [[f32; BLOCK]; N],
}

impl<const N: usize> Taps<N> {
    pub(super) const EMPTY: Self = Self { index: [[0; BLOCK]; N], weight: [[0.0; BLOCK]; N] };

    /// The taps of lanes on an axis of `len` pixels; bit i of the mask is set where lane i sees the
    /// image and not the constant.
    #[inline(always)]
    pub(super) fn set<S: Simd>(
        &mut self,
        simd: S,
        border: Border,
        lanes: &Lanes<S>,
        len: i32,
    ) -> u64 {
        let within = match border {
            Border::Constant(_) => lanes.within(simd, len).to_bitmask(),
            _ => u64::from(u16::MAX),
        };
        let clamped = match border {
            Border::Constant(_) | Border::Nearest => true,
            Border::Reflect | Border::Wrap => {
                let (before, after) = ((N as i32 - 1) / 2, N as i32 / 2);
                let first = lanes.index.simd_ge(i32x16::splat(simd, before));
                let last = lanes.index.simd_lt(i32x16::splat(simd, len - after));
                (first & last).all_true()
            }
        };
        if clamped {
            self.set_clamped(simd, lanes, len);
        } else {
            let (index, weight) =
                (<[i32; BLOCK]>::from(lanes.index), <[f32; BLOCK]>::from(lanes.weight));
            for lane in 0..BLOCK {
                self.set_lane(border, lane, index[lane], weight[lane], len);
            }
        }
        if N == 4 {
            let weights = self.weight[0];
            for lane in 0..BLOCK {
                let weights = cubic_weights(weights[lane]);
                for tap in 0..N {
                    self.weight[tap][lane] = weights[tap];
                }
            }
        }
        within
    }

    /// Turns indices into offsets.
    #[inline(always)]
    pub(super) fn scale(&mut self, stride: i32) {
        for index in self.index.as_flattened_mut() {
            *index *= stride;
        }
    }

    /// The largest index, or offset; a negative one would be larger than any other.
    #[inline(always)]
    pub(super) fn farthest(&self) -> u32 {
        let mut farthest = 0;
        for index in self.index.as_flattened() {
            farthest = farthest.max(*index as u32);
        }
        farthest
    }

    /// The taps of a border that repeats the edge pixel, or does not come into it.
    #[inline(always)]
    fn set_clamped<S: Simd>(&mut self, simd: S, lanes: &Lanes<S>, len: i32) {
        let (zero, last) = (i32x16::splat(simd, 0), i32x16::splat(simd, len - 1));
        for tap in 0..N {
            let offset = tap as i32 - (N as i32 - 1) / 2;
            let index = lanes.index + i32x16::splat(simd, offset);
            index.max(zero).min(last).store_array(&mut self.index[tap]);
        }
        lanes.weight.store_array(&mut self.weight[0]);
    }

    /// The taps of one lane, by the definition.
    #[inline(always)]
    fn set_lane(&mut self, border: Border, lane: usize, index: i32, weight: f32, len: i32) {
        let mut set = |tap: usize, index: usize| self.index[tap][lane] = index as i32;
        let mut weight = weight;
        match N {
            2 => {
                if let Some(pair) = border.pair(index, weight, len) {
                    set(0, pair.first);
                    set(1, pair.second);
                    weight = pair.weight;
                }
            }
            _ => {
                if let Some(quad) = border.quad(index, weight, len) {
                    for (tap, index) in quad.into_iter().enumerate() {
                        set(tap, index);
                    }
                }
            }
        }
        self.weight[0][lane] = weight;
    }
}
