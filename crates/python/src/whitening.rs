//! ZCA whitening of whole images.

use mizumashi::stats::Layout;
use mizumashi::whitening::{
    Centring, ImageMoments, ImageWhitening, Regularisation, Scope, Whitener,
};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray4};
use pyo3::types::{PyAny, PyAnyMethods};
use pyo3::{Bound, PyResult, Python, pyclass, pymethods};

use crate::arguments;
use crate::covariance::Covariance;
use crate::error::value_error;
use crate::images::{Images, each_type};
use crate::parallel::detached;

/// A fitted ZCA whitening between all values of an image.
#[pyclass(frozen, module = "mizumashi._native")]
pub(crate) struct Whitening {
    whitening: ImageWhitening,
    layout: Layout,
}

#[pymethods]
impl Whitening {
    /// Fits images of rank 4, `uint8` or `float32`.
    #[staticmethod]
    #[pyo3(signature = (images, *, epsilon=1e-6, center=true, data_format="channels_last"))]
    fn fit(
        py: Python<'_>,
        images: Images<'_>,
        epsilon: f64,
        center: bool,
        data_format: &str,
    ) -> PyResult<Self> {
        let layout = arguments::layout(data_format)?;
        let whitener = whitener(epsilon, center);
        let whitening = each_type!(Images, &images, |view| {
            detached(py, || whitener.fit_images(view, layout, Scope::Pixels))
        })?;
        Ok(Self { whitening, layout })
    }

    /// Fits images of which the covariance was gathered before, in parts and elsewhere perhaps.
    #[staticmethod]
    #[pyo3(signature = (covariance, *, epsilon=1e-6, center=true, data_format="channels_last"))]
    fn from_covariance(
        py: Python<'_>,
        covariance: &Covariance,
        epsilon: f64,
        center: bool,
        data_format: &str,
    ) -> PyResult<Self> {
        let layout = arguments::layout(data_format)?;
        let whitener = whitener(epsilon, center);
        let whitening = detached(py, || match covariance.states() {
            (Some(sums), _) => whitener.fit_image_moments(sums),
            (_, Some(sums)) => whitener.fit_image_moments(sums),
            _ => whitener.fit_image_moments(&ImageMoments::<u8>::new(Scope::Pixels)),
        })?;
        Ok(Self { whitening, layout })
    }

    /// The images whitened: `float32`, laid out as the fitted ones were.
    fn apply<'py>(
        &self,
        py: Python<'py>,
        images: Images<'py>,
    ) -> PyResult<Bound<'py, PyArray4<f32>>> {
        let white = each_type!(Images, &images, |view| detached(py, || self
            .whitening
            .apply(view, self.layout)))?;
        Ok(white.into_pyarray(py))
    }

    /// The matrix over images flattened row by row with channels innermost, if it takes at most
    /// `limit` bytes.
    #[pyo3(signature = (limit=1 << 30))]
    fn matrix<'py>(&self, py: Python<'py>, limit: u64) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let matrix = detached(py, || self.whitening.whitening().matrix(limit))?;
        Ok(matrix.into_pyarray(py))
    }

    /// Number of directions kept.
    #[getter]
    fn rank(&self) -> usize {
        self.whitening.whitening().rank()
    }

    /// Variances along the kept directions, largest first.
    #[getter]
    fn eigenvalues<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.whitening.whitening().eigenvalues().to_owned().into_pyarray(py)
    }

    /// All of it as JSON, to be read by `from_json`.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&(&self.whitening, self.layout)).map_err(value_error)
    }

    /// What `to_json` wrote.
    #[staticmethod]
    fn from_json(json: &str) -> PyResult<Self> {
        let (whitening, layout) = serde_json::from_str(json).map_err(value_error)?;
        Ok(Self { whitening, layout })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((slf.get_type().getattr("from_json")?, (slf.get().to_json()?,)))
    }

    fn __repr__(&self) -> String {
        let [height, width, channels] = self.whitening.shape();
        format!(
            "Whitening(height={height}, width={width}, channels={channels}, rank={})",
            self.rank()
        )
    }
}

fn whitener(epsilon: f64, center: bool) -> Whitener {
    Whitener::zca().regularisation(Regularisation::Eigenvalue(epsilon)).centring(if center {
        Centring::Mean
    } else {
        Centring::None
    })
}
