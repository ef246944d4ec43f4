//! Stores of a block into the destination: `f32` values as they are, bytes rounded. Where the
//! pixels of the destination are packed they are stored in one piece of four channels, and what
//! the fourth of three overwrites is written later.

use fearless_simd::{f32x4, f32x16, i32x16, prelude::*, u8x16, u8x64, u32x16};

use super::super::block::BLOCK;
use super::super::pixels::PackedMut;
use super::interleave;
use crate::PixelValue;

/// Stores the first `count` pixels of a block whose channels are one vector each.
#[inline(always)]
pub(super) fn planes<S: Simd, D: PixelValue, const C: usize>(
    simd: S,
    target: &mut PackedMut<'_, D>,
    row: usize,
    column: usize,
    count: usize,
    values: [f32x16<S>; C],
) {
    let strides = target.layout().strides;
    let offset = row * strides[0] + column * strides[1];
    if let Some(floats) = target.floats() {
        let floats = &mut floats[offset..];
        if count == BLOCK && strides[1] == 1 {
            for (channel, value) in values.into_iter().enumerate() {
                value.store_slice(&mut floats[channel * strides[2]..][..BLOCK]);
            }
        } else if let Some(floats) = side_by_side::<C>(floats, strides, count) {
            if let (Some(&channels), Some(floats)) =
                (values.first_chunk(), floats.first_chunk_mut())
                && C == 3
                && interleave::three(simd, channels, floats)
            {
                return;
            }
            for (quad, pixels) in interleave(values).into_iter().enumerate() {
                for (pixel, value) in pixels.into_iter().enumerate() {
                    value.store_slice(&mut floats[C * (4 * quad + pixel)..][..4]);
                }
            }
        } else {
            for (channel, value) in values.into_iter().enumerate() {
                let value: [f32; BLOCK] = value.into();
                let plane = &mut floats[channel * strides[2]..];
                for (pixel, value) in value[..count].iter().enumerate() {
                    plane[pixel * strides[1]] = *value;
                }
            }
        }
    } else if let Some(bytes) = target.bytes() {
        let mut packed = rounded(simd, values[0]);
        for channel in 1..C {
            packed |= rounded(simd, values[channel]) << (8 * channel as u32);
        }
        packed_bytes::<_, C>(simd, &mut bytes[offset..], strides, count, packed);
    }
}

/// Stores the first `count` pixels of a block, one to a vector: some channels of the destination
/// from channel `first` on. The lanes past them are without meaning.
#[inline(always)]
pub(super) fn pixels<S: Simd, D: PixelValue>(
    simd: S,
    target: &mut PackedMut<'_, D>,
    [row, column, first]: [usize; 3],
    channels: usize,
    count: usize,
    pixels: &[[f32; 4]; BLOCK],
) {
    let strides = target.layout().strides;
    let offset = row * strides[0] + column * strides[1] + first * strides[2];
    if let Some(floats) = target.floats() {
        let floats = &mut floats[offset..];
        match channels {
            1 => float_pixels::<1>(floats, strides, count, pixels),
            2 => float_pixels::<2>(floats, strides, count, pixels),
            3 => float_pixels::<3>(floats, strides, count, pixels),
            _ => float_pixels::<4>(floats, strides, count, pixels),
        }
    } else if let Some(bytes) = target.bytes() {
        let bytes = &mut bytes[offset..];
        let packed = packed(simd, pixels);
        match channels {
            1 => packed_bytes::<_, 1>(simd, bytes, strides, count, packed),
            2 => packed_bytes::<_, 2>(simd, bytes, strides, count, packed),
            3 => packed_bytes::<_, 3>(simd, bytes, strides, count, packed),
            _ => packed_bytes::<_, 4>(simd, bytes, strides, count, packed),
        }
    }
}

#[inline(always)]
fn float_pixels<const C: usize>(
    target: &mut [f32],
    strides: [usize; 3],
    count: usize,
    pixels: &[[f32; 4]; BLOCK],
) {
    if let Some(target) = side_by_side::<C>(target, strides, count) {
        for (pixel, value) in pixels.iter().enumerate() {
            target[C * pixel..][..4].copy_from_slice(value);
        }
        return;
    }
    for channel in 0..C {
        let plane = &mut target[channel * strides[2]..];
        for (pixel, value) in pixels[..count].iter().enumerate() {
            plane[pixel * strides[1]] = value[channel];
        }
    }
}

/// Stores pixels whose `C` bytes are those of one integer each, the first channel the lowest.
#[inline(always)]
fn packed_bytes<S: Simd, const C: usize>(
    simd: S,
    target: &mut [u8],
    strides: [usize; 3],
    count: usize,
    pixels: u32x16<S>,
) {
    if count == BLOCK && strides[1] == 1 {
        for (channel, plane) in bytewise::<_, C>(simd, pixels).into_iter().enumerate() {
            target[channel * strides[2]..][..BLOCK].copy_from_slice(&plane);
        }
    } else if count == BLOCK && strides[1..] == [C, 1] {
        let target = &mut target[..C * BLOCK];
        let order = u8x64::load_array(simd, const { order_of::<C>() });
        let bytes = pixels.bitcast::<u8x64<S>>().swizzle_dyn_within_blocks(order);
        let bytes: [u8; 4 * BLOCK] = bytes.into();
        for quad in 0..3 {
            // What is beyond the four pixels is overwritten by the next ones.
            target[4 * C * quad..][..16].copy_from_slice(&bytes[16 * quad..][..16]);
        }
        target[12 * C..].copy_from_slice(&bytes[48..][..4 * C]);
    } else {
        let pixels: [u32; BLOCK] = pixels.into();
        let pixels = pixels.map(u32::to_le_bytes);
        for channel in 0..C {
            let plane = &mut target[channel * strides[2]..];
            for (pixel, value) in pixels[..count].iter().enumerate() {
                plane[pixel * strides[1]] = value[channel];
            }
        }
    }
}

/// Which bytes of four pixels are theirs, where each has `C` of four.
const fn order_of<const C: usize>() -> [u8; 4 * BLOCK] {
    let mut order = [0; 4 * BLOCK];
    let mut place = 0;
    while place < order.len() {
        let byte = place % 16;
        if byte < 4 * C {
            order[place] = (4 * (byte / C) + byte % C) as u8;
        }
        place += 1;
    }
    order
}

/// The first bytes of sixteen pixels, then their second ones, and so on.
#[inline(always)]
fn bytewise<S: Simd, const C: usize>(simd: S, pixels: u32x16<S>) -> [[u8; BLOCK]; C] {
    // Four pixels at a time into four integers, which are then transposed.
    let order = u8x64::load_array(simd, TRANSPOSED);
    let quads: u32x16<S> = pixels.bitcast::<u8x64<S>>().swizzle_dyn_within_blocks(order).bitcast();
    let (low, high) = quads.split();
    let ((a, b), (c, d)) = (low.split(), high.split());
    let mut planes = [[0; BLOCK]; C];
    for (plane, bytes) in planes.iter_mut().zip(transposed([a, b, c, d])) {
        *plane = bytes.bitcast::<u8x16<S>>().into();
    }
    planes
}

/// The bytes of a 4x4 square by columns, in each of four blocks.
const TRANSPOSED: [u8; 4 * BLOCK] = {
    let mut order = [0; 4 * BLOCK];
    let mut place = 0;
    while place < order.len() {
        order[place] = (place % 4 * 4 + place % 16 / 4) as u8;
        place += 1;
    }
    order
};

/// The bytes of sixteen pixels of four values, a pixel to an integer.
#[inline(always)]
fn packed<S: Simd>(simd: S, pixels: &[[f32; 4]; BLOCK]) -> u32x16<S> {
    let mut packed = [u8x16::splat(simd, 0); 4];
    for (packed, quad) in packed.iter_mut().zip(pixels.chunks_exact(4)) {
        let values = rounded(simd, f32x16::from_slice(simd, quad.as_flattened()));
        let (low, high) = values.split();
        let ((a, b), (c, d)) = (low.split(), high.split());
        *packed = a.relaxed_narrow(b).relaxed_narrow(c.relaxed_narrow(d));
    }
    let [a, b, c, d] = packed;
    let bytes: u8x64<S> = a.combine(b).combine(c.combine(d));
    bytes.bitcast()
}

/// What [`PixelValue::from_f32`] makes of each lane as a byte.
#[inline(always)]
fn rounded<S: Simd>(simd: S, values: f32x16<S>) -> u32x16<S> {
    let zero = f32x16::splat(simd, 0.0);
    let values = values + 0.5;
    // Not a number is not greater.
    let values = values.simd_gt(zero).select(values, zero).min(255.0);
    values.to_int::<i32x16<S>>().bitcast()
}

/// The values of a block of pixels of three or four channels that lie side by side, with what four
/// values from its last pixel on take.
#[inline(always)]
fn side_by_side<const C: usize>(
    target: &mut [f32],
    strides: [usize; 3],
    count: usize,
) -> Option<&mut [f32]> {
    if count == BLOCK && C >= 3 && strides[1..] == [C, 1] {
        return target.get_mut(..C * BLOCK + 4 - C);
    }
    None
}

/// Sixteen pixels, four by four, whose channels are one vector each.
#[inline(always)]
fn interleave<S: Simd, const C: usize>(values: [f32x16<S>; C]) -> [[f32x4<S>; 4]; 4] {
    let mut padded = [values[0]; 4];
    padded[..C].copy_from_slice(&values);
    let (low, high) = halves(padded);
    let ((a, b), (c, d)) = (halves(low), halves(high));
    [transposed(a), transposed(b), transposed(c), transposed(d)]
}

/// The first and the second halves of vectors.
#[inline(always)]
fn halves<S: Simd, V: SimdSplit<S>>([a, b, c, d]: [V; 4]) -> ([V::Split; 4], [V::Split; 4]) {
    let (a, b, c, d) = (a.split(), b.split(), c.split(), d.split());
    ([a.0, b.0, c.0, d.0], [a.1, b.1, c.1, d.1])
}

/// The columns of a 4x4 square.
#[inline(always)]
fn transposed<S: Simd, V: SimdBase<S>>([a, b, c, d]: [V; 4]) -> [V; 4] {
    let (p, q) = (a.zip_low(c), b.zip_low(d));
    let (r, s) = (a.zip_high(c), b.zip_high(d));
    [p.zip_low(q), p.zip_high(q), r.zip_low(s), r.zip_high(s)]
}
