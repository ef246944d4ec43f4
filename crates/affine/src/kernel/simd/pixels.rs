#![allow(unsafe_code)]

use fearless_simd::{f32x4, prelude::*};

use super::super::Scaling;
use super::super::block::BLOCK;
use super::super::pixels::{Packed, PackedMut};
use super::lanes::Taps;
use super::{STRIP, Strips, store};
use crate::{PixelValue, Warp};

/// Resamples images of any kind in contiguous memory from `N`x`N` pixels each: 2 for a bilinear
/// mixture, 4 for a bicubic one.
#[inline(always)]
pub(super) fn warp<S: Simd, P: PixelValue, D: PixelValue, const N: usize>(
    simd: S,
    warp: &Warp,
    source: &Packed<'_, P>,
    target: &mut PackedMut<'_, D>,
    scaling: Option<Scaling<'_>>,
) {
    let channels = source.layout().dim.2;
    // Channels that lie side by side fit a vector four at a time.
    let group = if source.layout().strides[2] == 1 { 4 } else { 1 };
    for first in (0..channels).step_by(group) {
        let source = Group::new(source, first, group.min(channels - first));
        let (mut scale, mut shift) = ([1.0; 4], [0.0; 4]);
        if let Some(scaling) = scaling {
            scale[..source.channels].copy_from_slice(&scaling.scale[first..][..source.channels]);
            shift[..source.channels].copy_from_slice(&scaling.shift[first..][..source.channels]);
        }
        let factors =
            scaling.map(|_| (f32x4::load_array(simd, scale), f32x4::load_array(simd, shift)));
        resample::<_, _, _, N>(simd, warp, &source, first, target, factors);
    }
}

/// Up to four channels of an image.
struct Group<'a, P> {
    values: &'a [P],
    channels: usize,
    height: i32,
    width: i32,
    row_stride: i32,
    column_stride: i32,
}

impl<'a, P: PixelValue> Group<'a, P> {
    fn new(source: &Packed<'a, P>, first: usize, channels: usize) -> Self {
        let layout = source.layout();
        let (height, width, _) = layout.dim;
        let [row_stride, column_stride, channel_stride] = layout.strides;
        Self {
            values: &source.values()[first * channel_stride..],
            channels,
            height: height as i32,
            width: width as i32,
            row_stride: row_stride as i32,
            column_stride: column_stride as i32,
        }
    }

    /// The channels of the pixel that begins at an offset; what is in the lanes past them does not
    /// matter.
    #[inline(always)]
    fn read<S: Simd>(&self, simd: S, offset: usize) -> f32x4<S> {
        let mut pixel = [0.0; 4];
        for (value, lane) in self.values[offset..].iter().zip(&mut pixel) {
            *lane = value.to_f32();
        }
        f32x4::load_array(simd, pixel)
    }

    /// [`read`](Self::read) where four values are known to begin at the offset.
    ///
    /// # Safety
    /// `offset + 4` must be at most the number of values.
    #[inline(always)]
    unsafe fn read_four<S: Simd>(&self, simd: S, offset: usize) -> f32x4<S> {
        // SAFETY: the caller says so.
        let values: [P; 4] = unsafe { self.values.as_ptr().add(offset).cast::<[P; 4]>().read() };
        let mut pixel = [0.0; 4];
        for lane in 0..4 {
            pixel[lane] = values[lane].to_f32();
        }
        f32x4::load_array(simd, pixel)
    }
}

#[inline(always)]
fn resample<S: Simd, P: PixelValue, D: PixelValue, const N: usize>(
    simd: S,
    warp: &Warp,
    source: &Group<'_, P>,
    first: usize,
    target: &mut PackedMut<'_, D>,
    factors: Option<(f32x4<S>, f32x4<S>)>,
) {
    let width = target.layout().dim.1;
    let fill = f32x4::splat(simd, warp.border.fill());
    let mut columns = [const { Taps::<N>::EMPTY }; STRIP];
    let mut rows = [const { Taps::<N>::EMPTY }; STRIP];
    let mut within = [0; STRIP];
    let mut in_reach = [false; STRIP];
    let mut strips = Strips::new(&warp.map, target.layout().dim);
    while let Some(strip) = strips.next() {
        for block in 0..strip.count {
            let (x, y) = strips.lanes(simd, &strip, block);
            let (across, down) = (&mut columns[block], &mut rows[block]);
            within[block] = across.set(simd, warp.border, &x, source.width)
                & down.set(simd, warp.border, &y, source.height);
            across.scale(source.column_stride);
            down.scale(source.row_stride);
            let farthest = across.farthest() as usize + down.farthest() as usize;
            in_reach[block] = farthest + 4 <= source.values.len();
        }
        for (block, &(row, column)) in strip.places().iter().enumerate() {
            let mut pixels = [[0.0; 4]; BLOCK];
            for lane in 0..BLOCK {
                let mut value = if in_reach[block] {
                    // SAFETY: four values begin at the farthest pixel of the block.
                    let read = |offset| unsafe { source.read_four(simd, offset) };
                    pixel(simd, read, &columns[block], &rows[block], lane)
                } else {
                    pixel(
                        simd,
                        |offset| source.read(simd, offset),
                        &columns[block],
                        &rows[block],
                        lane,
                    )
                };
                if within[block] >> lane & 1 == 0 {
                    value = fill;
                }
                if let Some((scale, shift)) = factors {
                    value = value * scale + shift;
                }
                value.store_array(&mut pixels[lane]);
            }
            let count = BLOCK.min(width - column);
            store::pixels(simd, target, [row, column, first], source.channels, count, &pixels);
        }
    }
}

/// The value at one lane of a block.
#[inline(always)]
fn pixel<S: Simd, const N: usize>(
    simd: S,
    read: impl Fn(usize) -> f32x4<S>,
    columns: &Taps<N>,
    rows: &Taps<N>,
    lane: usize,
) -> f32x4<S> {
    let mut along_x = [f32x4::splat(simd, 0.0); N];
    for (along_x, row) in along_x.iter_mut().zip(&rows.index) {
        let mut values = [f32x4::splat(simd, 0.0); N];
        for (value, column) in values.iter_mut().zip(&columns.index) {
            *value = read(row[lane] as u32 as usize + column[lane] as u32 as usize);
        }
        *along_x = mixture(simd, &values, columns, lane);
    }
    mixture(simd, &along_x, rows, lane)
}

/// The weighted sum of the values of the taps.
#[inline(always)]
fn mixture<S: Simd, const N: usize>(
    simd: S,
    values: &[f32x4<S>; N],
    taps: &Taps<N>,
    lane: usize,
) -> f32x4<S> {
    if N == 2 {
        let weight = f32x4::splat(simd, taps.weight[0][lane]);
        return (values[1] - values[0]).mul_add_precise(weight, values[0]);
    }
    let mut sum = values[0] * f32x4::splat(simd, taps.weight[0][lane]);
    for tap in 1..N {
        let weight = f32x4::splat(simd, taps.weight[tap][lane]);
        sum = values[tap].mul_add_precise(weight, sum);
    }
    sum
}
