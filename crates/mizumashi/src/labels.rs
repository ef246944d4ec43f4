//! What travels with the images: labels, weights, several of them, or nothing.

use ndarray::{Array, ArrayBase, Axis, Data, RemoveAxis};

/// Anything with one entry per image from which the entries of a batch can be picked.
///
/// Implemented by references to arrays whose first axis is the sample (class numbers, one-hot
/// rows, regression targets), by pairs of labels (labels and sample weights, say), and by `()`
/// for images alone.
pub trait Labels {
    /// The entries of one batch.
    type Batch;

    /// The number of entries where it is not `images`, as it should be.
    fn mismatch(&self, images: usize) -> Option<usize>;

    /// The entries of the samples at `indices`, in this order.
    fn pick(&self, indices: &[usize]) -> Self::Batch;
}

impl Labels for () {
    type Batch = ();

    fn mismatch(&self, _: usize) -> Option<usize> {
        None
    }

    fn pick(&self, _: &[usize]) {}
}

impl<S, D> Labels for &ArrayBase<S, D>
where
    S: Data<Elem: Clone>,
    D: RemoveAxis,
{
    type Batch = Array<S::Elem, D>;

    fn mismatch(&self, images: usize) -> Option<usize> {
        let count = self.shape().first().copied().unwrap_or(0);
        (count != images).then_some(count)
    }

    fn pick(&self, indices: &[usize]) -> Self::Batch {
        self.select(Axis(0), indices)
    }
}

impl<A: Labels, B: Labels> Labels for (A, B) {
    type Batch = (A::Batch, B::Batch);

    fn mismatch(&self, images: usize) -> Option<usize> {
        self.0.mismatch(images).or_else(|| self.1.mismatch(images))
    }

    fn pick(&self, indices: &[usize]) -> Self::Batch {
        (self.0.pick(indices), self.1.pick(indices))
    }
}
