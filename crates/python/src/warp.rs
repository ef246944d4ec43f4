//! Resampling by given matrices.

use mizumashi::affine::{Affine, PixelValue, Warp};
use mizumashi::ndarray::{Array4, ArrayView3, ArrayView4, Axis};
use mizumashi::stats::Layout;
use numpy::{IntoPyArray, PyReadonlyArray3};
use pyo3::types::PyAny;
use pyo3::{Bound, PyResult, Python, pyfunction};
use rayon::prelude::*;

use crate::arguments;
use crate::error::value_error;
use crate::images::{Images, each_type};
use crate::parallel::detached;

/// The images resampled through `matrices`, (sample, 2, 3) or one for all, which act on (x, y) and
/// take output to input pixels. The result has the shape and the type of `images`.
#[pyfunction]
#[pyo3(signature = (
    images, matrices, *, data_format="channels_last", fill_mode="nearest", cval=0.0, order=1,
))]
pub(crate) fn warp<'py>(
    py: Python<'py>,
    images: Images<'py>,
    matrices: PyReadonlyArray3<'py, f64>,
    data_format: &str,
    fill_mode: &str,
    cval: f32,
    order: i64,
) -> PyResult<Bound<'py, PyAny>> {
    let layout = arguments::layout(data_format)?;
    let template = Warp {
        map: Affine::IDENTITY,
        interpolation: arguments::interpolation(order)?,
        border: arguments::border(fill_mode, cval)?,
    };
    let matrices = matrices.as_array();
    each_type!(Images, &images, |view| {
        let warps = warps(template, matrices, view.len_of(Axis(0)))?;
        let warped = detached(py, || resample(&warps, view, layout))?;
        Ok(warped.into_pyarray(py).into_any())
    })
}

/// One warp per image.
fn warps(template: Warp, matrices: ArrayView3<'_, f64>, samples: usize) -> PyResult<Vec<Warp>> {
    let (count, rows, columns) = matrices.dim();
    if (rows, columns) != (2, 3) || (count != 1 && count != samples) {
        return Err(value_error(format!(
            "matrices has the shape {:?}; for {samples} images it must be (1, 2, 3) or \
             ({samples}, 2, 3)",
            matrices.dim()
        )));
    }
    let warp = |sample: usize| {
        let matrix = matrices.index_axis(Axis(0), if count == 1 { 0 } else { sample });
        let map = Affine::new([0, 1].map(|row| [0, 1, 2].map(|column| matrix[[row, column]])));
        Warp { map, ..template }
    };
    Ok((0..samples).map(warp).collect())
}

fn resample<P: PixelValue + Default>(
    warps: &[Warp],
    images: ArrayView4<'_, P>,
    layout: Layout,
) -> Result<Array4<P>, mizumashi::affine::Error> {
    let mut warped = Array4::default(images.dim());
    let sources = layout.to_nhwc(images);
    let mut slots = layout.to_nhwc(warped.view_mut());
    slots.axis_iter_mut(Axis(0)).into_par_iter().zip(warps).enumerate().try_for_each(
        |(sample, (slot, warp))| warp.apply(sources.index_axis(Axis(0), sample), slot),
    )?;
    Ok(warped)
}
