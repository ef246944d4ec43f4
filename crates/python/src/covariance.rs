//! Covariance of images.

use std::convert::Infallible;

use mizumashi::stats::{JointSummary, PartialState, state_kind};
use mizumashi::whitening::{ImageMoments, Scope};
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::types::{PyAny, PyAnyMethods, PyBytes, PyBytesMethods};
use pyo3::{Bound, PyResult, Python, pyclass, pymethods};

use crate::arguments;
use crate::error::value_error;
use crate::images::Images;
use crate::parallel::detached;

/// Mean and covariance of a stream of images: between all values of an image (`over="pixels"`), or
/// between the channels of a pixel (`over="channels"`).
///
/// `uint8` images are summed in integers: the state is exact, and the same bytes whatever the order.
#[pyclass(module = "mizumashi._native")]
pub(crate) struct Covariance {
    scope: Scope,
    sums: Sums,
}

#[derive(Clone)]
enum Sums {
    /// Of no images yet.
    Nothing,
    Bytes(ImageMoments<u8>),
    Floats(ImageMoments<f32>),
}

const MIXED: &str = "uint8 and float32 images are mixed; use one Covariance for each type";

#[pymethods]
impl Covariance {
    #[new]
    #[pyo3(signature = (over="pixels"))]
    fn new(over: &str) -> PyResult<Self> {
        Ok(Self { scope: arguments::scope(over)?, sums: Sums::Nothing })
    }

    /// Adds a batch of images of rank 4, `uint8` or `float32`.
    #[pyo3(signature = (images, data_format="channels_last"))]
    fn update(&mut self, py: Python<'_>, images: Images<'_>, data_format: &str) -> PyResult<()> {
        let layout = arguments::layout(data_format)?;
        if let Sums::Nothing = self.sums {
            self.sums = match &images {
                Images::Bytes(_) => Sums::Bytes(ImageMoments::new(self.scope)),
                Images::Floats(_) => Sums::Floats(ImageMoments::new(self.scope)),
            };
        }
        match (&mut self.sums, &images) {
            (Sums::Bytes(sums), Images::Bytes(images)) => {
                let images = images.as_array();
                detached(py, || sums.update(images, layout))
            }
            (Sums::Floats(sums), Images::Floats(images)) => {
                let images = images.as_array();
                detached(py, || sums.update(images, layout))
            }
            _ => Err(value_error(MIXED)),
        }
    }

    /// Adds the images of another, as if they had come after these.
    fn merge(&mut self, py: Python<'_>, other: &Self) -> PyResult<()> {
        if self.scope != other.scope {
            return Err(value_error(mizumashi::whitening::Error::ScopesDiffer));
        }
        match (&mut self.sums, &other.sums) {
            (_, Sums::Nothing) => Ok(()),
            (Sums::Nothing, _) => {
                self.sums = other.sums.clone();
                Ok(())
            }
            (Sums::Bytes(sums), Sums::Bytes(other)) => detached(py, || sums.merge(other)),
            (Sums::Floats(sums), Sums::Floats(other)) => detached(py, || sums.merge(other)),
            _ => Err(value_error(MIXED)),
        }
    }

    /// `"pixels"` or `"channels"`.
    #[getter]
    fn over(&self) -> &'static str {
        match self.scope {
            Scope::Channels => "channels",
            _ => "pixels",
        }
    }

    /// Number of observations added: images, or their pixels.
    #[getter]
    fn count(&self) -> u64 {
        match &self.sums {
            Sums::Nothing => 0,
            Sums::Bytes(sums) => sums.count(),
            Sums::Floats(sums) => sums.count(),
        }
    }

    /// Mean of each value.
    #[getter]
    fn mean<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let mean = match &self.sums {
            Sums::Nothing => None,
            Sums::Bytes(sums) => sums.moments().map(JointSummary::mean),
            Sums::Floats(sums) => sums.moments().map(JointSummary::mean),
        };
        mean.unwrap_or_default().into_pyarray(py)
    }

    /// The population covariance of values in the order row, column, channel.
    fn matrix<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let matrix = detached(py, || {
            Ok::<_, Infallible>(match &self.sums {
                Sums::Nothing => None,
                Sums::Bytes(sums) => sums.moments().map(JointSummary::covariance),
                Sums::Floats(sums) => sums.moments().map(JointSummary::covariance),
            })
        })?;
        Ok(matrix.unwrap_or_default().into_pyarray(py))
    }

    /// Bytes that the state takes in memory.
    #[getter]
    fn nbytes(&self) -> usize {
        match &self.sums {
            Sums::Nothing => size_of::<Self>(),
            Sums::Bytes(sums) => sums.memory(),
            Sums::Floats(sums) => sums.memory(),
        }
    }

    /// The state as compact bytes, to be read by `from_bytes`.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = detached(py, || match &self.sums {
            Sums::Nothing => ImageMoments::<u8>::new(self.scope).to_bytes(),
            Sums::Bytes(sums) => sums.to_bytes(),
            Sums::Floats(sums) => sums.to_bytes(),
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// What `to_bytes` wrote; raises a `ValueError` for anything else.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: &Bound<'_, PyBytes>) -> PyResult<Self> {
        let data = data.as_bytes();
        if state_kind(data) == Some(ImageMoments::<f32>::KIND) {
            let sums = detached(py, || ImageMoments::<f32>::from_bytes(data))?;
            return Ok(Self { scope: sums.scope(), sums: Sums::Floats(sums) });
        }
        let sums = detached(py, || ImageMoments::<u8>::from_bytes(data))?;
        let scope = sums.scope();
        let sums = if sums.count() == 0 { Sums::Nothing } else { Sums::Bytes(sums) };
        Ok(Self { scope, sums })
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let bytes = slf.borrow().to_bytes(slf.py())?;
        Ok((slf.get_type().getattr("from_bytes")?, (bytes,)))
    }

    fn __repr__(&self) -> String {
        format!("Covariance(over={:?}, count={})", self.over(), self.count())
    }
}

impl Covariance {
    /// The state of `uint8` images, or else of `float32` ones.
    pub(crate) fn states(&self) -> (Option<&ImageMoments<u8>>, Option<&ImageMoments<f32>>) {
        match &self.sums {
            Sums::Nothing => (None, None),
            Sums::Bytes(sums) => (Some(sums), None),
            Sums::Floats(sums) => (None, Some(sums)),
        }
    }
}
