use fearless_simd::{f32x4, f32x16, prelude::*};

use super::super::block::BLOCK;
use super::super::pixels::PackedMut;
use crate::PixelValue;

/// Stores the first `count` pixels of a block whose channels are one vector each.
#[inline(always)]
pub(super) fn planes<S: Simd, D: PixelValue, const C: usize>(
    target: &mut PackedMut<'_, D>,
    row: usize,
    column: usize,
    count: usize,
    values: [f32x16<S>; C],
) {
    let strides = target.layout().strides;
    let offset = row * strides[0] + column * strides[1];
    if let Some(floats) = target.floats() {
        float_planes(&mut floats[offset..], strides, count, values);
    } else if let Some(bytes) = target.bytes() {
        byte_planes(&mut bytes[offset..], strides, count, values);
    }
}

#[inline(always)]
fn float_planes<S: Simd, const C: usize>(
    target: &mut [f32],
    [_, column_stride, channel_stride]: [usize; 3],
    count: usize,
    values: [f32x16<S>; C],
) {
    if count == BLOCK && column_stride == 1 {
        for (channel, value) in values.into_iter().enumerate() {
            value.store_slice(&mut target[channel * channel_stride..][..BLOCK]);
        }
        return;
    }
    let side_by_side = [column_stride, channel_stride] == [C, 1] && C >= 3;
    if count == BLOCK && side_by_side && target.len() >= C * BLOCK + 4 - C {
        // All four lanes of a pixel in one piece: what they overwrite is written later.
        let target = &mut target[..C * BLOCK + 4 - C];
        for (quad, pixels) in interleave(values).into_iter().enumerate() {
            for (pixel, value) in pixels.into_iter().enumerate() {
                value.store_slice(&mut target[C * (4 * quad + pixel)..][..4]);
            }
        }
        return;
    }
    for (channel, value) in values.into_iter().enumerate() {
        let plane = &mut target[channel * channel_stride..];
        let value: [f32; BLOCK] = value.into();
        for (pixel, value) in value[..count].iter().enumerate() {
            plane[pixel * column_stride] = *value;
        }
    }
}

#[inline(always)]
fn byte_planes<S: Simd, const C: usize>(
    target: &mut [u8],
    [_, column_stride, channel_stride]: [usize; 3],
    count: usize,
    values: [f32x16<S>; C],
) {
    // The bytes of a pixel in one integer, which vectors are good at.
    let mut packed = [0; BLOCK];
    for (channel, value) in values.into_iter().enumerate() {
        let value: [f32; BLOCK] = value.into();
        for lane in 0..BLOCK {
            packed[lane] |= u32::from(u8::from_f32(value[lane])) << (8 * channel);
        }
    }
    let pixels = packed.map(u32::to_le_bytes);
    let side_by_side = [column_stride, channel_stride] == [C, 1] && C >= 3;
    if count == BLOCK && side_by_side && target.len() >= C * BLOCK + 4 - C {
        let target = &mut target[..C * BLOCK + 4 - C];
        for (pixel, value) in pixels.iter().enumerate() {
            target[C * pixel..][..4].copy_from_slice(value);
        }
        return;
    }
    for channel in 0..C {
        let plane = &mut target[channel * channel_stride..];
        for (pixel, value) in pixels[..count].iter().enumerate() {
            plane[pixel * column_stride] = value[channel];
        }
    }
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

#[inline(always)]
fn transposed<S: Simd>([red, green, blue, alpha]: [f32x4<S>; 4]) -> [f32x4<S>; 4] {
    let (a, b) = (red.zip_low(blue), green.zip_low(alpha));
    let (c, d) = (red.zip_high(blue), green.zip_high(alpha));
    [a.zip_low(b), a.zip_high(b), c.zip_low(d), c.zip_high(d)]
}

/// The first and the second halves of vectors.
#[inline(always)]
fn halves<S: Simd, V: SimdSplit<S>>([a, b, c, d]: [V; 4]) -> ([V::Split; 4], [V::Split; 4]) {
    let (a, b, c, d) = (a.split(), b.split(), c.split(), d.split());
    ([a.0, b.0, c.0, d.0], [a.1, b.1, c.1, d.1])
}

/// Stores some channels of a row of pixels, from channel `first` on; the lanes past them are
/// without meaning.
#[inline(always)]
pub(super) fn pixels<D: PixelValue>(
    target: &mut PackedMut<'_, D>,
    row: usize,
    column: usize,
    first: usize,
    channels: usize,
    pixels: &[[f32; 4]],
) {
    let [row_stride, column_stride, channel_stride] = target.layout().strides;
    let offset = row * row_stride + column * column_stride + first * channel_stride;
    let width = pixels.len();
    let values = &mut target.values()[offset..];
    match channels {
        3 if [column_stride, channel_stride] == [3, 1] && values.len() > 3 * width => {
            side_by_side::<_, 3>(values, pixels);
        }
        4 if [column_stride, channel_stride] == [4, 1] => side_by_side::<_, 4>(values, pixels),
        _ => {
            for channel in 0..channels {
                let plane = &mut values[channel * channel_stride..];
                for (pixel, value) in pixels.iter().enumerate() {
                    plane[pixel * column_stride] = D::from_f32(value[channel]);
                }
            }
        }
    }
}

/// Stores pixels of `C` channels with all four lanes in one piece: what they overwrite comes later
/// in the image and is written later.
#[inline(always)]
fn side_by_side<D: PixelValue, const C: usize>(values: &mut [D], pixels: &[[f32; 4]]) {
    let values = &mut values[..C * pixels.len() + 4 - C];
    for (pixel, value) in pixels.iter().enumerate() {
        let to = &mut values[C * pixel..C * pixel + 4];
        for lane in 0..4 {
            to[lane] = D::from_f32(value[lane]);
        }
    }
}
