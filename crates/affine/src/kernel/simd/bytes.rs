#![allow(unsafe_code)]

use fearless_simd::{f32x16, i32x16, mask32x16, prelude::*, u32x16, u64x8};

use super::super::Scaling;
use super::super::block::BLOCK;
use super::super::pixels::{Packed, PackedMut};
use super::lanes::Lanes;
use super::{Aligned, STRIP, Strips, store};
use crate::{Border, PixelValue, Warp};

/// Pixels of one to four bytes that lie next to each other in a row, so that one load of eight
/// bytes fetches two of them. No side is shorter than two pixels.
pub(super) struct Source<'a> {
    bytes: &'a [u8],
    channels: usize,
    height: i32,
    width: i32,
    row_stride: i32,
    /// The last place where eight bytes begin in a row and in the row below it.
    last: u32,
}

impl<'a> Source<'a> {
    /// `None` where the pixels are not as said.
    pub(super) fn new<P: PixelValue>(source: &Packed<'a, P>) -> Option<Self> {
        let bytes = source.bytes()?;
        let layout = source.layout();
        let (height, width, channels) = layout.dim;
        let [row_stride, column_stride, channel_stride] = layout.strides;
        let packed = column_stride == channels && (channels == 1 || channel_stride == 1);
        let last = bytes.len().checked_sub(row_stride + 8)?;
        (packed && channels <= 4 && height > 1 && width > 1).then_some(Self {
            bytes,
            channels,
            height: height as i32,
            width: width as i32,
            row_stride: row_stride as i32,
            last: last as u32,
        })
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }
}

/// Where the pixels of a block lie and what they are. A block is sixteen squares of 2x2 pixels.
#[derive(Clone, Copy)]
struct Block {
    /// The upper left pixel of each square.
    place: Aligned<[i32; BLOCK]>,
    x: Aligned<[f32; BLOCK]>,
    y: Aligned<[f32; BLOCK]>,
    /// Bit i is set where lane i sees the image and not the constant.
    within: u64,
    /// Bit i is set where all the weight of lane i is on the second row of its square.
    second_row: u64,
    /// Whether no square is so close to the end of the image that eight bytes are too many.
    in_reach: bool,
    /// The upper pairs of pixels in two halves, then the lower ones.
    pairs: Aligned<[[u64; 8]; 4]>,
}

impl Block {
    const EMPTY: Self = Self {
        place: Aligned([0; BLOCK]),
        x: Aligned([0.0; BLOCK]),
        y: Aligned([0.0; BLOCK]),
        within: 0,
        second_row: 0,
        in_reach: false,
        pairs: Aligned([[0; 8]; 4]),
    };
}

/// Interpolates linearly between pixels of `C` bytes.
#[inline(always)]
pub(super) fn warp<S: Simd, D: PixelValue, const C: usize>(
    simd: S,
    warp: &Warp,
    source: &Source<'_>,
    target: &mut PackedMut<'_, D>,
    scaling: Option<Scaling<'_>>,
) {
    let width = target.layout().dim.1;
    let factors: Option<([f32; C], [f32; C])> = scaling.map(|scaling| scaling.of(0));
    let fill = f32x16::splat(simd, warp.border.fill());
    let mut blocks = [Block::EMPTY; STRIP];
    let mut strips = Strips::new(&warp.map, target.layout().dim);
    while let Some(strip) = strips.next() {
        for (number, block) in blocks[..strip.count].iter_mut().enumerate() {
            let (x, y) = strips.lanes(simd, &strip, number);
            locate::<_, C>(simd, warp.border, source, x, y, block);
        }
        for block in &mut blocks[..strip.count] {
            fetch(simd, source, block);
        }
        for (&(row, column), block) in strip.places().iter().zip(&blocks) {
            let mut values = interpolate::<_, C>(simd, block);
            if block.within != u64::from(u16::MAX) {
                let within = mask32x16::from_bitmask(simd, block.within);
                for value in &mut values {
                    *value = within.select(*value, fill);
                }
            }
            if let Some((scale, shift)) = factors {
                for channel in 0..C {
                    values[channel] = values[channel] * scale[channel] + shift[channel];
                }
            }
            store::planes(simd, target, row, column, BLOCK.min(width - column), values);
        }
    }
}

/// Finds the squares of a block.
#[inline(always)]
fn locate<S: Simd, const C: usize>(
    simd: S,
    border: Border,
    source: &Source<'_>,
    mut x: Lanes<S>,
    mut y: Lanes<S>,
    block: &mut Block,
) {
    (block.within, block.second_row) = (u64::from(u16::MAX), 0);
    let (between_x, between_y) = (x.between(simd, source.width), y.between(simd, source.height));
    if !(between_x & between_y).all_true() {
        if let Border::Constant(_) = border {
            block.within =
                (x.within(simd, source.width) & y.within(simd, source.height)).to_bitmask();
        }
        // Both, whichever it is: what is within stays as it is, and a branch would often be guessed
        // wrong.
        (x, _) = into_image(simd, border, x, source.width);
        (y, block.second_row) = into_image(simd, border, y, source.height);
    }
    let place = y.index * source.row_stride + x.index * C as i32;
    let last = u32x16::splat(simd, source.last);
    block.in_reach = place.bitcast::<u32x16<S>>().simd_le(last).all_true();
    place.store_array(&mut block.place.0);
    x.weight.store_array(&mut block.x.0);
    y.weight.store_array(&mut block.y.0);
}

/// Gives places outside the image the neighbouring pixels of it that the border says, and the
/// weight of the second one. Where both are the same pixel it becomes one of two, with no weight on
/// the other; bit i of the second result is set where it is the second of lane i.
#[inline(always)]
fn into_image<S: Simd>(simd: S, border: Border, lanes: Lanes<S>, len: i32) -> (Lanes<S>, u64) {
    match border {
        Border::Constant(_) | Border::Nearest => {
            let (first, last) = (i32x16::splat(simd, 0), i32x16::splat(simd, len - 2));
            let before = lanes.index.simd_lt(first);
            let after = lanes.index.simd_gt(last);
            let weight = after.select(f32x16::splat(simd, 1.0), lanes.weight);
            let lanes = Lanes {
                index: lanes.index.max(first).min(last),
                weight: before.select(f32x16::splat(simd, 0.0), weight),
            };
            (lanes, after.to_bitmask())
        }
        Border::Reflect | Border::Wrap if lanes.between(simd, len).all_true() => (lanes, 0),
        Border::Reflect | Border::Wrap => {
            let (mut index, mut weight) = (lanes.index.into(), lanes.weight.into());
            let second = by_definition(border, len, &mut index, &mut weight);
            let lanes = Lanes {
                index: i32x16::load_array(simd, index),
                weight: f32x16::load_array(simd, weight),
            };
            (lanes, second)
        }
    }
}

fn by_definition(
    border: Border,
    len: i32,
    index: &mut [i32; BLOCK],
    weight: &mut [f32; BLOCK],
) -> u64 {
    let mut second = 0;
    for (lane, (index, weight)) in index.iter_mut().zip(weight).enumerate() {
        if let Some(pair) = border.pair(*index, *weight, len) {
            *index = (pair.first as i32).min(len - 2);
            *weight = pair.weight;
            if pair.first == pair.second {
                let is_second = pair.first as i32 != *index;
                *weight = f32::from(u8::from(is_second));
                second |= u64::from(is_second) << lane;
            }
        }
    }
    second
}

/// Loads the pixels of a block.
///
/// Plain loads of eight bytes, which hold a pixel and its right neighbour, outrun gathers.
#[inline(always)]
fn fetch<S: Simd>(simd: S, source: &Source<'_>, block: &mut Block) {
    if block.in_reach {
        // SAFETY: no place is negative or beyond `source.last`.
        unsafe { load_pairs(simd, source, block) };
    } else {
        for lane in 0..BLOCK {
            let upper = block.place.0[lane] as usize;
            for (row, place) in [upper, upper + source.row_stride as usize].into_iter().enumerate()
            {
                let mut eight = [0; 8];
                let rest = &source.bytes[place..];
                let count = rest.len().min(8);
                eight[..count].copy_from_slice(&rest[..count]);
                block.pairs.0[2 * row + lane / 8][lane % 8] = u64::from_le_bytes(eight);
            }
        }
    }
}

/// Loads the pairs of pixels of a block.
///
/// # Safety
/// Every place must be from 0 to `source.last`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn load_pairs<S: Simd>(simd: S, source: &Source<'_>, block: &mut Block) {
    // Not by `_mm_load_sd` and `_mm_loadh_pd`, which want an address of whole `f64`s.
    use std::arch::x86_64::{_mm_loadl_epi64, _mm_unpacklo_epi64};

    use fearless_simd::u64x2;

    let rows = [0, source.row_stride as usize];
    for half in 0..2 {
        for (row, stride) in rows.into_iter().enumerate() {
            let base = source.bytes.as_ptr().wrapping_add(stride);
            for two in 0..4 {
                let lane = 8 * half + 2 * two;
                let (first, second) = (block.place.0[lane] as u32, block.place.0[lane + 1] as u32);
                // SAFETY: eight bytes lie at each place of the caller's and one row below it.
                let pairs: u64x2<S> = unsafe {
                    let first = _mm_loadl_epi64(base.add(first as usize).cast());
                    let second = _mm_loadl_epi64(base.add(second as usize).cast());
                    _mm_unpacklo_epi64(first, second).simd_into(simd)
                };
                let to = &mut block.pairs.0[2 * row + half];
                pairs.store_slice(&mut to[2 * two..2 * two + 2]);
            }
        }
    }
}

/// Loads the pairs of pixels of a block.
///
/// # Safety
/// Every place must be from 0 to `source.last`.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
unsafe fn load_pairs<S: Simd>(_: S, source: &Source<'_>, block: &mut Block) {
    for lane in 0..BLOCK {
        let place = block.place.0[lane] as usize;
        for (row, place) in [place, place + source.row_stride as usize].into_iter().enumerate() {
            // SAFETY: eight bytes lie at each place of the caller's and one row below it.
            let eight: [u8; 8] =
                unsafe { source.bytes.as_ptr().add(place).cast::<[u8; 8]>().read() };
            block.pairs.0[2 * row + lane / 8][lane % 8] = u64::from_le_bytes(eight);
        }
    }
}

/// The values of a block, a vector a channel.
#[inline(always)]
fn interpolate<S: Simd, const C: usize>(simd: S, block: &Block) -> [f32x16<S>; C] {
    let [upper_low, upper_high, lower_low, lower_high] = block.pairs.0;
    let (upper_left, upper_right) = split::<_, C>(simd, upper_low, upper_high);
    let (lower_left, lower_right) = split::<_, C>(simd, lower_low, lower_high);
    let (x, y) = (f32x16::load_array(simd, block.x.0), f32x16::load_array(simd, block.y.0));
    let second_row = mask32x16::from_bitmask(simd, block.second_row);
    let mut values = [f32x16::splat(simd, 0.0); C];
    for channel in 0..C {
        let (left, right) = (of(simd, upper_left, channel), of(simd, upper_right, channel));
        let top = (right - left).mul_add_precise(x, left);
        let (left, right) = (of(simd, lower_left, channel), of(simd, lower_right, channel));
        let bottom = (right - left).mul_add_precise(x, left);
        values[channel] = (bottom - top).mul_add_precise(y, top);
        // Where the weight is 1 because there is no other row, the row itself: `top` plus the
        // difference may be off by a rounding. Along x, differences of `u8` values are exact.
        values[channel] = second_row.select(bottom, values[channel]);
    }
    values
}

/// The left and the right pixels of sixteen pairs, the first channel in the lowest byte.
#[inline(always)]
fn split<S: Simd, const C: usize>(
    simd: S,
    low: [u64; 8],
    high: [u64; 8],
) -> (u32x16<S>, u32x16<S>) {
    let (low, high) = (u64x8::load_array(simd, low), u64x8::load_array(simd, high));
    let shift = 8 * C as u32;
    let lower_halves = |low: u64x8<S>, high: u64x8<S>| {
        low.bitcast::<u32x16<S>>().unzip_low(high.bitcast::<u32x16<S>>())
    };
    (lower_halves(low, high), lower_halves(low >> shift, high >> shift))
}

/// One channel of sixteen pixels.
#[inline(always)]
fn of<S: Simd>(simd: S, pixels: u32x16<S>, channel: usize) -> f32x16<S> {
    let byte = (pixels >> (8 * channel as u32)) & u32x16::splat(simd, 255);
    byte.bitcast::<i32x16<S>>().to_float()
}
