use crate::Error;
use ndarray::{Array, Dimension, IntoDimension};

/// An array of zeros, or an error where [`Array::zeros`] would abort for want of memory.
pub(crate) fn zeros<T: Clone + Default, S: IntoDimension>(
    shape: S,
) -> Result<Array<T, S::Dim>, Error> {
    let shape = shape.into_dimension();
    let too_large = || Error::TooLarge { shape: shape.slice().to_vec() };
    let length = shape.size_checked().ok_or_else(too_large)?;
    let mut values = Vec::new();
    values.try_reserve_exact(length).map_err(|_| too_large())?;
    values.resize(length, T::default());
    Array::from_shape_vec(shape.clone(), values).map_err(|_| too_large())
}
