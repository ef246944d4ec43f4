//! Images in memory that batches are made of, again and again.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};

use mizumashi::ndarray::Array4;
use mizumashi::{Batch, Error, Pixel};
use numpy::{PyArray4, PyArrayMethods};
use pyo3::types::{PyAny, PyAnyMethods};
use pyo3::{Bound, Py, PyResult, Python, pyclass, pymethods};

use crate::arguments;
use crate::images::{Images, each_type};
use crate::narrowed::Narrowed;
use crate::parallel::detached;
use crate::picked::Picked;
use crate::request::Request;
use crate::spare::Spare;

/// An array of images, and what each batch of them leaves for the next: its memory, and whether the
/// images are bytes that came as floats.
///
/// The images are (samples, height, width, channels), or channels first; `uint8` or `float32`, of
/// any strides. They are not copied.
#[pyclass(frozen, module = "mizumashi._native")]
pub(crate) struct ArraySource {
    images: Stored,
    /// False once one of the floats was no byte.
    bytes: AtomicBool,
    spare: Spare,
}

enum Stored {
    Bytes(Py<PyArray4<u8>>),
    Floats(Py<PyArray4<f32>>),
}

#[pymethods]
impl ArraySource {
    #[new]
    fn new(images: Images<'_>) -> Self {
        let images = match images {
            Images::Bytes(array) => Stored::Bytes(array.as_unbound().clone_ref(array.py())),
            Images::Floats(array) => Stored::Floats(array.as_unbound().clone_ref(array.py())),
        };
        Self { images, bytes: AtomicBool::new(true), spare: Spare::default() }
    }

    /// The array.
    #[getter]
    fn images<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        match &self.images {
            Stored::Bytes(array) => array.bind(py).as_any().clone(),
            Stored::Floats(array) => array.bind(py).as_any().clone(),
        }
    }

    /// Whether all images met so far can be read as bytes.
    #[getter]
    fn bytes(&self) -> bool {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Raises a `ValueError` that names the first value which is NaN or infinite.
    fn check_finite(&self, py: Python<'_>, data_format: &str) -> PyResult<()> {
        let layout = arguments::layout(data_format)?;
        each_type!(Images, &self.lend(py)?, |view| detached(py, || {
            Pixel::check_finite(layout.to_nhwc(view))
        }))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyAny>, (Bound<'py, PyAny>,)) {
        (slf.get_type().into_any(), (slf.get().images(slf.py()),))
    }
}

impl ArraySource {
    /// The batch asked for, of the images at `indices` or of all, and as an array what it holds: the
    /// images of the batch itself are gone from it.
    pub(crate) fn serve<'py>(
        &self,
        py: Python<'py>,
        request: &Request<'_>,
        indices: Option<&[usize]>,
    ) -> PyResult<(Bound<'py, PyArray4<f32>>, Batch<()>)> {
        let memory = self.spare.take();
        let mut batch = match self.lend(py)? {
            Images::Bytes(array) => {
                let images = Picked::new(array.as_array(), request.layout, indices);
                detached(py, || request.serve(images, memory))?
            }
            Images::Floats(array) => {
                let images = Picked::new(array.as_array(), request.layout, indices);
                detached(py, || self.serve_floats(request, images, memory))?
            }
        };
        let images = mem::take(&mut batch.x);
        Ok((self.spare.lend(py, images)?, batch))
    }

    /// As bytes as long as they are, which takes half the time and gives the same bits.
    fn serve_floats(
        &self,
        request: &Request<'_>,
        images: Picked<'_, f32>,
        memory: Array4<f32>,
    ) -> Result<Batch<()>, Error> {
        if !self.bytes.load(Ordering::Relaxed) {
            return request.serve(images, memory);
        }
        match request.serve(Narrowed::new(images, &self.bytes), memory) {
            Err(_) if !self.bytes.load(Ordering::Relaxed) => {
                request.serve(images, Array4::default((0, 0, 0, 0)))
            }
            served => served,
        }
    }

    /// Number of images.
    pub(crate) fn samples(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(each_type!(Images, &self.lend(py)?, |view| view.dim().0))
    }

    fn lend<'py>(&self, py: Python<'py>) -> PyResult<Images<'py>> {
        Ok(match &self.images {
            Stored::Bytes(array) => Images::Bytes(array.bind(py).try_readonly()?),
            Stored::Floats(array) => Images::Floats(array.bind(py).try_readonly()?),
        })
    }
}
