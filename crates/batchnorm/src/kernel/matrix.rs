//! Batches of any rank in the shape that a kernel takes.

use ndarray::{Array, ArrayView, ArrayViewMut, CowArray, Dimension, IntoDimension};

use crate::{Error, Real};

/// The batch in this shape; copied only if it is not dense in memory.
pub(crate) fn shaped<'a, T: Real, D: Dimension, E: IntoDimension>(
    batch: &'a ArrayView<'_, T, D>,
    shape: E,
) -> Result<CowArray<'a, T, E::Dim>, Error> {
    let shape = shape.into_dimension();
    let shaped = batch.to_shape(shape.clone()).map_err(|_| other(batch.shape(), &shape))?;
    // Values with gaps between them keep these where the new shape allows it.
    let dense = shaped.is_standard_layout();
    Ok(if dense { shaped } else { shaped.as_standard_layout().into_owned().into() })
}

/// Has `write` work on the batch in this shape, by way of a copy only if it is not dense.
pub(crate) fn with_shaped_mut<T: Real, D: Dimension, E: IntoDimension, R>(
    mut batch: ArrayViewMut<'_, T, D>,
    shape: E,
    write: impl FnOnce(ArrayViewMut<'_, T, E::Dim>) -> R,
) -> Result<R, Error> {
    let shape = shape.into_dimension();
    let found = batch.shape().to_vec();
    if let Some(values) = batch.as_slice_mut() {
        let shaped = ArrayViewMut::from_shape(shape.clone(), values);
        return shaped.map(write).map_err(|_| other(&found, &shape));
    }
    let mut copy: Array<T, E::Dim> = shaped(&batch.view(), shape)?.into_owned();
    let result = write(copy.view_mut());
    batch.iter_mut().zip(copy).for_each(|(place, value)| *place = value);
    Ok(result)
}

/// Callers check shapes; this says so should one not have been.
fn other<D: Dimension>(found: &[usize], expected: &D) -> Error {
    let (found, expected) = (found.to_vec(), expected.slice().to_vec());
    Error::Shape { array: "a batch", found, expected }
}
