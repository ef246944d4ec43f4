//! Memory of batches, used again once Python has let go of it.

#![allow(unsafe_code)] // NumPy is handed memory that Rust owns

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mizumashi::ndarray::Array4;
use numpy::PyArray4;
use pyo3::{Bound, PyResult, Python, pyclass};

/// How many batches' worth of memory is kept: one is in use while the next is made.
const KEPT: usize = 2;

/// Memory of batches that nobody uses. Fresh memory is cleared or mapped page by page first, by one
/// thread, which takes a good part of the time that all threads take to fill it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spare {
    batches: Arc<Mutex<Vec<Array4<f32>>>>,
}

impl Spare {
    /// The memory of an earlier batch, or an empty array.
    pub(crate) fn take(&self) -> Array4<f32> {
        self.lock().pop().unwrap_or_default()
    }

    /// `batch` as an array of NumPy's. Its memory comes back when that array and all views of it are
    /// gone.
    pub(crate) fn lend<'py>(
        &self,
        py: Python<'py>,
        batch: Array4<f32>,
    ) -> PyResult<Bound<'py, PyArray4<f32>>> {
        let owner = Bound::new(py, Lent { batch, spare: self.clone() })?;
        // SAFETY: the array becomes the owner of `owner`, which holds the memory and does nothing
        // with it, nor lends it to anyone else, until it is dropped.
        Ok(unsafe { PyArray4::borrow_from_array(&owner.get().batch, owner.clone().into_any()) })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Array4<f32>>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What keeps the memory of a batch while NumPy has it.
#[pyclass(frozen, module = "mizumashi._native")]
struct Lent {
    batch: Array4<f32>,
    spare: Spare,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut batches = self.spare.lock();
        if batches.len() < KEPT {
            batches.push(mem::take(&mut self.batch));
        }
    }
}
