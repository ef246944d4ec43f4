//! The passes over a batch: sums per channel, and maps of every value with its channel's numbers.
//!
//! Every sum is built in f64 in an order that the shape of the batch alone decides: within a block
//! by column, blocks of a stripe one after the other, stripes in their order. Threads share out
//! channels or stripes, so their number never shows in a result.

mod lines;
mod loops;
mod map;
mod matrix;
mod pass;
mod sums;
mod view;

pub(crate) use lines::{line_sums, map_line};
pub(crate) use map::map;
pub(crate) use matrix::{shaped, with_shaped_mut};
pub(crate) use pass::{Agree, sum_and_map};
pub(crate) use sums::{Tile, moments, reduce, tile_sums};
pub(crate) use view::View;

use std::ops::Range;

use ndarray::ArrayView2;

/// What a pass reads, as matrices of the view.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operand<'a, T> {
    /// A value for each of the batch.
    Each(ArrayView2<'a, T>),
    /// A value for each of one plane, the same for all channels.
    Shared(ArrayView2<'a, T>),
}

impl<'a, T> Operand<'a, T> {
    fn tile(&self, view: View, channels: Range<usize>) -> ArrayView2<'a, T> {
        match *self {
            Self::Each(matrix) => view::columns(matrix, view.columns(channels)),
            Self::Shared(plane) => plane,
        }
    }
}
