//! B-spline interpolation of orders 2 to 5.
//!
//! The spline is the smooth function through the pixels that is a polynomial between knots one
//! pixel apart. It is a sum of B-splines at all pixel centres; their [`coefficients`] come from the
//! pixels by a [recursive filter](filter) along either axis, and a value from (order + 1)² of them
//! by the weights of the [`basis`].
//!
//! - M. Unser, A. Aldroubi, M. Eden: B-spline signal processing, parts I and II. IEEE Transactions
//!   on Signal Processing 41(2), 1993. The filter, its poles and gains.
//! - M. Unser: Splines, a perfect fit for signal and image processing. IEEE Signal Processing
//!   Magazine 16(6), 1999.
//! - P. Thévenaz, T. Blu, M. Unser: Interpolation revisited. IEEE Transactions on Medical Imaging
//!   19(7), 2000. Coefficients and how they begin at mirrored edges.
//!
//! # The numeric contract
//!
//! Places are located as for the other interpolations. Coefficients are `f64`, filtered along x
//! and then along y. A value is the sum over the rows, from the top, of coefficient·weight along y
//! for each column; then that over the columns, from the left, of those sums·weight along x; then
//! it is rounded to `f32`. No multiply-add is fused.
//!
//! # Borders
//!
//! As `scipy.ndimage` has them since version 1.6. The image is filtered as if mirrored at the
//! centres of its outermost pixels, for `Constant` and `Wrap`; at their outer edges, for `Reflect`,
//! and for `Nearest` after the edge has been repeated 12 times; beyond those the
//! outermost coefficient is repeated. `Wrap` moves the place by periods
//! of n - 1, whereas the spline under it is the mirrored one: it is not smooth at the seams.

#![allow(clippy::needless_range_loop, reason = "lanes and taps index several arrays at once")]

mod basis;
mod coefficients;
mod filter;

use fearless_simd::{Level, Simd, dispatch};

use super::Scaling;
use super::block::{BLOCK, Coordinates, Lanes};
use super::pixels::{Pixels, PixelsMut};
use crate::border;
use crate::{Border, Error, SplineOrder, Warp};
use coefficients::{Coefficients, REACH, REPEATED, Workshop};

/// Fills the destination from the spline through the source.
///
/// # Errors
/// [`Error::SplineMemory`] where the coefficients do not fit into memory.
pub(super) fn warp(
    level: Level,
    warp: &Warp,
    order: SplineOrder,
    source: &impl Pixels,
    mut destination: impl PixelsMut,
    scaling: Option<Scaling<'_>>,
) -> Result<(), Error> {
    let mut workshop = Workshop::new(level, order, warp.border, source.dim())?;
    let (_, _, channels) = source.dim();
    for first in (0..channels).step_by(4) {
        let (shop, to, s) = (&mut workshop, &mut destination, scaling);
        let group = Group { level, warp, order, first };
        match channels - first {
            1 => group.warp::<1>(shop, source, to, s.map(|s| s.of(first))),
            2 => group.warp::<2>(shop, source, to, s.map(|s| s.of(first))),
            3 => group.warp::<3>(shop, source, to, s.map(|s| s.of(first))),
            _ => group.warp::<4>(shop, source, to, s.map(|s| s.of(first))),
        }
    }
    Ok(())
}

/// What is done to the channels from `first` on.
#[derive(Clone, Copy, Debug)]
struct Group<'a> {
    level: Level,
    warp: &'a Warp,
    order: SplineOrder,
    first: usize,
}

impl Group<'_> {
    /// Fills `C` channels of the destination, scaled and shifted by `factors` where there are any.
    fn warp<const C: usize>(
        self,
        workshop: &mut Workshop,
        source: &impl Pixels,
        destination: &mut impl PixelsMut,
        factors: Option<([f32; C], [f32; C])>,
    ) {
        let (height, width, _) = source.dim();
        let spline = Spline {
            coefficients: workshop.make::<C>(source, self.first),
            coordinates: Coordinates::new(&self.warp.map),
            border: self.warp.border,
            order: self.order,
            size: (height as i32, width as i32),
        };
        let (rows, columns, _) = destination.dim();
        for row in 0..rows {
            for start in (0..columns).step_by(BLOCK) {
                let values = match self.order {
                    SplineOrder::Quadratic => spline.block::<3>(self.level, row, start),
                    SplineOrder::Cubic => spline.block::<4>(self.level, row, start),
                    SplineOrder::Quartic => spline.block::<5>(self.level, row, start),
                    SplineOrder::Quintic => spline.block::<6>(self.level, row, start),
                };
                for (column, mut value) in (start..columns).zip(values) {
                    if let Some((scale, shift)) = factors {
                        for channel in 0..C {
                            value[channel] = value[channel] * scale[channel] + shift[channel];
                        }
                    }
                    destination.write(row, column, self.first, value);
                }
            }
        }
    }
}

/// `C` channels as a function of the output coordinates.
#[derive(Debug)]
struct Spline<'w, const C: usize> {
    coefficients: Coefficients<'w, C>,
    coordinates: Coordinates,
    border: Border,
    order: SplineOrder,
    /// Height and width of the source.
    size: (i32, i32),
}

impl<const C: usize> Spline<'_, C> {
    /// The values of a block, whether or not the destination has all its columns.
    fn block<const N: usize>(&self, level: Level, row: usize, start: usize) -> [[f32; C]; BLOCK] {
        dispatch!(level, simd => self.block_by::<_, N>(simd, row, start))
    }

    #[inline(always)]
    fn block_by<V: Simd, const N: usize>(
        &self,
        _: V,
        row: usize,
        start: usize,
    ) -> [[f32; C]; BLOCK] {
        let (x, y) = self.coordinates.block(row, start);
        let (height, width) = self.size;
        let columns = self.taps::<N>(&x, width);
        let rows = self.taps::<N>(&y, height);
        let mut values = [[self.border.fill(); C]; BLOCK];
        for lane in 0..BLOCK {
            if columns.seen[lane] && rows.seen[lane] {
                values[lane] = self.value(&columns, &rows, lane);
            }
        }
        values
    }

    /// The coefficients along one axis of `len` pixels that the values of a block are made of.
    #[inline(always)]
    fn taps<const N: usize>(&self, places: &Lanes, len: i32) -> Taps<N> {
        let mut taps = Taps { first: [0; BLOCK], seen: [false; BLOCK], weights: [[0.0; BLOCK]; N] };
        let mut t = [0.0; BLOCK];
        for lane in 0..BLOCK {
            let (index, weight) = (places.index[lane], places.weight[lane]);
            if let Some((index, weight)) = within(self.border, index, weight, len) {
                let (first, behind) = self.order.taps(index, weight);
                taps.first[lane] = (first + self.coefficients.origin as i32) as usize;
                taps.seen[lane] = true;
                t[lane] = behind;
            }
        }
        taps.weights = basis::weights(&t);
        taps
    }

    #[inline(always)]
    fn value<const N: usize>(&self, columns: &Taps<N>, rows: &Taps<N>, lane: usize) -> [f32; C] {
        let Coefficients { pixels, columns: stride, .. } = self.coefficients;
        let first = rows.first[lane] * stride + columns.first[lane];
        let mut sums = [[0.0; C]; N];
        for row in 0..N {
            let weight = rows.weights[row][lane];
            let pixels = &pixels[first + row * stride..][..N];
            for column in 0..N {
                for channel in 0..C {
                    sums[column][channel] += pixels[column][channel] * weight;
                }
            }
        }
        let mut value = [0.0; C];
        for column in 0..N {
            for channel in 0..C {
                value[channel] += sums[column][channel] * columns.weights[column][lane];
            }
        }
        value.map(|value| value as f32)
    }
}

/// The `N` coefficients along one axis for each lane of a block.
#[derive(Debug)]
struct Taps<const N: usize> {
    first: [usize; BLOCK],
    /// Whether the lane sees the image and not the constant.
    seen: [bool; BLOCK],
    weights: [[f64; BLOCK]; N],
}

/// The place that stands for the coordinate `index` + `weight` on an axis of `len` pixels; `None`
/// stands for the constant.
///
/// It lies between the first and the last pixel, save with `Nearest`, where it may lie outside
/// until nothing changes any more, and with `Reflect`, which goes on for less than a pixel on
/// either side. The weight is from 0 to 1.
#[inline(always)]
fn within(border: Border, index: i32, weight: f32, len: i32) -> Option<(i32, f32)> {
    let last = len - 1;
    if (0..last).contains(&index) {
        return Some((index, weight));
    }
    let farthest = REPEATED as i32 + REACH;
    match border {
        Border::Constant(_) => (index == last && weight == 0.0).then_some((index, weight)),
        Border::Nearest if index < -farthest => Some((-farthest, 0.0)),
        Border::Nearest if index >= last + farthest => Some((last + farthest, 0.0)),
        Border::Nearest => Some((index, weight)),
        Border::Reflect => {
            let index = index.rem_euclid(2 * len);
            Some(match index < len {
                true => (index, weight),
                // 2·len - 1 - (index + weight)
                false => (2 * len - 2 - index, 1.0 - weight),
            })
        }
        Border::Wrap => Some((border::wrap(index, weight, len), weight)),
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::Level;
    use ndarray::Array3;
    use proptest::prelude::*;

    use super::*;
    use crate::{Affine, Interpolation};

    const ORDERS: [SplineOrder; 4] =
        [SplineOrder::Quadratic, SplineOrder::Cubic, SplineOrder::Quartic, SplineOrder::Quintic];
    const BORDERS: [Border; 4] =
        [Border::Constant(7.25), Border::Nearest, Border::Reflect, Border::Wrap];

    #[test]
    fn taps_stay_within_the_frame_however_far_the_place() {
        for border in BORDERS {
            for len in [1, 2, 5, 1 << 29] {
                let near = (-20..3).flat_map(|index| [index, len - 1 - index]);
                for index in near.chain([i32::MIN / 2, -len - 1, 2 * len, 2_080_374_785]) {
                    for weight in [0.0, 0.25, 0.5, 1.0 - f32::EPSILON / 2.0] {
                        let Some((index, weight)) = within(border, index, weight, len) else {
                            continue;
                        };
                        let repeated = if border == Border::Nearest { REPEATED as i32 } else { 0 };
                        for order in ORDERS {
                            let (first, t) = order.taps(index, weight);
                            assert!((0.0..=1.0).contains(&t), "{border:?}: {t}");
                            let last = first + i32::from(u8::from(order));
                            let frame = repeated + 2 * REACH;
                            assert!(first >= -frame, "{border:?} {order:?}: {first}");
                            assert!(last < len + frame, "{border:?} {order:?}: {last}");
                        }
                    }
                }
            }
        }
    }

    /// The instruction sets of this processor.
    fn levels() -> Vec<Level> {
        let best = Level::new();
        #[cfg(target_arch = "x86_64")]
        let levels = [
            best.as_avx512().map(Level::Avx512),
            best.as_avx2().map(Level::Avx2),
            best.as_sse4_2().map(Level::Sse4_2),
            best.as_sse2().map(Level::Sse2),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let levels = [Some(best)];
        levels.into_iter().flatten().collect()
    }

    proptest! {
        #[test]
        fn every_level_gives_the_same_bits(
            (order, border) in (prop::sample::select(&ORDERS[..]), prop::sample::select(&BORDERS[..])),
            (degrees, shift, zoom) in (-180.0..180.0, -20.0..20.0, 0.3..3.0),
            size in (1usize..30, 1usize..30, 1usize..7),
        ) {
            let map = Affine::translation(shift, -shift / 3.0)
                .then(&Affine::scale(zoom, -zoom))
                .then(&Affine::rotation(degrees));
            let warp = Warp { map, interpolation: Interpolation::Spline(order), border };
            let source = Array3::from_shape_fn(size, |(y, x, c)| {
                (y * 89 + x * x * 31 + c * 57 + y * x * 7) as u8
            });
            let results: Vec<Vec<u32>> = levels()
                .into_iter()
                .map(|level| {
                    let mut found = Array3::<f32>::zeros((9, 35, size.2));
                    super::warp(level, &warp, order, &source.view(), found.view_mut(), None)
                        .map(|()| found.iter().map(|value| value.to_bits()).collect())
                })
                .collect::<Result<_, _>>()?;
            for other in &results {
                prop_assert_eq!(other, &results[0]);
            }
        }
    }
}
