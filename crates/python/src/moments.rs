//! Statistics of images.

use mizumashi::stats::{self, Grouping, Histogram, PartialState, Statistics, Summary, state_kind};
use mizumashi::transform::serde;
use numpy::{IntoPyArray, PyArray1};
use pyo3::types::{PyAny, PyAnyMethods, PyBytes, PyBytesMethods};
use pyo3::{Bound, PyResult, Python, pyclass, pymethods};

use crate::arguments;
use crate::error::value_error;
use crate::images::Images;
use crate::parallel::detached;

/// Mean, standard deviation and extremes per channel of a stream of images.
///
/// `uint8` images are counted in histograms: their figures are exact, whatever the order.
#[pyclass(module = "mizumashi._native")]
pub(crate) struct Moments {
    figures: Figures,
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(crate = "mizumashi::transform::serde", rename_all = "snake_case")]
enum Figures {
    /// Of no images yet.
    Nothing,
    Bytes(Statistics<Histogram>),
    Floats(Statistics<stats::Moments>),
}

impl Figures {
    /// One figure per channel.
    fn each(&self, of: impl Fn(&dyn Summary) -> f64) -> Vec<f64> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Bytes(figures) => figures.groups().iter().map(|group| of(group)).collect(),
            Self::Floats(figures) => figures.groups().iter().map(|group| of(group)).collect(),
        }
    }
}

const MIXED: &str = "uint8 and float32 images are mixed; use one Moments for each type";

#[pymethods]
impl Moments {
    #[new]
    fn new() -> Self {
        Self { figures: Figures::Nothing }
    }

    /// Adds a batch of images of rank 4, `uint8` or `float32`.
    #[pyo3(signature = (images, data_format="channels_last"))]
    fn update(&mut self, py: Python<'_>, images: Images<'_>, data_format: &str) -> PyResult<()> {
        let layout = arguments::layout(data_format)?;
        if let Figures::Nothing = self.figures {
            self.figures = match &images {
                Images::Bytes(_) => Figures::Bytes(Statistics::new(Grouping::Channel)),
                Images::Floats(_) => Figures::Floats(Statistics::new(Grouping::Channel)),
            };
        }
        match (&mut self.figures, &images) {
            (Figures::Bytes(figures), Images::Bytes(images)) => {
                let images = images.as_array();
                detached(py, || figures.update(images, layout))
            }
            (Figures::Floats(figures), Images::Floats(images)) => {
                let images = images.as_array();
                detached(py, || figures.update(images, layout))
            }
            _ => Err(value_error(MIXED)),
        }
    }

    /// Adds the images of another, as if they had come after these.
    fn merge(&mut self, other: &Self) -> PyResult<()> {
        match (&mut self.figures, &other.figures) {
            (_, Figures::Nothing) => Ok(()),
            (Figures::Nothing, _) => {
                self.figures = other.figures.clone();
                Ok(())
            }
            (Figures::Bytes(figures), Figures::Bytes(other)) => {
                figures.merge(other).map_err(value_error)
            }
            (Figures::Floats(figures), Figures::Floats(other)) => {
                figures.merge(other).map_err(value_error)
            }
            _ => Err(value_error(MIXED)),
        }
    }

    /// Number of images added.
    #[getter]
    fn samples(&self) -> u64 {
        match &self.figures {
            Figures::Nothing => 0,
            Figures::Bytes(figures) => figures.samples(),
            Figures::Floats(figures) => figures.samples(),
        }
    }

    /// Mean of each channel.
    #[getter]
    fn mean<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.figures.each(|channel| channel.mean()).into_pyarray(py)
    }

    /// Population standard deviation of each channel.
    #[getter]
    fn std<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.figures.each(|channel| channel.std()).into_pyarray(py)
    }

    /// Smallest value of each channel.
    #[getter]
    fn min<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.figures.each(|channel| channel.min()).into_pyarray(py)
    }

    /// Largest value of each channel.
    #[getter]
    fn max<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.figures.each(|channel| channel.max()).into_pyarray(py)
    }

    /// All of it as JSON, to be read by `from_json`.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.figures).map_err(value_error)
    }

    /// What `to_json` wrote.
    #[staticmethod]
    fn from_json(json: &str) -> PyResult<Self> {
        Ok(Self { figures: serde_json::from_str(json).map_err(value_error)? })
    }

    /// Bytes that the state takes in memory.
    #[getter]
    fn nbytes(&self) -> usize {
        match &self.figures {
            Figures::Nothing => size_of::<Self>(),
            Figures::Bytes(figures) => figures.memory(),
            Figures::Floats(figures) => figures.memory(),
        }
    }

    /// The state as compact bytes, to be read by `from_bytes` or `mizumashi merge`.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = match &self.figures {
            Figures::Nothing => Statistics::<Histogram>::new(Grouping::Channel).to_bytes(),
            Figures::Bytes(figures) => figures.to_bytes(),
            Figures::Floats(figures) => figures.to_bytes(),
        };
        Ok(PyBytes::new(py, &bytes.map_err(value_error)?))
    }

    /// What `to_bytes` or `mizumashi fit --partial` wrote; raises a `ValueError` for anything else.
    #[staticmethod]
    fn from_bytes(data: &Bound<'_, PyBytes>) -> PyResult<Self> {
        let data = data.as_bytes();
        let figures = if state_kind(data) == Some(Statistics::<stats::Moments>::KIND) {
            Figures::Floats(Statistics::from_bytes(data).map_err(value_error)?)
        } else {
            Figures::Bytes(Statistics::from_bytes(data).map_err(value_error)?)
        };
        let (grouping, samples) = match &figures {
            Figures::Nothing => (Grouping::Channel, 0),
            Figures::Bytes(figures) => (figures.grouping(), figures.samples()),
            Figures::Floats(figures) => (figures.grouping(), figures.samples()),
        };
        match (grouping, samples) {
            (Grouping::Channel, 0) => Ok(Self::new()),
            (Grouping::Channel, _) => Ok(Self { figures }),
            _ => Err(value_error(format!(
                "the statistics are per {grouping}; Moments are per channel"
            ))),
        }
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let bytes = slf.borrow().to_bytes(slf.py())?;
        Ok((slf.get_type().getattr("from_bytes")?, (bytes,)))
    }

    fn __repr__(&self) -> String {
        let [mean, std] = [self.figures.each(|c| c.mean()), self.figures.each(|c| c.std())];
        format!("Moments(samples={}, mean={mean:.4?}, std={std:.4?})", self.samples())
    }
}

impl Moments {
    /// The figures of `uint8` images, or else of `float32` ones.
    pub(crate) fn states(
        &self,
    ) -> (Option<&Statistics<Histogram>>, Option<&Statistics<stats::Moments>>) {
        match &self.figures {
            Figures::Nothing => (None, None),
            Figures::Bytes(figures) => (Some(figures), None),
            Figures::Floats(figures) => (None, Some(figures)),
        }
    }
}
