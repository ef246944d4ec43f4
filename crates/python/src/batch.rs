//! The batches of the drop-in: Keras' steps with numbers that NumPy drew, on a whole batch at once.

use mizumashi::affine::AffineParameters;
use mizumashi::ndarray::ArrayView2;
use mizumashi::transform::{Recipe, transforms};
use numpy::{PyArray4, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::{Bound, PyResult, Python, pyfunction};

use crate::arguments;
use crate::array_source::ArraySource;
use crate::channel_shift::ChannelShift;
use crate::drawn::Drawn;
use crate::error::value_error;
use crate::request::Request;

/// A `float32` batch, laid out as `data_format` says, of the images of a source at `indices` (all of
/// them without).
///
/// `parameters` has a row per sample: theta, tx, ty, shear, zx, zy, flip_horizontal,
/// flip_vertical, channel_shift_intensity, as Keras names them. What follows is done in Keras'
/// order, each where it is given: the map, the channel shift, `rescale`, samplewise and featurewise
/// standardisation with `mean` and `std` per channel.
#[pyfunction]
#[pyo3(signature = (
    source, indices=None, parameters=None, *, data_format="channels_last", fill_mode="nearest",
    cval=0.0, order=1, centre_of=None, channel_shift=false, rescale=None, samplewise_center=false,
    samplewise_std_normalization=false, mean=None, std=None,
))]
#[allow(clippy::too_many_arguments)] // each is an argument of Keras'
pub(crate) fn make_batch<'py>(
    py: Python<'py>,
    source: &ArraySource,
    indices: Option<PyReadonlyArray1<'py, i64>>,
    parameters: Option<PyReadonlyArray2<'py, f64>>,
    data_format: &str,
    fill_mode: &str,
    cval: f32,
    order: i64,
    centre_of: Option<(usize, usize)>,
    channel_shift: bool,
    rescale: Option<f32>,
    samplewise_center: bool,
    samplewise_std_normalization: bool,
    mean: Option<Vec<f64>>,
    std: Option<Vec<f64>>,
) -> PyResult<Bound<'py, PyArray4<f32>>> {
    let layout = arguments::layout(data_format)?;
    let mut recipe = Recipe::new();
    if let Some(parameters) = &parameters {
        let rows = parameters.as_array();
        recipe = recipe.then(Drawn {
            parameters: affine_parameters(rows)?,
            interpolation: arguments::interpolation(order)?,
            border: arguments::border(fill_mode, cval)?,
            centre_of,
        });
        if channel_shift {
            recipe = recipe.then(ChannelShift { intensities: rows.column(8).to_vec() });
        }
    }
    if let Some(factor) = rescale {
        recipe = recipe.then(transforms::Rescale::new(factor).map_err(value_error)?);
    }
    if samplewise_center || samplewise_std_normalization {
        recipe = recipe.then(match (samplewise_center, samplewise_std_normalization) {
            (true, false) => transforms::SamplewiseStandardise::centre_only(),
            (false, true) => transforms::SamplewiseStandardise::scale_only(),
            _ => transforms::SamplewiseStandardise::new(),
        });
    }
    if mean.is_some() || std.is_some() {
        let figures = transforms::FeaturewiseStandardise::new(mean, std).map_err(value_error)?;
        recipe = recipe.then(figures);
    }
    let samples = source.samples(py)?;
    let indices = indices.as_ref().map(|indices| checked(indices, samples)).transpose()?;
    let request = Request {
        recipe: &recipe,
        layout,
        batch_size: indices.as_ref().map_or(samples, Vec::len),
        shuffle: false,
        seed: 0,
        epoch: 0,
        position: 0,
    };
    Ok(source.serve(py, &request, indices.as_deref())?.0)
}

/// Keras' parameters under our names.
fn affine_parameters(rows: ArrayView2<'_, f64>) -> PyResult<Vec<AffineParameters>> {
    if rows.ncols() != 9 {
        return Err(value_error(format!(
            "parameters has {} columns; it must have 9",
            rows.ncols()
        )));
    }
    Ok(rows
        .outer_iter()
        .map(|row| AffineParameters {
            rotation: row[0],
            height_shift: row[1],
            width_shift: row[2],
            shear: row[3],
            height_zoom: row[4],
            width_zoom: row[5],
            horizontal_flip: row[6] != 0.0,
            vertical_flip: row[7] != 0.0,
        })
        .collect())
}

/// Indices within `0..samples`.
fn checked(indices: &PyReadonlyArray1<'_, i64>, samples: usize) -> PyResult<Vec<usize>> {
    let within = |&index: &i64| {
        usize::try_from(index).ok().filter(|&index| index < samples).ok_or_else(|| {
            value_error(format!("index {index} is given; there are {samples} images, from 0"))
        })
    };
    indices.as_array().iter().map(within).collect()
}
