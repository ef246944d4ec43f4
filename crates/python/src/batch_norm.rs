//! The layer of batch normalisation.

use mizumashi::batchnorm::{self, BatchNormConfig, Saved};
use mizumashi::ndarray::ArrayView1;
use numpy::{IntoPyArray, PyArray1, PyArrayDyn, PyReadonlyArrayDyn, ToPyArray};
use pyo3::types::{PyAny, PyAnyMethods};
use pyo3::{Bound, PyResult, Python, pyclass, pymethods};

use crate::arguments;
use crate::error::value_error;
use crate::parallel::detached;

/// Batch normalisation of float32 batches: y = gamma (x - mean) / sqrt(variance + epsilon) + beta.
///
/// Batches have any rank from 2 on. The convention, "keras" or "pytorch", sets what is not given:
///
/// - data_format: channels last, or second;
/// - epsilon: 1e-3, or 1e-5;
/// - momentum, the weight of a *new* batch in the running statistics: 0.01, or 0.1;
/// - the running variance: divided by n, or by n - 1.
///
/// >>> import mizumashi, numpy as np
/// >>> layer = mizumashi.BatchNorm(2)
/// >>> x = np.array([[1, 10], [3, 30]], dtype="float32")
/// >>> layer(x, training=True).round(2).tolist()
/// [[-1.0, -1.0], [1.0, 1.0]]
/// >>> layer.running_mean.round(3).tolist()
/// [0.02, 0.2]
#[pyclass(module = "mizumashi._native")]
pub(crate) struct BatchNorm {
    layer: batchnorm::BatchNorm<f32>,
    /// Of the last training pass.
    saved: Option<Saved>,
}

/// The gradients with respect to the input, gamma and beta.
type Gradients<'py> =
    (Bound<'py, PyArrayDyn<f32>>, Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<f32>>);

#[pymethods]
impl BatchNorm {
    #[new]
    #[pyo3(signature = (
        channels, *, convention="keras", epsilon=None, momentum=None, data_format=None,
    ))]
    fn new(
        channels: usize,
        convention: &str,
        epsilon: Option<f64>,
        momentum: Option<f64>,
        data_format: Option<&str>,
    ) -> PyResult<Self> {
        let mut config = match convention {
            "keras" => BatchNormConfig::keras(),
            "pytorch" => BatchNormConfig::pytorch(),
            _ => {
                return Err(value_error(format!(
                    "convention is {convention:?}; it must be \"keras\" or \"pytorch\""
                )));
            }
        };
        config.epsilon = epsilon.unwrap_or(config.epsilon);
        config.momentum = momentum.unwrap_or(config.momentum);
        if let Some(data_format) = data_format {
            config.layout = arguments::layout(data_format)?;
        }
        let layer = batchnorm::BatchNorm::new(channels, config).map_err(value_error)?;
        Ok(Self { layer, saved: None })
    }

    /// The batch normalised: with `training` by its own statistics, which the running ones then
    /// follow, else by the running ones.
    #[pyo3(signature = (x, training=false))]
    fn __call__<'py>(
        &mut self,
        py: Python<'py>,
        x: PyReadonlyArrayDyn<'py, f32>,
        training: bool,
    ) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let x = x.as_array();
        let y = if training {
            let (y, saved) = detached(py, || self.layer.forward(x))?;
            self.saved = Some(saved);
            y
        } else {
            detached(py, || self.layer.infer(x))?
        };
        Ok(y.into_pyarray(py))
    }

    /// The gradients (dx, dgamma, dbeta) of a loss, from its gradient `dy` with respect to the
    /// output of the last training pass, whose input was `x`.
    fn backward<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArrayDyn<'py, f32>,
        dy: PyReadonlyArrayDyn<'py, f32>,
    ) -> PyResult<Gradients<'py>> {
        let saved = self.saved.as_ref().ok_or_else(|| {
            value_error("there was no forward pass; call the layer with training=True first")
        })?;
        let (x, dy) = (x.as_array(), dy.as_array());
        let gradients = detached(py, || self.layer.backward(saved, x, dy))?;
        let parameters = [gradients.dgamma, gradients.dbeta].map(|g| g.into_pyarray(py));
        let [dgamma, dbeta] = parameters;
        Ok((gradients.dx.into_pyarray(py), dgamma, dbeta))
    }

    /// The learnt scale of each channel: a copy, to be set as a whole.
    #[getter]
    fn gamma<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.layer.gamma().to_pyarray(py)
    }

    #[setter]
    fn set_gamma(&mut self, values: Vec<f32>) -> PyResult<()> {
        self.check_count("gamma", values.len())?;
        self.layer.gamma_mut().assign(&ArrayView1::from(&values));
        Ok(())
    }

    /// The learnt shift of each channel: a copy, to be set as a whole.
    #[getter]
    fn beta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.layer.beta().to_pyarray(py)
    }

    #[setter]
    fn set_beta(&mut self, values: Vec<f32>) -> PyResult<()> {
        self.check_count("beta", values.len())?;
        self.layer.beta_mut().assign(&ArrayView1::from(&values));
        Ok(())
    }

    /// The running mean of each channel.
    #[getter]
    fn running_mean<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.layer.running_mean().to_pyarray(py)
    }

    /// The running variance of each channel.
    #[getter]
    fn running_variance<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.layer.running_variance().to_pyarray(py)
    }

    /// Number of training batches so far.
    #[getter]
    fn batches(&self) -> u64 {
        self.layer.batches()
    }

    /// Replaces the running statistics by those of a model trained elsewhere.
    fn set_running(&mut self, mean: Vec<f64>, variance: Vec<f64>) -> PyResult<()> {
        self.layer.set_running(&mean, &variance).map_err(value_error)
    }

    /// Settings, parameters and running statistics as JSON, to be read by `from_json`.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.layer).map_err(value_error)
    }

    /// What `to_json` wrote.
    #[staticmethod]
    fn from_json(json: &str) -> PyResult<Self> {
        Ok(Self { layer: serde_json::from_str(json).map_err(value_error)?, saved: None })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((slf.get_type().getattr("from_json")?, (slf.borrow().to_json()?,)))
    }

    fn __repr__(&self) -> String {
        let BatchNormConfig { layout, epsilon, momentum, variance, .. } = self.layer.config();
        format!(
            "BatchNorm(channels={}, layout={layout:?}, epsilon={epsilon}, momentum={momentum}, \
             running_variance={variance:?}, batches={})",
            self.layer.channels(),
            self.layer.batches()
        )
    }
}

impl BatchNorm {
    fn check_count(&self, name: &str, found: usize) -> PyResult<()> {
        let channels = self.layer.channels();
        if found == channels {
            return Ok(());
        }
        Err(value_error(format!("{name} has {found} values; there are {channels} channels")))
    }
}
