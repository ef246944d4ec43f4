//! The kernel in plain Rust: the definition of the result, and what runs where there is no faster
//! one.

use std::array;

use super::block::{BLOCK, Coordinates, Lanes};
use super::pixels::{Pixels, PixelsMut};
use crate::interpolation::cubic_weights;
use crate::{Border, Interpolation, Warp};

/// Fills `C` channels of the destination, from channel `first` on, scaled and shifted by `factors`
/// where there are any.
pub(super) fn warp<const C: usize>(
    warp: &Warp,
    first: usize,
    source: &impl Pixels,
    destination: &mut impl PixelsMut,
    factors: Option<([f32; C], [f32; C])>,
) {
    let (height, width, _) = destination.dim();
    let coordinates = Coordinates::new(&warp.map);
    for row in 0..height {
        for start in (0..width).step_by(BLOCK) {
            let (x, y) = coordinates.block(row, start);
            for lane in 0..BLOCK.min(width - start) {
                let value = match warp.interpolation {
                    // A spline has a kernel of its own; at a pixel it is that pixel.
                    Interpolation::Nearest | Interpolation::Spline(_) => {
                        nearest(warp.border, first, source, &x, &y, lane)
                    }
                    Interpolation::Bilinear => bilinear(warp.border, first, source, &x, &y, lane),
                    Interpolation::Bicubic => bicubic(warp.border, first, source, &x, &y, lane),
                };
                let mut value: [f32; C] = value.unwrap_or([warp.border.fill(); C]);
                if let Some((scale, shift)) = factors {
                    value = array::from_fn(|c| value[c] * scale[c] + shift[c]);
                }
                destination.write(row, start + lane, first, value);
            }
        }
    }
}

/// The nearest pixel, or `None` for the constant.
#[inline]
fn nearest<const C: usize>(
    border: Border,
    first: usize,
    source: &impl Pixels,
    x: &Lanes,
    y: &Lanes,
    lane: usize,
) -> Option<[f32; C]> {
    let (height, width, _) = source.dim();
    let column = border.nearest(x.index[lane], x.weight[lane], width as i32)?;
    let row = border.nearest(y.index[lane], y.weight[lane], height as i32)?;
    Some(source.read(row, column, first))
}

/// The straight line between the neighbours along x, then along y, or `None` for the constant.
#[inline]
fn bilinear<const C: usize>(
    border: Border,
    first: usize,
    source: &impl Pixels,
    x: &Lanes,
    y: &Lanes,
    lane: usize,
) -> Option<[f32; C]> {
    let (height, width, _) = source.dim();
    let columns = border.pair(x.index[lane], x.weight[lane], width as i32)?;
    let rows = border.pair(y.index[lane], y.weight[lane], height as i32)?;
    let along_x = |row| {
        let left = source.read::<C>(row, columns.first, first);
        let right = source.read::<C>(row, columns.second, first);
        lerp(left, right, columns.weight)
    };
    Some(lerp(along_x(rows.first), along_x(rows.second), rows.weight))
}

/// Cubic convolution along x in four rows, then along y, or `None` for the constant.
#[inline]
fn bicubic<const C: usize>(
    border: Border,
    first: usize,
    source: &impl Pixels,
    x: &Lanes,
    y: &Lanes,
    lane: usize,
) -> Option<[f32; C]> {
    let (height, width, _) = source.dim();
    let columns = border.quad(x.index[lane], x.weight[lane], width as i32)?;
    let rows = border.quad(y.index[lane], y.weight[lane], height as i32)?;
    let (across, down) = (cubic_weights(x.weight[lane]), cubic_weights(y.weight[lane]));
    let along_x =
        |row| weighted_sum(columns.map(|column| source.read::<C>(row, column, first)), across);
    Some(weighted_sum(rows.map(along_x), down))
}

#[inline]
fn lerp<const C: usize>(from: [f32; C], to: [f32; C], weight: f32) -> [f32; C] {
    array::from_fn(|c| (to[c] - from[c]).mul_add(weight, from[c]))
}

#[inline]
fn weighted_sum<const C: usize>(values: [[f32; C]; 4], weights: [f32; 4]) -> [f32; C] {
    let mut sum = values[0].map(|value| value * weights[0]);
    for (values, weight) in values.iter().zip(weights).skip(1) {
        sum = array::from_fn(|c| values[c].mul_add(weight, sum[c]));
    }
    sum
}
