//! How much each value of a batch counts in its statistics: a mask, or weights.

use mizumashi_stats::Layout;
use ndarray::{Array2, ArrayViewD};

use crate::kernel::{Operand, View};
use crate::{Error, Real};

/// A weight for each position of a batch, in row-major order, whatever the layout: given so, as in
/// Keras, or one per sample.
pub(crate) fn positions<T: Real>(
    weights: &ArrayViewD<'_, T>,
    batch: &[usize],
    layout: Layout,
) -> Result<Vec<f64>, Error> {
    let spatial = match layout {
        Layout::Nchw => &batch[2..],
        Layout::Nhwc => &batch[1..batch.len() - 1],
    };
    let expected = [&batch[..1], spatial].concat();
    for (index, &weight) in weights.iter().enumerate() {
        let weight = weight.into();
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(Error::Weight { index, weight });
        }
    }
    let values = weights.iter().map(|&weight| weight.into());
    if weights.shape() == expected {
        Ok(values.collect())
    } else if weights.shape() == &batch[..1] {
        let each = spatial.iter().product();
        Ok(values.flat_map(|weight: f64| std::iter::repeat_n(weight, each)).collect())
    } else {
        Err(Error::WeightsShape { found: weights.shape().to_vec(), expected })
    }
}

/// Weights as the matrices of a view take them.
pub(crate) struct Weights<T> {
    matrix: Array2<T>,
    shared: bool,
}

impl<T: Real> Weights<T> {
    /// One plane for all channels where they are planes, else one for each value of the batch.
    pub(crate) fn new(view: View, positions: &[f64]) -> Result<Self, Error> {
        let inner = view.inner();
        let expected = view.outer() * inner;
        if positions.len() != expected {
            return Err(Error::Length { list: "weights", found: positions.len(), expected });
        }
        let value =
            |outer: usize, inner_index: usize| T::of(positions[outer * inner + inner_index]);
        if view.in_planes() {
            let matrix = Array2::from_shape_fn((view.outer(), inner), |(o, i)| value(o, i));
            return Ok(Self { matrix, shared: true });
        }
        let row = view.channels() * inner;
        let matrix = Array2::from_shape_fn(view.dim(), |(line, column)| {
            value(line * view.joined() + column / row, column % inner)
        });
        Ok(Self { matrix, shared: false })
    }

    pub(crate) fn operand(&self) -> Operand<'_, T> {
        if self.shared {
            Operand::Shared(self.matrix.view())
        } else {
            Operand::Each(self.matrix.view())
        }
    }
}
