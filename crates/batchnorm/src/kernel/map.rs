//! Maps of every value with the numbers of its channel.

use std::array::from_fn;
use std::ops::Range;

use mizumashi_stats::vectorised;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use super::Operand;
use super::loops::{ColumnMap, PlaneMap};
use super::sums::spread;
use super::view::{View, columns};
use crate::Real;

/// Values that a thread maps at a time, at the least.
const GRAIN: usize = 1 << 14;

/// Writes `op(values of the inputs, value that was there, parameters of the channel)` everywhere.
pub(crate) fn map<T: Real, const INPUTS: usize, const N: usize>(
    view: View,
    inputs: [Operand<'_, T>; INPUTS],
    parameters: &[[T; N]],
    mut out: ArrayViewMut2<'_, T>,
    op: impl Fn([T; INPUTS], T, [T; N]) -> T + Sync,
) {
    let (_, width) = view.dim();
    let lines = GRAIN.div_ceil(width);
    let of_columns = Columns::of(view, parameters);
    out.axis_chunks_iter_mut(Axis(0), lines).into_par_iter().enumerate().for_each(
        |(chunk, mut out)| {
            let lines = chunk * lines..chunk * lines + out.nrows();
            let cut = |channels: Range<usize>| {
                inputs.map(|input| {
                    let mut tile = input.tile(view, channels.clone());
                    tile.slice_axis_inplace(Axis(0), lines.clone().into());
                    tile
                })
            };
            if !view.in_planes() {
                return of_columns.map(cut(0..view.channels()), out, &op);
            }
            let group = GRAIN.div_ceil(lines.len() * view.inner());
            let groups = out.axis_chunks_iter_mut(Axis(1), group * view.inner()).into_par_iter();
            groups.zip(parameters.par_chunks(group)).enumerate().for_each(
                |(index, (mut out, parameters))| {
                    let first = index * group;
                    let inputs = cut(first..first + parameters.len());
                    if group > 1 {
                        return vectorised(PlaneMap { inputs, parameters, out, op: &op });
                    }
                    let pieces = out.axis_chunks_iter_mut(Axis(1), 2 * GRAIN).into_par_iter();
                    pieces.enumerate().for_each(|(piece, out)| {
                        let first = piece * 2 * GRAIN;
                        let inputs = inputs.map(|input| columns(input, first..first + out.ncols()));
                        vectorised(PlaneMap { inputs, parameters, out, op: &op });
                    });
                },
            );
        },
    );
}

/// [`map`] of some channels, whose columns the matrices have.
pub(super) fn map_tile<T: Real, const INPUTS: usize, const N: usize>(
    view: View,
    inputs: [ArrayView2<'_, T>; INPUTS],
    parameters: &[[T; N]],
    out: ArrayViewMut2<'_, T>,
    op: impl Fn([T; INPUTS], T, [T; N]) -> T,
) {
    match *parameters {
        [_] if view.in_planes() => vectorised(PlaneMap { inputs, parameters, out, op }),
        _ => Columns::of(view, parameters).map(inputs, out, &op),
    }
}

/// The parameters of channels that lie side by side: of each parameter one per column.
struct Columns<T, const N: usize>([Vec<T>; N]);

impl<T: Real, const N: usize> Columns<T, N> {
    fn of(view: View, parameters: &[[T; N]]) -> Self {
        if view.in_planes() {
            return Self(from_fn(|_| Vec::new()));
        }
        Self(from_fn(|n| spread(view, parameters.len(), |channel| parameters[channel][n])))
    }

    fn map<const INPUTS: usize>(
        &self,
        inputs: [ArrayView2<'_, T>; INPUTS],
        out: ArrayViewMut2<'_, T>,
        op: impl Fn([T; INPUTS], T, [T; N]) -> T,
    ) {
        vectorised(ColumnMap { inputs, parameters: &self.0, out, op });
    }
}
