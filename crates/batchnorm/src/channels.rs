//! The one shape that every kernel sees, `[outer, channel, inner]`, and how it is cut into blocks.
//!
//! ```text
//! (n, c)      = [n,         c, 1]
//! NCHW        = [n,         c, h * w]
//! NHWC        = [n * h * w, c, 1]
//! ```
//!
//! A batch whose `inner` is long is worked on one channel at a time, in *planes* of `inner`
//! consecutive values; one whose `inner` is short in *rows* of all channels, `channels * inner`
//! consecutive values. Blocks, and with them the order of every sum, follow from the shape alone.

use std::ops::Range;

use mizumashi_stats::Layout;

use crate::Error;

/// From this length of `inner` on a batch is worked on in planes.
const PLANE: usize = 16;

/// Values in a block: few enough for two passes over them to stay in the nearest cache.
const BLOCK: usize = 4096;

/// Rows that a block has at least, to spread the cost of closing it.
const ROWS: usize = 64;

/// A dense, row-major batch seen as `[outer, channel, inner]`; none of the three is 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channels {
    pub(crate) outer: usize,
    pub(crate) channels: usize,
    pub(crate) inner: usize,
}

/// Runs of consecutive values, equally long and equally far apart, that hold the same number of
/// values of each channel in `channels`.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) channels: Range<usize>,
    pub(crate) values_per_channel: usize,
    first: Range<usize>,
    runs: usize,
    stride: usize,
}

impl Channels {
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
        Ok(Self { outer, channels, inner })
    }

    pub(crate) fn values_per_channel(&self) -> usize {
        self.outer * self.inner
    }

    /// Whether the values of a channel lie in runs long enough to work on them one by one.
    pub(crate) fn in_planes(&self) -> bool {
        self.inner >= PLANE
    }

    /// The length of a row.
    pub(crate) fn row(&self) -> usize {
        self.channels * self.inner
    }

    /// How many blocks the batch is cut into.
    pub(crate) fn blocks(&self) -> usize {
        let (outer, inner) = self.block_size();
        let positions = self.outer.div_ceil(outer) * self.inner.div_ceil(inner);
        if self.in_planes() { positions * self.channels } else { positions }
    }

    /// One of the blocks. Their order is that of memory, as far as may be.
    pub(crate) fn block(&self, index: usize) -> Block {
        let (outer, inner) = self.block_size();
        if !self.in_planes() {
            let rows = span(index, outer, self.outer);
            return Block {
                channels: 0..self.channels,
                values_per_channel: rows.len() * self.inner,
                first: rows.start * self.row()..rows.end * self.row(),
                runs: 1,
                stride: 0,
            };
        }
        let channel = index % self.channels;
        let index = index / self.channels;
        let pieces = self.inner.div_ceil(inner);
        let samples = span(index / pieces, outer, self.outer);
        let piece = span(index % pieces, inner, self.inner);
        let plane = (samples.start * self.channels + channel) * self.inner;
        Block {
            channels: channel..channel + 1,
            values_per_channel: samples.len() * piece.len(),
            first: plane + piece.start..plane + piece.end,
            runs: samples.len(),
            stride: self.row(),
        }
    }

    /// How much of `outer` and of `inner` a block takes.
    fn block_size(&self) -> (usize, usize) {
        if self.in_planes() {
            ((BLOCK / self.inner).max(1), self.inner.min(BLOCK))
        } else {
            ((BLOCK / self.row()).max(ROWS), self.inner)
        }
    }
}

impl Block {
    /// The runs, as positions in the batch.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let Self { first, stride, .. } = self;
        (0..self.runs).map(move |run| first.start + run * stride..first.end + run * stride)
    }
}

/// The `index`-th piece of `0..total` in steps of `step`; the last may be shorter.
fn span(index: usize, step: usize, total: usize) -> Range<usize> {
    index * step..((index + 1) * step).min(total)
}
