//! The generator of our own interface.

use mizumashi::ImageDataGenerator;
use mizumashi::ndarray::Axis;
use numpy::{IntoPyArray, PyArray1, PyArray4};
use pyo3::{Bound, PyResult, Python, pyclass, pymethods};

use crate::arguments::{self, ShiftRange, ZoomRange};
use crate::error::value_error;
use crate::images::{Images, each_type};
use crate::request::Request;

/// What the Python class `ImageDataGenerator` runs on.
#[pyclass(module = "mizumashi._native")]
pub(crate) struct Generator {
    generator: ImageDataGenerator,
    data_format: String,
}

/// A batch, the indices of its samples, and the epoch and position to continue at.
type Batch<'py> = (Bound<'py, PyArray4<f32>>, Bound<'py, PyArray1<i64>>, u64, usize);

#[pymethods]
impl Generator {
    #[new]
    #[pyo3(signature = (
        *, featurewise_center, samplewise_center, featurewise_std_normalization,
        samplewise_std_normalization, zca_whitening, zca_epsilon, rotation_range,
        width_shift_range, height_shift_range, shear_range, zoom_range, fill_mode, cval,
        horizontal_flip, vertical_flip, rescale, data_format, interpolation_order,
    ))]
    #[allow(clippy::too_many_arguments)] // each is an argument of Keras'
    fn new(
        featurewise_center: bool,
        samplewise_center: bool,
        featurewise_std_normalization: bool,
        samplewise_std_normalization: bool,
        zca_whitening: bool,
        zca_epsilon: f64,
        rotation_range: f64,
        width_shift_range: ShiftRange,
        height_shift_range: ShiftRange,
        shear_range: f64,
        zoom_range: ZoomRange,
        fill_mode: &str,
        cval: f32,
        horizontal_flip: bool,
        vertical_flip: bool,
        rescale: Option<f32>,
        data_format: String,
        interpolation_order: i64,
    ) -> PyResult<Self> {
        let mut builder = ImageDataGenerator::builder()
            .featurewise_center(featurewise_center)
            .samplewise_center(samplewise_center)
            .featurewise_std_normalization(featurewise_std_normalization)
            .samplewise_std_normalization(samplewise_std_normalization)
            .zca_whitening(zca_whitening)
            .zca_epsilon(zca_epsilon)
            .rotation_range(rotation_range)
            .width_shift_range(width_shift_range)
            .height_shift_range(height_shift_range)
            .shear_range(shear_range)
            .zoom_range(zoom_range)
            .fill_mode(arguments::border(fill_mode, cval)?)
            .interpolation(arguments::interpolation(interpolation_order)?)
            .horizontal_flip(horizontal_flip)
            .vertical_flip(vertical_flip)
            .data_format(arguments::layout(&data_format)?);
        if let Some(factor) = rescale {
            builder = builder.rescale(factor);
        }
        Ok(Self { generator: builder.build().map_err(value_error)?, data_format })
    }

    /// Learns the figures of a data set; see `ImageDataGenerator.fit`.
    #[pyo3(signature = (x, rounds=None, seed=0))]
    fn fit(
        &mut self,
        py: Python<'_>,
        x: Images<'_>,
        rounds: Option<u64>,
        seed: u64,
    ) -> PyResult<()> {
        let generator = &mut self.generator;
        each_type!(&x, |view| py.detach(|| match rounds {
            Some(rounds) => generator.fit_augmented(&view, rounds, seed),
            None => generator.fit(&view),
        }))
        .map_err(value_error)
    }

    /// The images normalised without augmentation.
    fn standardize<'py>(
        &self,
        py: Python<'py>,
        x: Images<'py>,
    ) -> PyResult<Bound<'py, PyArray4<f32>>> {
        let batch = each_type!(&x, |view| py.detach(|| self.generator.standardize(&view)));
        Ok(batch.map_err(value_error)?.into_pyarray(py))
    }

    /// The batch that follows `position` samples of an epoch of `x`, whose values are finite.
    #[pyo3(signature = (x, batch_size, *, shuffle, seed, epoch, position))]
    #[allow(clippy::too_many_arguments)] // the state of a flow
    fn batch<'py>(
        &self,
        py: Python<'py>,
        x: Images<'py>,
        batch_size: usize,
        shuffle: bool,
        seed: u64,
        epoch: u64,
        position: usize,
    ) -> PyResult<Batch<'py>> {
        let layout = arguments::layout(&self.data_format)?;
        let recipe = self.generator.recipe().map_err(value_error)?;
        let request = Request { recipe, layout, batch_size, shuffle, seed, epoch, position };
        let (batch, end) = each_type!(&x, |view| {
            let served = py.detach(|| request.serve(view, None));
            (served.map_err(value_error)?, view.len_of(Axis(0)))
        });
        let indices: Vec<i64> = batch.indices.iter().map(|&index| index as i64).collect();
        let (epoch, position) = match batch.position {
            position if position == end => (batch.epoch.wrapping_add(1), 0),
            position => (batch.epoch, position),
        };
        Ok((batch.x.into_pyarray(py), indices.into_pyarray(py), epoch, position))
    }

    /// Means per channel, after a fit.
    #[getter]
    fn mean(&self) -> Option<Vec<f64>> {
        self.generator.mean().map(<[f64]>::to_vec)
    }

    /// Population standard deviations per channel, after a fit.
    #[getter]
    fn std(&self) -> Option<Vec<f64>> {
        self.generator.std().map(<[f64]>::to_vec)
    }

    /// The whole recipe as JSON, fitted figures and all.
    fn recipe(&self) -> PyResult<String> {
        self.generator.recipe().map_err(value_error)?.to_json().map_err(value_error)
    }
}
