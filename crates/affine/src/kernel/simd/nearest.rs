use std::array;

use fearless_simd::Simd;

use super::super::block::{BLOCK, Coordinates};
use super::super::pixels::{Packed, PackedMut};
use super::super::{Scaling, stored};
use super::lanes::{Lanes, Taps};
use super::{Blocks, STRIP};
use crate::{PixelValue, Warp};

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
    let coordinates = Coordinates::new(&warp.map);
    let (x_axis, y_axis) = coordinates.axes();
    let (height, width, _) = source.layout().dim;
    let [row_stride, column_stride, channel_stride] = source.layout().strides;
    let values = &source.values()[first * channel_stride..];
    let dim = target.layout().dim;
    let to = target.layout().strides;
    let fill: [D; C] =
        array::from_fn(|channel| stored(warp.border.fill(), scaling, first + channel));
    let mut places = [[0; BLOCK]; STRIP];
    let mut within = [0; STRIP];
    let mut blocks = Blocks::new(dim);
    loop {
        let mut located = 0;
        let strip = blocks;
        for (row, column) in blocks.by_ref().take(STRIP) {
            let (mut across, mut down) = (Taps::<1>::EMPTY, Taps::<1>::EMPTY);
            let x = Lanes::new(simd, x_axis, row, column);
            let y = Lanes::new(simd, y_axis, row, column);
            within[located] = across.set(simd, warp.border, &x, width as i32)
                & down.set(simd, warp.border, &y, height as i32);
            across.scale(column_stride as i32);
            down.scale(row_stride as i32);
            for lane in 0..BLOCK {
                places[located][lane] = across.index[0][lane] + down.index[0][lane];
            }
            located += 1;
        }
        if located == 0 {
            return;
        }
        for ((row, column), (places, within)) in strip.zip(places.iter().zip(within)).take(located)
        {
            let offset = row * to[0] + column * to[1] + first * to[2];
            let pixels = &mut target.values()[offset..];
            for lane in 0..BLOCK.min(dim.1 - column) {
                let to: &mut [D] = &mut pixels[lane * to[1]..][..C];
                if within >> lane & 1 == 0 {
                    to.copy_from_slice(&fill);
                    continue;
                }
                let from = &values[places[lane] as u32 as usize..][..C];
                for channel in 0..C {
                    to[channel] = stored(from[channel], scaling, first + channel);
                }
            }
        }
    }
}
