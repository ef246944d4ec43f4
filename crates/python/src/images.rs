//! Batches of images as NumPy lends them.

use numpy::PyReadonlyArray4;
use pyo3::FromPyObject;

/// A borrowed array of rank 4 and of any strides.
#[derive(FromPyObject)]
pub(crate) enum Images<'py> {
    /// `uint8`.
    #[pyo3(transparent, annotation = "a uint8 array of rank 4")]
    Bytes(PyReadonlyArray4<'py, u8>),
    /// `float32`.
    #[pyo3(transparent, annotation = "a float32 array of rank 4")]
    Floats(PyReadonlyArray4<'py, f32>),
}

/// Does the same with images of either type: `each_type!(images, |view| ...)`, where `view` is an
/// `ArrayView4` of `u8` or `f32`.
macro_rules! each_type {
    ($images:expr, |$view:ident| $work:expr) => {
        match $images {
            $crate::images::Images::Bytes(array) => {
                let $view = array.as_array();
                $work
            }
            $crate::images::Images::Floats(array) => {
                let $view = array.as_array();
                $work
            }
        }
    };
}
pub(crate) use each_type;
