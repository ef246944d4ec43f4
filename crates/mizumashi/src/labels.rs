//! What travels with the images: labels, weights, several of them, or nothing.

use mizumashi_data::Error as DataError;
use ndarray::{Array, Array2, ArrayBase, Axis, Data, RemoveAxis};

use crate::Error;

/// Anything with one entry per image from which the entries of a batch can be picked.
///
/// Implemented by arrays whose first axis is the sample (class numbers, one-hot rows, regression
/// targets), by [`OneHot`], by pairs and lists of labels (labels and sample weights, say), by
/// references to all of these, and by `()` for images alone.
pub trait Labels {
    /// The entries of one batch.
    type Batch;

    /// The number of entries where it is not `images`, as it should be.
    fn mismatch(&self, images: usize) -> Option<usize>;

    /// The entries of the samples at `indices`, in this order.
    fn pick(&self, indices: &[usize]) -> Self::Batch;
}

/// Refuses another number of labels than images.
pub(crate) fn check_count(labels: &impl Labels, images: usize) -> Result<(), Error> {
    match labels.mismatch(images) {
        Some(labels) => Err(Error::LabelCount { images, labels }),
        None => Ok(()),
    }
}

impl Labels for () {
    type Batch = ();

    fn mismatch(&self, _: usize) -> Option<usize> {
        None
    }

    fn pick(&self, _: &[usize]) {}
}

impl<S, D> Labels for ArrayBase<S, D>
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

impl<L: Labels> Labels for &L {
    type Batch = L::Batch;

    fn mismatch(&self, images: usize) -> Option<usize> {
        (**self).mismatch(images)
    }

    fn pick(&self, indices: &[usize]) -> Self::Batch {
        (**self).pick(indices)
    }
}

impl<L: Labels> Labels for Vec<L> {
    type Batch = Vec<L::Batch>;

    fn mismatch(&self, images: usize) -> Option<usize> {
        self.iter().find_map(|labels| labels.mismatch(images))
    }

    fn pick(&self, indices: &[usize]) -> Self::Batch {
        self.iter().map(|labels| labels.pick(indices)).collect()
    }
}

/// Class numbers that are served as one-hot rows, `[samples, classes]`: 1 in the columns of a
/// sample's classes, 0 elsewhere. It takes the memory of the numbers, not of the rows.
///
/// ```
/// use mizumashi::{Labels, OneHot};
/// use ndarray::array;
///
/// let labels = OneHot::new(vec![vec![2], vec![0, 1]], 3)?;
/// assert_eq!(labels.pick(&[1, 0]), array![[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
/// # Ok::<(), mizumashi::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneHot {
    labels: Vec<Vec<usize>>,
    classes: usize,
}

impl OneHot {
    /// The classes of each sample, all below `classes`.
    ///
    /// # Errors
    /// [`Error::Data`] when one is not.
    pub fn new(labels: Vec<Vec<usize>>, classes: usize) -> Result<Self, Error> {
        for (index, labels) in labels.iter().enumerate() {
            if let Some(&label) = labels.iter().find(|&&label| label >= classes) {
                let input = "the labels".into();
                return Err(DataError::LabelOutOfRange { input, index, label, classes }.into());
            }
        }
        Ok(Self { labels, classes })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }
}

impl Labels for OneHot {
    type Batch = Array2<f32>;

    fn mismatch(&self, images: usize) -> Option<usize> {
        (self.labels.len() != images).then_some(self.labels.len())
    }

    fn pick(&self, indices: &[usize]) -> Array2<f32> {
        let mut rows = Array2::zeros((indices.len(), self.classes));
        for (mut row, &index) in rows.outer_iter_mut().zip(indices) {
            for &label in &self.labels[index] {
                row[label] = 1.0;
            }
        }
        rows
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
