//! Plans: what chance made of one sample.

use mizumashi::affine::{BoundingBox, Point};
use mizumashi::ndarray::{Axis, Ix3, arr2};
use mizumashi::stats::Layout;
use mizumashi::transform;
use numpy::{IntoPyArray, PyArray2, PyArray3, PyArrayDyn, PyReadonlyArrayDyn};
use pyo3::types::{PyAny, PyAnyMethods};
use pyo3::{Bound, PyResult, Python, pyclass, pymethods};

use crate::arguments;
use crate::error::value_error;
use crate::images::{Image, each_type};
use crate::parallel::detached;

/// A recipe drawn for one sample: its steps with nothing left to chance. Moves the image and its mask,
/// key points and boxes alike.
///
/// Positions are (x, y) in pixels: points count from the centre of the top left pixel, boxes from its
/// outer corner, so that the box of a whole image is 0, 0, width, height.
///
/// >>> import mizumashi, numpy as np
/// >>> recipe = mizumashi.ImageDataGenerator(width_shift_range=[2]).recipe()
/// >>> plan = recipe.draw((4, 6, 3), seed=1)
/// >>> plan.map_points([[3, 1]]).tolist() in ([[1.0, 1.0]], [[5.0, 1.0]])
/// True
/// >>> plan.apply(np.zeros((4, 6, 3), "uint8")).shape
/// (4, 6, 3)
#[pyclass(frozen, module = "mizumashi._native")]
pub(crate) struct Plan {
    plan: transform::Plan<'static>,
}

#[pymethods]
impl Plan {
    /// What `to_json` wrote.
    #[staticmethod]
    fn from_json(json: &str) -> PyResult<Self> {
        Ok(Self::new(transform::Plan::from_json(json).map_err(value_error)?))
    }

    /// The plan as JSON, to be replayed anywhere.
    fn to_json(&self) -> PyResult<String> {
        self.plan.to_json().map_err(value_error)
    }

    /// (height, width, channels) of the images that it was drawn for.
    #[getter]
    fn input_shape(&self) -> (usize, usize, usize) {
        self.plan.input_shape().dim()
    }

    /// (height, width, channels) of the images that it makes.
    #[getter]
    fn output_shape(&self) -> PyResult<(usize, usize, usize)> {
        Ok(self.plan.output_shape().map_err(value_error)?.dim())
    }

    /// Where each output pixel comes from: (2, 3), acts on (x, y) from the centre of the top left
    /// pixel.
    #[getter]
    fn matrix<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        arr2(&self.plan.output_to_input().rows()).into_pyarray(py)
    }

    /// The image, `uint8` or `float32` and of rank 3, changed: a new `float32` array, laid out as
    /// `data_format` says.
    #[pyo3(signature = (image, *, data_format="channels_last"))]
    fn apply<'py>(
        &self,
        py: Python<'py>,
        image: Image<'py>,
        data_format: &str,
    ) -> PyResult<Bound<'py, PyArray3<f32>>> {
        let layout = arguments::layout(data_format)?;
        let changed = each_type!(Image, &image, |view| detached(py, || {
            self.plan.apply(layout.to_hwc(view))
        }))?;
        Ok(match layout {
            Layout::Nhwc => changed,
            Layout::Nchw => changed.permuted_axes([2, 0, 1]).as_standard_layout().into_owned(),
        }
        .into_pyarray(py))
    }

    /// A mask of labels, `uint8` and (height, width) or (height, width, channels), moved along with
    /// the image by the nearest pixel, so that no label is invented; `outside` is the label beyond its
    /// edges.
    #[pyo3(signature = (mask, outside=0))]
    fn apply_mask<'py>(
        &self,
        py: Python<'py>,
        mask: PyReadonlyArrayDyn<'py, u8>,
        outside: u8,
    ) -> PyResult<Bound<'py, PyArrayDyn<u8>>> {
        let (view, rank) = (mask.as_array(), mask.as_array().ndim());
        let view = if rank == 2 { view.insert_axis(Axis(2)) } else { view };
        let view = view.into_dimensionality::<Ix3>().map_err(|_| {
            value_error(format!("the mask has {rank} axes; it must have 2, or 3 with channels"))
        })?;
        let moved = detached(py, || self.plan.apply_mask(view, outside))?;
        let moved = moved.into_dyn();
        let moved = if rank == 2 { moved.remove_axis(Axis(2)) } else { moved };
        Ok(moved.into_pyarray(py))
    }

    /// Points, a row (x, y) each, moved along with the image.
    fn map_points<'py>(
        &self,
        py: Python<'py>,
        points: Vec<[f64; 2]>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let points: Vec<Point> = points.into_iter().map(|[x, y]| Point { x, y }).collect();
        let moved = self.plan.map_points(&points).map_err(value_error)?;
        let rows: Vec<[f64; 2]> = moved.iter().map(|point| [point.x, point.y]).collect();
        Ok(arr2(&rows).into_pyarray(py))
    }

    /// Boxes, a row (left, top, right, bottom) each, moved along with the image: the upright box around
    /// the moved one, cut to the picture. One that has left the picture becomes a row of NaN.
    fn map_boxes<'py>(
        &self,
        py: Python<'py>,
        boxes: Vec<[f64; 4]>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let boxes: Vec<BoundingBox> = boxes
            .into_iter()
            .map(|[x_min, y_min, x_max, y_max]| BoundingBox { x_min, y_min, x_max, y_max })
            .collect();
        let moved = self.plan.map_boxes(&boxes).map_err(value_error)?;
        let rows: Vec<[f64; 4]> = moved
            .iter()
            .map(|moved| match moved {
                Some(it) => [it.x_min, it.y_min, it.x_max, it.y_max],
                None => [f64::NAN; 4],
            })
            .collect();
        Ok(arr2(&rows).into_pyarray(py))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((slf.get_type().getattr("from_json")?, (slf.get().to_json()?,)))
    }

    fn __repr__(&self) -> PyResult<String> {
        let steps = self.plan.steps().len();
        Ok(format!(
            "Plan(input_shape={:?}, output_shape={:?}, steps={steps})",
            self.input_shape(),
            self.output_shape()?
        ))
    }
}

impl Plan {
    pub(crate) fn new(plan: transform::Plan<'static>) -> Self {
        Self { plan }
    }
}
