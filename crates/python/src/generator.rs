//! The generator of our own interface.

use mizumashi::ImageDataGenerator;
use mizumashi::stats::{Grouping, Histogram, Statistics};
use numpy::{IntoPyArray, PyArray4};
use pyo3::{Bound, PyResult, Python, pyclass, pymethods};

use crate::arguments::{self, ShiftRange, ZoomRange};
use crate::covariance::Covariance;
use crate::error::value_error;
use crate::images::{Images, each_type};
use crate::moments::Moments;
use crate::parallel::detached;
use crate::recipe::Recipe;

/// What the Python class `ImageDataGenerator` runs on.
#[pyclass(module = "mizumashi._native")]
pub(crate) struct Generator {
    generator: ImageDataGenerator,
}

#[pymethods]
impl Generator {
    #[new]
    #[pyo3(signature = (
        *, featurewise_center, samplewise_center, featurewise_std_normalization,
        samplewise_std_normalization, zca_whitening, zca_epsilon, rotation_range,
        width_shift_range, height_shift_range, brightness_range, shear_range, zoom_range,
        channel_shift_range, fill_mode, cval, horizontal_flip, vertical_flip, rescale, data_format,
        interpolation_order,
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
        brightness_range: Option<[f64; 2]>,
        shear_range: f64,
        zoom_range: ZoomRange,
        channel_shift_range: f64,
        fill_mode: &str,
        cval: f32,
        horizontal_flip: bool,
        vertical_flip: bool,
        rescale: Option<f32>,
        data_format: &str,
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
            .channel_shift_range(channel_shift_range)
            .fill_mode(arguments::border(fill_mode, cval)?)
            .interpolation(arguments::interpolation(interpolation_order)?)
            .horizontal_flip(horizontal_flip)
            .vertical_flip(vertical_flip)
            .data_format(arguments::layout(data_format)?);
        if let Some([low, high]) = brightness_range {
            builder = builder.brightness_range(low, high);
        }
        if let Some(factor) = rescale {
            builder = builder.rescale(factor);
        }
        Ok(Self { generator: builder.build().map_err(value_error)? })
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
        each_type!(Images, &x, |view| detached(py, || match rounds {
            Some(rounds) => generator.fit_augmented(&view, rounds, seed),
            None => generator.fit(&view),
        }))
    }

    /// Takes what states of the images say of them; see `ImageDataGenerator.fit_moments`.
    #[pyo3(signature = (moments, covariance=None))]
    fn fit_moments(
        &mut self,
        py: Python<'_>,
        moments: &Moments,
        covariance: Option<&Covariance>,
    ) -> PyResult<()> {
        let generator = &mut self.generator;
        let (bytes, floats) = covariance.map_or((None, None), Covariance::states);
        match (moments.states(), bytes, floats) {
            ((Some(figures), _), _, None) => detached(py, || generator.fit_moments(figures, bytes)),
            ((_, Some(figures)), None, _) => {
                detached(py, || generator.fit_moments(figures, floats))
            }
            ((None, None), ..) => {
                let nothing = Statistics::<Histogram>::new(Grouping::Channel);
                detached(py, || generator.fit_moments(&nothing, bytes))
            }
            _ => Err(value_error("the moments and the covariance are of different types")),
        }
    }

    /// The images normalised without augmentation.
    fn standardize<'py>(
        &self,
        py: Python<'py>,
        x: Images<'py>,
    ) -> PyResult<Bound<'py, PyArray4<f32>>> {
        let batch =
            each_type!(Images, &x, |view| detached(py, || self.generator.standardize(&view)))?;
        Ok(batch.into_pyarray(py))
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

    /// What is done to a sample, fitted figures and all.
    fn recipe(&self) -> PyResult<Recipe> {
        Ok(Recipe::new(self.generator.recipe().map_err(value_error)?.clone()))
    }

    /// What a fit found, as JSON, to be read by `restore`.
    fn fitted(&self) -> PyResult<Option<String>> {
        self.generator.fitted().map(serde_json::to_string).transpose().map_err(value_error)
    }

    /// Takes over what a generator with the same arguments found in a fit.
    fn restore(&mut self, fitted: &str) -> PyResult<()> {
        let fitted = serde_json::from_str(fitted).map_err(value_error)?;
        self.generator.restore(fitted).map_err(value_error)
    }
}
