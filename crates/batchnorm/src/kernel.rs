//! The passes over a batch: sums per channel, and maps of every value with its channel's numbers.
//!
//! Every sum is built in f64 in an order that the shape of the batch alone decides: within a
//! block by column, blocks of a stripe one after the other, stripes in their order. Threads share
//! out stripes, so their number never shows in a result.

use std::array::from_fn;
use std::iter::repeat_n;

use mizumashi_stats::vectorised;
use rayon::prelude::*;

use crate::Real;
use crate::channels::{Block, Channels};
use crate::columns::{LANES, PlaneMap, PlaneSum, RowMap, RowSum};

/// The largest number of stripes, each of which keeps its own sums for every channel.
const STRIPES: usize = 64;

/// Values that a thread maps at a time, at the least.
const GRAIN: usize = 1 << 14;

/// Count, mean and sum of squared deviations of the values of a channel.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    count: f64,
    pub(crate) mean: f64,
    squares: f64,
}

impl Moments {
    /// The population variance.
    pub(crate) fn variance(&self) -> f64 {
        self.squares / self.count
    }

    /// The variance estimated for the population that the values are a sample of.
    pub(crate) fn sample_variance(&self) -> f64 {
        self.squares / (self.count - 1.0)
    }

    /// The moments of both sets together (Chan, Golub & LeVeque 1979).
    fn merge(&mut self, other: Self) {
        if other.count == 0.0 {
            return;
        }
        let count = self.count + other.count;
        let weight = other.count / count;
        let delta = other.mean - self.mean;
        self.mean += delta * weight;
        self.squares += other.squares + delta * delta * weight * self.count;
        self.count = count;
    }
}

/// The moments of each channel: two passes over each block, mean first, while it is in cache.
pub(crate) fn moments<T: Real>(view: Channels, x: &[T]) -> Vec<Moments> {
    let add = |all: &mut [Moments], block: &Block| {
        let count = block.values_per_channel as f64;
        let mut means = block_sums(view, block, [x], |_| (), |[x], ()| x);
        means.iter_mut().for_each(|sum| *sum /= count);
        let mean = |channel| means[channel - block.channels.start];
        let squares = block_sums(view, block, [x], mean, |[x], mean| (x - mean) * (x - mean));
        for ((all, &mean), &squares) in
            all[block.channels.clone()].iter_mut().zip(&means).zip(&squares)
        {
            all.merge(Moments { count, mean, squares });
        }
    };
    reduce(view, add, |all, stripe| all.merge(stripe))
}

/// The sums of `dy` and of `dy * (x - mean)` of each channel.
pub(crate) fn gradient_sums<T: Real>(
    view: Channels,
    x: &[T],
    dy: &[T],
    mean: impl Fn(usize) -> f64 + Sync,
) -> Vec<[f64; 2]> {
    let add = |all: &mut [[f64; 2]], block: &Block| {
        let plain = block_sums(view, block, [dy], |_| (), |[dy], ()| dy);
        let along = block_sums(view, block, [x, dy], &mean, |[x, dy], mean| dy * (x - mean));
        for ((all, &plain), &along) in
            all[block.channels.clone()].iter_mut().zip(&plain).zip(&along)
        {
            all[0] += plain;
            all[1] += along;
        }
    };
    reduce(view, add, |all, stripe| {
        all[0] += stripe[0];
        all[1] += stripe[1];
    })
}

/// Writes `op(values of the inputs, parameters of the channel)` for every position of the batch.
pub(crate) fn map<T: Real, const INPUTS: usize, const N: usize>(
    view: Channels,
    inputs: [&[T]; INPUTS],
    parameters: &[[T; N]],
    out: &mut [T],
    op: impl Fn([T; INPUTS], [T; N]) -> T + Sync,
) {
    if view.in_planes() {
        let grain = GRAIN.div_ceil(view.inner);
        out.par_chunks_mut(view.inner).enumerate().with_min_len(grain).for_each(|(plane, out)| {
            let start = plane * view.inner;
            let inputs = inputs.map(|input| &input[start..start + out.len()]);
            let parameter = parameters[plane % view.channels];
            vectorised(PlaneMap { inputs, parameter, out, op: &op });
        });
    } else {
        let parameters: [_; N] = from_fn(|n| spread(view, |channel| parameters[channel][n]));
        let width = view.row() * LANES.div_ceil(view.row());
        let rows = GRAIN.div_ceil(width);
        out.par_chunks_mut(rows * width).enumerate().for_each(|(chunk, out)| {
            let start = chunk * rows * width;
            let inputs = inputs.map(|input| &input[start..start + out.len()]);
            vectorised(RowMap { inputs, parameters: &parameters, width, out, op: &op });
        });
    }
}

/// One `A` per channel: `add` takes each block into a stripe's, `merge` the stripes in order.
fn reduce<A: Copy + Default + Send>(
    view: Channels,
    add: impl Fn(&mut [A], &Block) + Sync,
    merge: impl Fn(&mut A, A),
) -> Vec<A> {
    let blocks = view.blocks();
    let stripes = blocks.min(STRIPES);
    let partial: Vec<Vec<A>> = (0..stripes)
        .into_par_iter()
        .map(|stripe| {
            let mut all = vec![A::default(); view.channels];
            for index in stripe * blocks / stripes..(stripe + 1) * blocks / stripes {
                add(&mut all, &view.block(index));
            }
            all
        })
        .collect();
    let mut all = vec![A::default(); view.channels];
    for stripe in partial {
        all.iter_mut().zip(stripe).for_each(|(all, stripe)| merge(all, stripe));
    }
    all
}

/// The sum of `term(values of the inputs, parameter of the channel)` for each channel of a block.
fn block_sums<T: Real, const INPUTS: usize, P: Copy>(
    view: Channels,
    block: &Block,
    inputs: [&[T]; INPUTS],
    parameter: impl Fn(usize) -> P,
    term: impl Fn([f64; INPUTS], P) -> f64,
) -> Vec<f64> {
    if view.in_planes() {
        let mut sums = [0.0; LANES];
        let parameter = parameter(block.channels.start);
        for run in block.runs() {
            let inputs = inputs.map(|input| &input[run.clone()]);
            vectorised(PlaneSum { inputs, parameter, sums: &mut sums, term: &term });
        }
        vec![sums.iter().sum()]
    } else {
        let parameters = spread(view, parameter);
        let mut sums = vec![0.0; parameters.len()];
        for run in block.runs() {
            let inputs = inputs.map(|input| &input[run.clone()]);
            vectorised(RowSum { inputs, parameters: &parameters, sums: &mut sums, term: &term });
        }
        fold(view, &sums)
    }
}

/// One `P` per column: per value of a row, or of as many rows together as make a loop worthwhile.
fn spread<P: Copy>(view: Channels, parameter: impl Fn(usize) -> P) -> Vec<P> {
    let row: Vec<P> =
        (0..view.channels).flat_map(|channel| repeat_n(parameter(channel), view.inner)).collect();
    row.repeat(LANES.div_ceil(row.len()))
}

/// The sum of each channel from those of the columns.
fn fold(view: Channels, columns: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; view.channels];
    for row in columns.chunks(view.row()) {
        for (sum, columns) in sums.iter_mut().zip(row.chunks(view.inner)) {
            *sum += columns.iter().sum::<f64>();
        }
    }
    sums
}
