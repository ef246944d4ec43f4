use crate::Error;
use crate::allocate::zeros;
use ndarray::{Array2, ArrayView1};

/// One-hot rows: `[samples, classes]`, 1 in the column of each sample's label and 0 elsewhere.
///
/// The number of classes is never guessed, because a batch may lack the last class; take it from
/// [`Dataset::class_count`](crate::Dataset::class_count), or from all the labels by
/// [`class_count`].
///
/// ```
/// use mizumashi_data::to_categorical;
/// use ndarray::array;
///
/// let rows = to_categorical(array![2, 0].view(), 3)?;
/// assert_eq!(rows, array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
/// # Ok::<(), mizumashi_data::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::LabelOutOfRange`] for a label that is not below `classes`, and [`Error::TooLarge`]
/// when the result does not fit in memory.
pub fn to_categorical(labels: ArrayView1<usize>, classes: usize) -> Result<Array2<f32>, Error> {
    check_labels(labels, classes, "the labels")?;
    let mut rows = zeros((labels.len(), classes))?;
    for (mut row, &label) in rows.outer_iter_mut().zip(labels) {
        row[label] = 1.0;
    }
    Ok(rows)
}

/// The smallest number of classes that covers the labels: the largest label plus one, 0 for none.
///
/// It is the true number of classes only if the last class occurs.
pub fn class_count(labels: ArrayView1<usize>) -> usize {
    labels.iter().max().map_or(0, |&label| label.saturating_add(1))
}

/// Refuses labels that are not below `classes`; `input` says where they come from.
pub(crate) fn check_labels(
    labels: ArrayView1<usize>,
    classes: usize,
    input: &str,
) -> Result<(), Error> {
    match labels.indexed_iter().find(|&(_, &label)| label >= classes) {
        None => Ok(()),
        Some((index, &label)) => {
            Err(Error::LabelOutOfRange { input: input.to_owned(), index, label, classes })
        }
    }
}
