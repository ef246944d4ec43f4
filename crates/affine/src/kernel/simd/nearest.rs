#![allow(unsafe_code)]

use std::array;

use fearless_simd::{f32x16, i32x16, prelude::*, u32x16};

use super::super::block::BLOCK;
use super::super::pixels::{Packed, PackedMut};
use super::super::{Scaling, stored};
use super::lanes::Lanes;
use super::{Aligned, STRIP, Strips};
use crate::{Border, PixelValue, Warp};

/// Copies the nearest pixels of images of any kind in contiguous memory; only their places are a
/// matter of vectors.
#[inline(always)]
pub(super) fn warp<S: Simd, P: PixelValue, D: PixelValue>(
    simd: S,
    warp: &Warp,
    source: &Packed<'_, P>,
    target: &mut PackedMut<'_, D>,
    scaling: Option<Scaling<'_>>,
) {
    let (from, to) = (source.layout(), target.layout());
    let adjacent = from.strides[2] == 1 && to.strides[2] == 1;
    match from.dim.2 {
        3 if adjacent => resample::<_, _, _, 3>(simd, warp, 0, source, target, scaling),
        4 if adjacent => resample::<_, _, _, 4>(simd, warp, 0, source, target, scaling),
        channels => {
            for first in 0..channels {
                resample::<_, _, _, 1>(simd, warp, first, source, target, scaling);
            }
        }
    }
}

/// Where the nearest pixels of a block are.
#[derive(Clone, Copy)]
struct Block {
    place: Aligned<[i32; BLOCK]>,
    /// Bit i is set where lane i sees the image and not the constant.
    within: u64,
    /// Whether four values lie at each place.
    in_reach: bool,
}

/// Copies `C` channels from channel `first` on.
#[inline(always)]
fn resample<S: Simd, P: PixelValue, D: PixelValue, const C: usize>(
    simd: S,
    warp: &Warp,
    first: usize,
    source: &Packed<'_, P>,
    target: &mut PackedMut<'_, D>,
    scaling: Option<Scaling<'_>>,
) {
    let (height, width, _) = source.layout().dim;
    let [row_stride, column_stride, channel_stride] = source.layout().strides;
    let values = &source.values()[first * channel_stride..];
    let last = u32x16::splat(simd, values.len().saturating_sub(4) as u32);
    let four = values.len() >= 4;
    let dim = target.layout().dim;
    let to = target.layout().strides;
    let fill: [D; C] =
        array::from_fn(|channel| stored(warp.border.fill(), scaling, first + channel));
    // As many as four values take, so that none is looked up out of bounds.
    let factors: Option<[[f32; 4]; 2]> = scaling.map(|Scaling { scale, shift }| {
        [scale, shift].map(|all| array::from_fn(|channel| all[first + channel.min(C - 1)]))
    });
    let mut blocks = [Block { place: Aligned([0; BLOCK]), within: 0, in_reach: false }; STRIP];
    let mut strips = Strips::new(&warp.map, dim);
    while let Some(strip) = strips.next() {
        for (number, block) in blocks[..strip.count].iter_mut().enumerate() {
            let (x, y) = strips.lanes(simd, &strip, number);
            let (column, within_x) = nearest(simd, warp.border, x, width as i32);
            let (row, within_y) = nearest(simd, warp.border, y, height as i32);
            let place = row * row_stride as i32 + column * column_stride as i32;
            block.within = within_x & within_y;
            block.in_reach = four && place.bitcast::<u32x16<S>>().simd_le(last).all_true();
            place.store_array(&mut block.place.0);
        }
        for (&(row, column), block) in strip.places().iter().zip(&blocks) {
            let offset = row * to[0] + column * to[1] + first * to[2];
            let pixels = &mut target.values()[offset..];
            let count = BLOCK.min(dim.1 - column);
            // Pixels are copied as four values; what the fourth of three overwrites is written later.
            if block.in_reach
                && block.within == u64::from(u16::MAX)
                && count == BLOCK
                && C >= 3
                && to[1] == C
                && let Some(pixels) = pixels.get_mut(..C * BLOCK + 4 - C)
            {
                for lane in 0..BLOCK {
                    let place = block.place.0[lane] as u32 as usize;
                    // SAFETY: four values lie at each place.
                    let from = unsafe { values.as_ptr().add(place).cast::<[P; 4]>().read() };
                    let to: [D; 4] = match factors {
                        Some([scale, shift]) => array::from_fn(|channel| {
                            D::from_f32(from[channel].to_f32() * scale[channel] + shift[channel])
                        }),
                        None => from.map(P::convert),
                    };
                    pixels[C * lane..][..4].copy_from_slice(&to);
                }
                continue;
            }
            for lane in 0..count {
                let to: &mut [D] = &mut pixels[lane * to[1]..][..C];
                if block.within >> lane & 1 == 0 {
                    to.copy_from_slice(&fill);
                    continue;
                }
                let from = &values[block.place.0[lane] as u32 as usize..][..C];
                for channel in 0..C {
                    to[channel] = stored(from[channel], scaling, first + channel);
                }
            }
        }
    }
}

/// The nearest pixels of an axis of `len` pixels; bit i of the mask is set where lane i sees the
/// image and not the constant.
#[inline(always)]
fn nearest<S: Simd>(simd: S, border: Border, lanes: Lanes<S>, len: i32) -> (i32x16<S>, u64) {
    let within = match border {
        Border::Constant(_) => lanes.within(simd, len).to_bitmask(),
        _ => u64::from(u16::MAX),
    };
    if let Border::Reflect | Border::Wrap = border
        && !lanes.between(simd, len).all_true()
    {
        let (mut index, weight): ([i32; BLOCK], [f32; BLOCK]) =
            (lanes.index.into(), lanes.weight.into());
        for lane in 0..BLOCK {
            index[lane] = border.nearest(index[lane], weight[lane], len).unwrap_or(0) as i32;
        }
        return (i32x16::load_array(simd, index), within);
    }
    let (one, zero) = (i32x16::splat(simd, 1), i32x16::splat(simd, 0));
    let half_up = lanes.weight.simd_ge(f32x16::splat(simd, 0.5));
    let index = half_up.select(lanes.index + one, lanes.index);
    (index.max(zero).min(i32x16::splat(simd, len - 1)), within)
}
