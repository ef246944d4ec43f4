//! The search for values that are NaN or infinite.

use ndarray::{ArrayView, Dimension};
use rayon::prelude::*;

use crate::Error;
use crate::simd::{Kernel, vectorised};

/// Refuses an array with a value that is NaN or infinite, naming the first in logical order.
pub(crate) fn check_finite<T, D>(values: &ArrayView<'_, T, D>) -> Result<(), Error>
where
    T: Copy + Into<f64> + Sync,
    D: Dimension,
{
    match first_offender(values) {
        Some((value, index)) => Err(Error::NonFinite { value, index }),
        None => Ok(()),
    }
}

/// The first value in logical order that is NaN or infinite, and its index.
pub(crate) fn first_offender<T, D>(values: &ArrayView<'_, T, D>) -> Option<(f64, Vec<usize>)>
where
    T: Copy + Into<f64> + Sync,
    D: Dimension,
{
    let finite = match values.as_slice_memory_order() {
        Some(values) => values.par_chunks(1 << 16).all(|values| vectorised(AllFinite(values))),
        None => values.iter().all(|&value| value.into().is_finite()),
    };
    if finite {
        return None;
    }
    let values = values.view().into_dyn();
    let mut entries = values.indexed_iter().map(|(index, &value)| (value.into(), index));
    entries
        .find(|(value, _)| !value.is_finite())
        .map(|(value, index)| (value, index.slice().to_vec()))
}

/// Looks at every value without stopping early, which lets the compiler look at several at once.
struct AllFinite<'a, T>(&'a [T]);

impl<T: Copy + Into<f64>> Kernel for AllFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        self.0.iter().fold(true, |finite, &value| finite & value.into().is_finite())
    }
}
