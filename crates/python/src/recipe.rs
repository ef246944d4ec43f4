//! Recipes: what is done to every sample, apart from the images.

use mizumashi::transform::{self, SampleKey};
use numpy::{IntoPyArray, PyArray1, PyArray4};
use pyo3::types::{PyAny, PyAnyMethods};
use pyo3::{Bound, PyResult, Python, pyclass, pymethods};

use crate::arguments;
use crate::array_source::ArraySource;
use crate::error::value_error;
use crate::images::{Images, each_type};
use crate::parallel::detached;
use crate::picked::Picked;
use crate::plan::Plan;
use crate::request::Request;

/// An ordered list of transforms with their ranges and probabilities, fitted figures and all: what
/// `ImageDataGenerator.recipe` gives and a file can hold.
///
/// The random numbers of a sample depend on its key alone: the seed of the run, the epoch, and the
/// sample's index in its set.
///
/// >>> import mizumashi, numpy as np
/// >>> recipe = mizumashi.ImageDataGenerator(rescale=0.5, horizontal_flip=True).recipe()
/// >>> recipe
/// Recipe(random_affine, rescale)
/// >>> images = np.arange(24, dtype="uint8").reshape(2, 2, 2, 3)
/// >>> recipe.apply(images, seed=1).shape
/// (2, 2, 2, 3)
/// >>> again = mizumashi.Recipe.from_json(recipe.to_json())
/// >>> bool((again.apply(images, seed=1) == recipe.apply(images, seed=1)).all())
/// True
#[pyclass(frozen, module = "mizumashi._native")]
pub(crate) struct Recipe {
    recipe: transform::Recipe,
}

/// A batch, the indices of its samples, and the epoch and position to continue at.
type Batch<'py> = (Bound<'py, PyArray4<f32>>, Bound<'py, PyArray1<i64>>, u64, usize);

#[pymethods]
impl Recipe {
    /// The recipe of the file that `to_json` wrote, or that was written by hand.
    ///
    /// Raises a `ValueError` that names what is wrong with it: no JSON, an unknown transform, a
    /// parameter outside what it can mean, or the version of another release.
    #[staticmethod]
    fn from_json(json: &str) -> PyResult<Self> {
        Ok(Self { recipe: transform::Recipe::from_json(json).map_err(value_error)? })
    }

    /// The recipe as JSON, with the version of its pixels.
    fn to_json(&self) -> PyResult<String> {
        self.recipe.to_json().map_err(value_error)
    }

    /// The names of its transforms, in order.
    #[getter]
    fn transforms(&self) -> Vec<&'static str> {
        self.recipe.transforms().iter().map(|transform| transform.typetag_name()).collect()
    }

    /// A batch of images, `uint8` or `float32` and of rank 4, each changed as its key says: a new
    /// `float32` array, laid out as `data_format` says.
    ///
    /// `indices` are the samples' indices in their set, from 0 on unless given. The pixels are those
    /// that a flow with this seed serves in this epoch.
    #[pyo3(signature = (images, *, seed=0, epoch=0, indices=None, data_format="channels_last"))]
    fn apply<'py>(
        &self,
        py: Python<'py>,
        images: Images<'py>,
        seed: u64,
        epoch: u64,
        indices: Option<Vec<u64>>,
        data_format: &str,
    ) -> PyResult<Bound<'py, PyArray4<f32>>> {
        let layout = arguments::layout(data_format)?;
        let batch = each_type!(Images, &images, |view| {
            let samples = view.dim().0;
            let indices = indices.unwrap_or_else(|| (0..samples as u64).collect());
            if indices.len() != samples {
                return Err(value_error(format!(
                    "there are {samples} images but {} indices; give one index per image",
                    indices.len()
                )));
            }
            let keys: Vec<SampleKey> =
                indices.into_iter().map(|index| SampleKey { seed, epoch, index }).collect();
            let images = Picked::new(view, layout, None);
            detached(py, || mizumashi::apply(&self.recipe, layout, &images, &keys))
        })?;
        Ok(batch.into_pyarray(py))
    }

    /// What chance makes of one sample of the shape (height, width, channels): the same steps with
    /// their numbers fixed.
    #[pyo3(signature = (shape, *, seed=0, epoch=0, index=0))]
    fn draw(
        &self,
        shape: (usize, usize, usize),
        seed: u64,
        epoch: u64,
        index: u64,
    ) -> PyResult<Plan> {
        let plan = self.recipe.draw(SampleKey { seed, epoch, index }, shape);
        Ok(Plan::new(plan.map_err(value_error)?.into_owned()))
    }

    /// The batch of a flow that follows `position` samples of an epoch of `source`, whose values are
    /// finite.
    #[pyo3(signature = (source, batch_size, *, shuffle, seed, epoch, position, data_format))]
    #[allow(clippy::too_many_arguments)] // the state of a flow
    fn batch<'py>(
        &self,
        py: Python<'py>,
        source: &ArraySource,
        batch_size: usize,
        shuffle: bool,
        seed: u64,
        epoch: u64,
        position: usize,
        data_format: &str,
    ) -> PyResult<Batch<'py>> {
        let layout = arguments::layout(data_format)?;
        let recipe = &self.recipe;
        let request = Request { recipe, layout, batch_size, shuffle, seed, epoch, position };
        let (images, batch) = source.serve(py, &request, None)?;
        let indices: Vec<i64> = batch.indices.iter().map(|&index| index as i64).collect();
        let (epoch, position) = match batch.position {
            position if position == source.samples(py)? => (batch.epoch.wrapping_add(1), 0),
            position => (batch.epoch, position),
        };
        Ok((images, indices.into_pyarray(py), epoch, position))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((slf.get_type().getattr("from_json")?, (slf.get().to_json()?,)))
    }

    fn __repr__(&self) -> String {
        format!("Recipe({})", self.transforms().join(", "))
    }
}

impl Recipe {
    pub(crate) fn new(recipe: transform::Recipe) -> Self {
        Self { recipe }
    }
}
