//! The one shape that every kernel sees, a matrix whose columns belong to channels.
//!
//! A batch is `[outer, channel, inner]`, and a line of the matrix is one of `outer`:
//!
//! ```text
//! (n, c)      = [n,         c, 1]
//! NCHW        = [n,         c, h * w]
//! NHWC        = [n * h * w, c, 1]
//! ```
//!
//! Where `inner` is long, a channel's columns are a *plane*, worked on alone; where it is short, all
//! channels' columns are worked on side by side, and several short lines are joined to a longer one.
//! *Blocks*, and with them the order of every sum, follow from the shape alone.

use std::ops::Range;

use mizumashi_stats::Layout;
use ndarray::{ArrayView, ArrayView2, ArrayViewMut, ArrayViewMut2, Axis, CowArray, Dimension, Ix2};

use super::matrix::{shaped, with_shaped_mut};
use crate::{Error, Real};

/// From this length of `inner` on a channel is a plane.
const PLANE: usize = 16;

/// Lines shorter than this are joined, so many at most.
const SHORT: usize = 32;
const JOINED: usize = 16;

/// Values that a block has at least, and lines where channels lie side by side, to spread the cost
/// of closing it.
const BLOCK: usize = 1 << 14;
const LINES: usize = 1 << 10;

/// The largest number of stripes, each of which keeps its own sums for every channel.
const STRIPES: usize = 64;

/// How a dense, row-major batch of `[outer, channel, inner]` is seen; none of the three is 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    outer: usize,
    channels: usize,
    inner: usize,
    /// How many of `outer` are a line of the matrix.
    joined: usize,
}

/// A block: these lines of the matrix, and of each plane these columns.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) lines: Range<usize>,
    pub(crate) piece: Range<usize>,
}

impl View {
    pub(crate) fn new(outer: usize, channels: usize, inner: usize) -> Self {
        let row = channels * inner;
        // The greatest divisor up to that many: 16 of most numbers of pixels, which fills registers.
        let divides = |&by: &usize| outer / by * by == outer;
        let joined = match inner < PLANE && row < SHORT {
            true => (1..=JOINED).rev().find(divides).unwrap_or(1),
            false => 1,
        };
        Self { outer, channels, inner, joined }
    }

    /// The view of a batch of this shape, once it is known to fit a layer of `channels`.
    pub(crate) fn of(shape: &[usize], layout: Layout, channels: usize) -> Result<Self, Error> {
        let rank = shape.len();
        if rank < 2 {
            return Err(Error::Rank { rank });
        }
        let axis = match layout {
            Layout::Nchw => 1,
            Layout::Nhwc => rank - 1,
        };
        if shape[axis] != channels {
            return Err(Error::Channels { axis, found: shape[axis], expected: channels });
        }
        if shape.contains(&0) {
            return Err(Error::EmptyBatch { shape: shape.to_vec() });
        }
        let outer = shape[..axis].iter().product();
        let inner = shape[axis + 1..].iter().product();
        Ok(Self::new(outer, channels, inner))
    }

    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    pub(crate) fn outer(&self) -> usize {
        self.outer
    }

    pub(crate) fn inner(&self) -> usize {
        self.inner
    }

    /// Whether a channel's columns are worked on alone.
    pub(crate) fn in_planes(&self) -> bool {
        self.inner >= PLANE
    }

    /// How many of `outer` are a line.
    pub(crate) fn joined(&self) -> usize {
        self.joined
    }

    /// Lines and columns of the matrix.
    pub(crate) fn dim(&self) -> (usize, usize) {
        (self.outer / self.joined, self.joined * self.channels * self.inner)
    }

    /// The batch as this matrix; copied only if it is not dense in memory.
    pub(crate) fn matrix<'a, T: Real, D: Dimension>(
        &self,
        batch: &'a ArrayView<'_, T, D>,
    ) -> Result<CowArray<'a, T, Ix2>, Error> {
        shaped(batch, self.dim())
    }

    /// Has `write` work on the batch as this matrix, by way of a copy only if it is not dense.
    pub(crate) fn with_matrix_mut<T: Real, D: Dimension, R>(
        &self,
        batch: ArrayViewMut<'_, T, D>,
        write: impl FnOnce(ArrayViewMut2<'_, T>) -> R,
    ) -> Result<R, Error> {
        with_shaped_mut(batch, self.dim(), write)
    }

    /// The columns of some channels: of one where they are planes, of all where lines are joined.
    pub(crate) fn columns(&self, channels: Range<usize>) -> Range<usize> {
        channels.start * self.inner..(channels.end * self.inner) * self.joined
    }

    /// How many blocks each channel is cut into.
    pub(crate) fn blocks(&self) -> usize {
        let (lines, piece) = self.block_size();
        self.dim().0.div_ceil(lines) * self.piece_total().div_ceil(piece)
    }

    /// The blocks in order, in the stripes that keep sums of their own.
    pub(crate) fn stripes(&self) -> impl ExactSizeIterator<Item = Range<usize>> + Clone + use<> {
        let blocks = self.blocks();
        let stripes = blocks.min(STRIPES);
        (0..stripes).map(move |stripe| stripe * blocks / stripes..(stripe + 1) * blocks / stripes)
    }

    /// One of the blocks.
    pub(crate) fn block(&self, index: usize) -> Block {
        let (lines, piece) = self.block_size();
        let pieces = self.piece_total().div_ceil(piece);
        Block {
            lines: span(index / pieces, lines, self.dim().0),
            piece: span(index % pieces, piece, self.piece_total()),
        }
    }

    /// Columns that blocks share out: those of a plane, else none, said as one piece.
    fn piece_total(&self) -> usize {
        if self.in_planes() { self.inner } else { 1 }
    }

    /// How many lines, and columns of a plane, a block has.
    fn block_size(&self) -> (usize, usize) {
        if self.in_planes() {
            ((BLOCK / self.inner).max(1), self.inner.min(BLOCK))
        } else {
            ((BLOCK / self.dim().1).max(LINES), 1)
        }
    }

    /// Of a matrix whose columns are those of `tile`, the values of a block.
    pub(crate) fn cut<'a, T>(&self, tile: ArrayView2<'a, T>, block: &Block) -> ArrayView2<'a, T> {
        let mut cut = tile;
        cut.slice_axis_inplace(Axis(0), block.lines.clone().into());
        if self.in_planes() {
            cut.slice_axis_inplace(Axis(1), block.piece.clone().into());
        }
        cut
    }
}

/// Some columns of a matrix.
pub(crate) fn columns<'a, T>(
    matrix: ArrayView2<'a, T>,
    columns: Range<usize>,
) -> ArrayView2<'a, T> {
    let mut cut = matrix;
    cut.slice_axis_inplace(Axis(1), columns.into());
    cut
}

/// The `index`-th piece of `0..total` in steps of `step`; the last may be shorter.
fn span(index: usize, step: usize, total: usize) -> Range<usize> {
    index * step..((index + 1) * step).min(total)
}
