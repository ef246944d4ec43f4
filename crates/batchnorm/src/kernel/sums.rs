//! Sums over the values of each channel.

use std::array::from_fn;
use std::iter::repeat_n;
use std::ops::Range;
use std::slice;

use mizumashi_stats::{WeightedMoments, vectorised};
use ndarray::ArrayView2;
use rayon::prelude::*;

use super::Operand;
use super::loops::{ColumnSums, PlaneSums};
use super::view::{Block, View};
use crate::Real;

/// From this many channels for each thread on, threads share out channels.
pub(super) const CHANNELS: usize = 4;

/// Tells `each` of every channel the sums of `term(values of the inputs, parameter of the channel)`,
/// over matrices whose columns are those of some channels.
pub(crate) fn tile_sums<T: Real, const INPUTS: usize, const SUMS: usize, P: Copy>(
    view: View,
    channels: usize,
    inputs: [ArrayView2<'_, T>; INPUTS],
    parameter: impl Fn(usize) -> P,
    term: impl Fn([f64; INPUTS], P) -> [f64; SUMS],
    mut each: impl FnMut(usize, [f64; SUMS]),
) {
    if view.in_planes() {
        let parameter = parameter(0);
        return each(0, vectorised(PlaneSums { inputs, parameter, term }));
    }
    let parameters = spread(view, channels, parameter);
    let mut columns = from_fn(|_| vec![0.0; parameters.len()]);
    vectorised(ColumnSums { inputs, parameters: &parameters, sums: &mut columns, term });
    let (row, inner) = (channels * view.inner(), view.inner());
    for channel in 0..channels {
        let first = channel * inner;
        let sum = |columns: &Vec<f64>| {
            let mut sum = 0.0;
            for start in (0..view.joined()).map(|joined| joined * row + first) {
                columns[start..start + inner].iter().for_each(|column| sum += column);
            }
            sum
        };
        each(channel, columns.each_ref().map(sum));
    }
}

/// Adds the moments of a block to those of its channels, in one pass around the block's first
/// value: see [`WeightedMoments::around`]. The second input, if any, is weights.
pub(crate) fn moments<T: Real, const INPUTS: usize>(
    view: View,
    inputs: [ArrayView2<'_, T>; INPUTS],
    all: &mut [WeightedMoments],
) {
    // Of weighted values the first that counts, lest one that does not be far from all that do.
    let place = inputs.get(1).map_or(Some((0, 0)), |weights| {
        weights.indexed_iter().find_map(|(place, &weight)| (weight > T::zero()).then_some(place))
    });
    let Some((line, column)) = place else { return };
    let origin = |channel| inputs[0][[line, channel * view.inner() + column]].into();
    let channels = all.len();
    let mut merge =
        |channel: usize, sums| all[channel].merge(&WeightedMoments::around(origin(channel), sums));
    if INPUTS == 1 {
        let weight = (inputs[0].len() / channels) as f64;
        let term = |values: [f64; INPUTS], origin: f64| {
            let distance = values[0] - origin;
            [distance, distance * distance]
        };
        let with_weight =
            |channel, [first, second]: [f64; 2]| merge(channel, [weight, first, second]);
        tile_sums(view, channels, inputs, origin, term, with_weight);
    } else {
        let term = |values: [f64; INPUTS], origin: f64| {
            // What has no weight may be anything, NaN too.
            let weight = values[1];
            let distance = if weight > 0.0 { values[0] - origin } else { 0.0 };
            [weight, weight * distance, weight * distance * distance]
        };
        tile_sums(view, channels, inputs, origin, term, merge);
    }
}

/// A sum of a channel, which starts at its default.
pub(crate) trait Merge: Copy + Default + Send + Sync {
    /// Adds a later sum of the same channel.
    fn merge(&mut self, later: &Self);
}

impl Merge for WeightedMoments {
    fn merge(&mut self, later: &Self) {
        WeightedMoments::merge(self, later);
    }
}

impl Merge for [f64; 2] {
    fn merge(&mut self, later: &Self) {
        self.iter_mut().zip(later).for_each(|(sum, later)| *sum += later);
    }
}

/// The values of some channels in a block.
pub(crate) struct Tile<'a, T, const INPUTS: usize> {
    pub(crate) channels: Range<usize>,
    pub(crate) inputs: [ArrayView2<'a, T>; INPUTS],
    /// What was where the pass will write.
    pub(crate) old: ArrayView2<'a, T>,
}

/// One sum per channel of the whole batch; `add` adds what a tile holds to those of its channels.
pub(crate) fn reduce<T: Real, A: Merge, const INPUTS: usize>(
    view: View,
    inputs: [Operand<'_, T>; INPUTS],
    old: ArrayView2<'_, T>,
    add: impl Fn(Tile<'_, T, INPUTS>, &mut [A]) + Sync,
) -> Vec<A> {
    let tile = |channels: Range<usize>| Tile {
        inputs: inputs.map(|input| input.tile(view, channels.clone())),
        old: Operand::Each(old).tile(view, channels.clone()),
        channels,
    };
    let channels = view.channels();
    let mut all = vec![A::default(); channels];
    if view.in_planes() && channels >= CHANNELS * rayon::current_num_threads() {
        all.par_iter_mut().enumerate().for_each(|(channel, all)| {
            reduce_tile(view, &tile(channel..channel + 1), &add, slice::from_mut(all));
        });
        return all;
    }
    let together = if view.in_planes() { 1 } else { channels };
    let stripes: Vec<_> = view.stripes().collect();
    let partial: Vec<Vec<A>> = stripes
        .into_par_iter()
        .map(|blocks| {
            let mut all = vec![A::default(); channels];
            for block in blocks.map(|index| view.block(index)) {
                for (index, all) in all.chunks_mut(together).enumerate() {
                    let first = index * together;
                    add(tile(first..first + all.len()).cut(view, &block), all);
                }
            }
            all
        })
        .collect();
    for stripe in &partial {
        all.iter_mut().zip(stripe).for_each(|(all, stripe)| all.merge(stripe));
    }
    all
}

/// The sums of the channels of a tile, by the same steps as of all.
pub(super) fn reduce_tile<T: Real, A: Merge, const INPUTS: usize>(
    view: View,
    tile: &Tile<'_, T, INPUTS>,
    add: impl Fn(Tile<'_, T, INPUTS>, &mut [A]),
    all: &mut [A],
) {
    let add = |blocks: Range<usize>, all: &mut [A]| {
        blocks.for_each(|index| add(tile.cut(view, &view.block(index)), all));
    };
    let stripes = view.stripes();
    if stripes.len() == 1 {
        return add(0..view.blocks(), all);
    }
    let mut part = vec![A::default(); all.len()];
    for blocks in stripes {
        part.fill(A::default());
        add(blocks, &mut part);
        all.iter_mut().zip(&part).for_each(|(all, part)| all.merge(part));
    }
}

impl<'a, T, const INPUTS: usize> Tile<'a, T, INPUTS> {
    fn cut(&self, view: View, block: &Block) -> Self {
        let Self { channels, inputs, old } = self;
        Self {
            channels: channels.clone(),
            inputs: inputs.map(|input| view.cut(input, block)),
            old: view.cut(*old, block),
        }
    }
}

/// One per column of some channels from one per channel.
pub(super) fn spread<P: Copy>(
    view: View,
    channels: usize,
    parameter: impl Fn(usize) -> P,
) -> Vec<P> {
    let mut row = Vec::with_capacity(channels * view.inner() * view.joined());
    (0..channels).for_each(|channel| row.extend(repeat_n(parameter(channel), view.inner())));
    let once = row.len();
    (1..view.joined()).for_each(|_| row.extend_from_within(..once));
    row
}
