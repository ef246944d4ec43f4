//! A pass that sums and then maps, tile by tile where that saves reading the batch twice.

use ndarray::{ArrayViewMut2, Axis};
use rayon::prelude::*;

use super::Operand;
use super::map::{map, map_tile};
use super::sums::{CHANNELS, Merge, Tile, reduce, reduce_tile};
use super::view::View;
use crate::{Error, Real};

/// Bytes of an input that a tile of channels side by side takes at most, to stay in the cache.
const TILE: usize = 1 << 18;

/// Columns that it has at least.
const COLUMNS: usize = 64;

/// Tiles for each thread, so that those of a thread that wakes up late are made by others.
const SHARES: usize = 2;

/// Workers' way to make of their sums those of all.
pub(crate) type Agree<'a, A> = &'a dyn Fn(Vec<A>) -> Result<Vec<A>, Error>;

/// Sums each channel and then maps each value with parameters that are made of its channel's sum;
/// returns the sums. Nothing is written on an error.
///
/// - `add` adds what a tile holds to the sums of its channels.
/// - `parameters` makes a channel's parameters of its sum.
/// - `op` makes the new value of the inputs, the value that was there, and the parameters.
pub(crate) fn sum_and_map<T: Real, A: Merge, const INPUTS: usize, const N: usize>(
    view: View,
    inputs: [Operand<'_, T>; INPUTS],
    mut out: ArrayViewMut2<'_, T>,
    agree: Option<Agree<'_, A>>,
    add: impl Fn(Tile<'_, T, INPUTS>, &mut [A]) + Sync,
    parameters: impl Fn(usize, &A) -> [T; N] + Sync,
    op: impl Fn([T; INPUTS], T, [T; N]) -> T + Sync,
) -> Result<Vec<A>, Error> {
    let of = |first: usize, all: &[A]| -> Vec<[T; N]> {
        (first..).zip(all).map(|(channel, sum)| parameters(channel, sum)).collect()
    };
    let tile = match agree {
        None => channels_at_a_time::<T>(view),
        Some(_) => None,
    };
    let Some(tile) = tile else {
        let mut all = reduce(view, inputs, out.view(), add);
        if let Some(agree) = agree {
            all = agree(all)?;
        }
        map(view, inputs, &of(0, &all), out, op);
        return Ok(all);
    };
    let mut all = vec![A::default(); view.channels()];
    let tiles = out.axis_chunks_iter_mut(Axis(1), tile * view.inner()).into_par_iter();
    all.par_chunks_mut(tile).zip(tiles).enumerate().for_each(|(index, (all, out))| {
        let first = index * tile;
        let channels = first..first + all.len();
        let inputs = inputs.map(|input| input.tile(view, channels.clone()));
        reduce_tile(view, &Tile { channels, inputs, old: out.view() }, &add, all);
        match all {
            [sum] => map_tile(view, inputs, &[parameters(first, sum)], out, &op),
            _ => map_tile(view, inputs, &of(first, all), out, &op),
        }
    });
    Ok(all)
}

/// How many channels are summed and then mapped by one thread while they are in its cache; none
/// where lines are too many for that, or channels too few to be shared out.
fn channels_at_a_time<T>(view: View) -> Option<usize> {
    let threads = rayon::current_num_threads();
    if view.in_planes() {
        return (threads == 1 || view.channels() >= CHANNELS * threads).then_some(1);
    }
    if view.joined() > 1 || view.blocks() > 1 {
        return None;
    }
    let (lines, width) = view.dim();
    let shares = if threads == 1 { 1 } else { SHARES * threads };
    let columns = (TILE / (lines * size_of::<T>())).min(width.div_ceil(shares)).max(COLUMNS);
    Some(columns.div_ceil(view.inner()))
}
