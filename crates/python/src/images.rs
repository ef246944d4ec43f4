//! Images as NumPy lends them.

use numpy::{PyReadonlyArray3, PyReadonlyArray4};
use pyo3::FromPyObject;

/// A borrowed batch: an array of rank 4 and of any strides.
#[derive(FromPyObject)]
pub(crate) enum Images<'py> {
    /// `uint8`.
    #[pyo3(transparent, annotation = "a uint8 array of rank 4")]
    Bytes(PyReadonlyArray4<'py, u8>),
    /// `float32`.
    #[pyo3(transparent, annotation = "a float32 array of rank 4")]
    Floats(PyReadonlyArray4<'py, f32>),
}

/// A borrowed image: an array of rank 3 and of any strides.
#[derive(FromPyObject)]
pub(crate) enum Image<'py> {
    /// `uint8`.
    #[pyo3(transparent, annotation = "a uint8 array of rank 3")]
    Bytes(PyReadonlyArray3<'py, u8>),
    /// `float32`.
    #[pyo3(transparent, annotation = "a float32 array of rank 3")]
    Floats(PyReadonlyArray3<'py, f32>),
}

/// Does the same with values of either type: `each_type!(Images, images, |view| ...)`, where `view`
/// is a view of `u8` or `f32`.
macro_rules! each_type {
    ($kind:ident, $images:expr, |$view:ident| $work:expr) => {
        match $images {
            $crate::images::$kind::Bytes(array) => {
                let $view = array.as_array();
                $work
            }
            $crate::images::$kind::Floats(array) => {
                let $view = array.as_array();
                $work
            }
        }
    };
}
pub(crate) use each_type;
