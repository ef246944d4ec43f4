//! Shifts and crops by whole pixels, upright or upside down: rows are copied; an image that stays
//! where it is, is one row.

use fearless_simd::{Level, Simd, dispatch};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut1, ArrayViewMut2, ArrayViewMut3, Axis, s};

use super::{Scaling, stored};
use crate::{Affine, Border, PixelValue, Warp};

/// Whether every output pixel shows one whole pixel, or the border.
pub(super) fn is_whole(map: &Affine) -> bool {
    let [[a, b, dx], [d, e, dy]] = map.rows();
    let unit = |step: f64| step.abs() == 1.0;
    let upright = unit(a) && b == 0.0 && d == 0.0 && unit(e);
    let quarter_turn = a == 0.0 && unit(b) && unit(d) && e == 0.0;
    (upright || quarter_turn) && dx.fract() == 0.0 && dy.fract() == 0.0
}

/// Fills the destination where a map that [is whole](is_whole) leaves the columns in order; false
/// where it turns or mirrors them.
pub(super) fn warp<S: PixelValue, D: PixelValue>(
    warp: &Warp,
    source: &ArrayView3<'_, S>,
    destination: &mut ArrayViewMut3<'_, D>,
    scaling: Option<Scaling<'_>>,
) -> bool {
    let [[a, _, dx], [_, e, dy]] = warp.map.rows();
    let (rows, columns, _) = destination.dim();
    let in_reach =
        dx.abs().max(dy.abs()) <= f64::from(FARTHEST) && rows.max(columns) <= FARTHEST as usize;
    if a != 1.0 || !in_reach {
        return false;
    }
    let (mut source, mut destination) = (source.view(), destination.view_mut());
    if e == 1.0 && dx == 0.0 && dy == 0.0 && source.dim() == destination.dim() {
        merge_rows(&mut source, &mut destination);
    }
    let motion = Motion { border: warp.border, step: e as i32, dx: dx as i32, dy: dy as i32 };
    dispatch!(Level::new(), simd => copy_rows(simd, motion, source, destination, scaling));
    true
}

/// Makes one long row of all, where the pixels of both lie in memory as those of one row would.
fn merge_rows<S, D>(source: &mut ArrayView3<'_, S>, destination: &mut ArrayViewMut3<'_, D>) {
    let mut merged = *source;
    if merged.len() <= FARTHEST as usize
        && merged.merge_axes(Axis(0), Axis(1))
        && destination.merge_axes(Axis(0), Axis(1))
    {
        *source = merged;
    }
}

/// So far an offset may reach, and a side: their sum is an `i32`.
const FARTHEST: i32 = 1 << 29;

/// The pixel at `step`·`place` + `offset` of an axis, or `None` for the constant.
fn at(border: Border, step: i32, offset: i32, place: usize, len: usize) -> Option<usize> {
    border.nearest(step * place as i32 + offset, 0.0, len as i32)
}

/// Where the pixel of a row and a column comes from: `step`·row + `dy` and column + `dx`.
#[derive(Clone, Copy)]
struct Motion {
    border: Border,
    step: i32,
    dx: i32,
    dy: i32,
}

#[inline(always)]
fn copy_rows<V: Simd, S: PixelValue, D: PixelValue>(
    _: V,
    Motion { border, step, dx, dy }: Motion,
    source: ArrayView3<'_, S>,
    mut destination: ArrayViewMut3<'_, D>,
    scaling: Option<Scaling<'_>>,
) {
    let tile = scaling.and_then(Tile::new);
    let height = source.len_of(Axis(0));
    for (row, mut to) in destination.axis_iter_mut(Axis(0)).enumerate() {
        match at(border, step, dy, row, height) {
            Some(row) => {
                copy_row(border, dx, source.index_axis(Axis(0), row), to, scaling, tile.as_ref());
            }
            None => {
                for pixel in to.outer_iter_mut() {
                    fill(border, pixel, scaling);
                }
            }
        }
    }
}

#[inline(always)]
fn copy_row<S: PixelValue, D: PixelValue>(
    border: Border,
    offset: i32,
    from: ArrayView2<'_, S>,
    mut to: ArrayViewMut2<'_, D>,
    scaling: Option<Scaling<'_>>,
    tile: Option<&Tile>,
) {
    let (count, len) = (to.nrows(), from.nrows());
    let clamp = |column: i32| (column.max(0) as usize).min(count);
    let within = clamp(-offset)..clamp(len as i32 - offset);
    for column in (0..within.start).chain(within.end.max(within.start)..count) {
        let mut pixel = to.row_mut(column);
        match at(border, 1, offset, column, len) {
            Some(source) => {
                for (channel, (to, from)) in pixel.iter_mut().zip(from.row(source)).enumerate() {
                    *to = stored(*from, scaling, channel);
                }
            }
            None => fill(border, pixel, scaling),
        }
    }
    if !within.is_empty() {
        let first = (within.start as i32 + offset) as usize;
        let from = from.slice_move(s![first..first + within.len(), ..]);
        copy_pixels(from, to.slice_mut(s![within, ..]), scaling, tile);
    }
}

fn fill<D: PixelValue>(
    border: Border,
    mut pixel: ArrayViewMut1<'_, D>,
    scaling: Option<Scaling<'_>>,
) {
    for (channel, to) in pixel.iter_mut().enumerate() {
        *to = stored(border.fill(), scaling, channel);
    }
}

/// Copies as many pixels as there are.
#[inline(always)]
fn copy_pixels<S: PixelValue, D: PixelValue>(
    from: ArrayView2<'_, S>,
    mut to: ArrayViewMut2<'_, D>,
    scaling: Option<Scaling<'_>>,
    tile: Option<&Tile>,
) {
    let channels = to.ncols();
    if let (Some(from), Some(to)) = (from.to_slice(), to.as_slice_mut()) {
        match scaling {
            None => {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = from.convert();
                }
            }
            Some(scaling) => scale_slice(from, to, channels, scaling, tile),
        }
        return;
    }
    for (channel, mut plane) in to.axis_iter_mut(Axis(1)).enumerate() {
        let own = from.index_axis(Axis(1), channel);
        match (from.to_slice(), own.to_slice(), plane.as_slice_mut()) {
            (_, Some(own), Some(plane)) => {
                for (to, from) in plane.iter_mut().zip(own) {
                    *to = stored(*from, scaling, channel);
                }
            }
            (Some(from), _, Some(plane)) if channels == 3 => {
                copy_channel::<_, _, 3>(from, plane, channel, scaling);
            }
            (Some(from), _, Some(plane)) if channels == 4 => {
                copy_channel::<_, _, 4>(from, plane, channel, scaling);
            }
            _ => {
                for (to, from) in plane.iter_mut().zip(own) {
                    *to = stored(*from, scaling, channel);
                }
            }
        }
    }
}

/// Copies one channel of pixels with `C`.
#[inline(always)]
fn copy_channel<S: PixelValue, D: PixelValue, const C: usize>(
    from: &[S],
    to: &mut [D],
    channel: usize,
    scaling: Option<Scaling<'_>>,
) {
    let (pixels, _) = from.as_chunks::<C>();
    for (to, pixel) in to.iter_mut().zip(pixels) {
        *to = stored(pixel[channel], scaling, channel);
    }
}

/// Factor and summand of each of so many values that follow one another.
struct Tile {
    scale: [f32; TILE],
    shift: [f32; TILE],
}

/// Divisible by 1, 2, 3 and 4 channels among others, and by vectors of 16.
const TILE: usize = 48;

impl Tile {
    /// Of pixels whose channels lie side by side; none where a tile cuts a pixel.
    fn new(Scaling { scale, shift }: Scaling<'_>) -> Option<Self> {
        if !TILE.is_multiple_of(scale.len()) {
            return None;
        }
        let mut tile = Self { scale: [0.0; TILE], shift: [0.0; TILE] };
        for pixel in tile.scale.chunks_exact_mut(scale.len()) {
            pixel.copy_from_slice(scale);
        }
        for pixel in tile.shift.chunks_exact_mut(shift.len()) {
            pixel.copy_from_slice(shift);
        }
        Some(tile)
    }
}

/// Scales pixels whose channels lie side by side, a tile at a time where there is one.
#[inline(always)]
fn scale_slice<S: PixelValue, D: PixelValue>(
    from: &[S],
    to: &mut [D],
    channels: usize,
    scaling: Scaling<'_>,
    tile: Option<&Tile>,
) {
    let mut rest = 0;
    if let Some(Tile { scale, shift }) = tile {
        let (to_tiles, _) = to.as_chunks_mut::<TILE>();
        let (from_tiles, _) = from.as_chunks::<TILE>();
        for (to, from) in to_tiles.iter_mut().zip(from_tiles) {
            for place in 0..TILE {
                to[place] = D::from_f32(from[place].to_f32() * scale[place] + shift[place]);
            }
        }
        rest = to_tiles.len() * TILE;
    }
    for (place, (to, from)) in to.iter_mut().zip(from).enumerate().skip(rest) {
        *to = stored(*from, Some(scaling), place % channels);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use proptest::prelude::*;

    use super::*;
    use crate::Interpolation;
    use crate::kernel::in_groups_of_channels;

    /// An image of zeros, its planes one after another or its pixels, with a gap behind each row.
    fn memory<T: Clone + Default>(
        (rows, columns, channels): (usize, usize, usize),
        channels_first: bool,
        gap: bool,
    ) -> Array3<T> {
        let wide = columns + usize::from(gap);
        let all = if channels_first {
            Array3::default((channels, rows, wide)).permuted_axes([1, 2, 0])
        } else {
            Array3::default((rows, wide, channels))
        };
        all.slice_move(s![.., ..columns, ..])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn whole_pixels_are_copied_as_the_kernels_would_compute_them(
            (dx, dy) in (-9..9_i32, -9..9_i32),
            (upright, still) in any::<(bool, bool)>(),
            (height, width, channels) in (1usize..6, 1usize..60, 1usize..9),
            (rows, columns) in (1usize..7, 1usize..70),
            interpolation in prop_oneof![
                Just(Interpolation::Nearest),
                Just(Interpolation::Bilinear),
                Just(Interpolation::Bicubic),
            ],
            border in prop_oneof![
                Just(Border::Constant(7.25)),
                Just(Border::Nearest),
                Just(Border::Reflect),
                Just(Border::Wrap),
            ],
            (scaled, channels_first, gaps) in any::<(bool, [bool; 2], [bool; 2])>(),
        ) {
            // Every second image is not moved but all of it copied, which is done in one run.
            let (rows, columns) = if still { (height, width) } else { (rows, columns) };
            let (dx, dy) = if still { (0, 0) } else { (dx, dy) };
            let step = if upright || still { 1.0 } else { -1.0 };
            let map = Affine::new([[1.0, 0.0, dx.into()], [0.0, step, dy.into()]]);
            let warp = Warp { map, interpolation, border };
            let mut source = memory((height, width, channels), channels_first[0], gaps[0]);
            for ((y, x, c), value) in source.indexed_iter_mut() {
                *value = (y * 89 + x * 31 + c * 57) as u8;
            }
            let (scale, shift) = (
                [0.37, -1.1, 2.5, 1e-3, 7.0, 0.9, -4.0, 1.5],
                [5.0, 0.1, -3.3, 1e4, 0.0, -0.7, 12.0, 0.3],
            );
            let scaling = Scaling { scale: &scale[..channels], shift: &shift[..channels] };
            let scaling = scaled.then_some(scaling);
            let mut expected =
                memory::<f32>((rows, columns, channels), channels_first[1], gaps[1]);
            let mut copied = expected.clone();
            in_groups_of_channels(&warp, &source.view(), expected.view_mut(), scaling);
            prop_assert!(super::warp(&warp, &source.view(), &mut copied.view_mut(), scaling));
            prop_assert_eq!(copied, expected);
        }
    }
}
