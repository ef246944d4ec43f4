//! Options that Python gives as text or as a number.

use mizumashi::affine::{Border, Interpolation, Shift};
use mizumashi::stats::Layout;
use mizumashi::whitening::Scope;
use pyo3::{FromPyObject, PyResult};

use crate::error::value_error;

/// The layout of `"channels_last"` or `"channels_first"`.
pub(crate) fn layout(data_format: &str) -> PyResult<Layout> {
    match data_format {
        "channels_last" => Ok(Layout::Nhwc),
        "channels_first" => Ok(Layout::Nchw),
        _ => Err(value_error(format!(
            "data_format is {data_format:?}; it must be \"channels_last\" or \"channels_first\""
        ))),
    }
}

/// The values that `"pixels"` or `"channels"` are correlated between.
pub(crate) fn scope(over: &str) -> PyResult<Scope> {
    match over {
        "pixels" => Ok(Scope::Pixels),
        "channels" => Ok(Scope::Channels),
        _ => Err(value_error(format!("over is {over:?}; it must be \"pixels\" or \"channels\""))),
    }
}

/// The border of one of Keras' fill modes.
pub(crate) fn border(fill_mode: &str, cval: f32) -> PyResult<Border> {
    match fill_mode {
        "constant" => Ok(Border::Constant(cval)),
        "nearest" => Ok(Border::Nearest),
        "reflect" => Ok(Border::Reflect),
        "wrap" => Ok(Border::Wrap),
        _ => Err(value_error(format!(
            "fill_mode is {fill_mode:?}; it must be \"constant\", \"nearest\", \"reflect\" or \
             \"wrap\""
        ))),
    }
}

/// The interpolation of a spline order.
pub(crate) fn interpolation(order: i64) -> PyResult<Interpolation> {
    u8::try_from(order)
        .ok()
        .and_then(|order| Interpolation::from_order(order).ok())
        .ok_or_else(|| value_error(format!("the spline order is {order}; it must be 0 to 5")))
}

/// A range of shifts as Keras takes it.
#[derive(Debug, FromPyObject)]
pub(crate) enum ShiftRange {
    /// Whole pixels below this number.
    Pixels(u32),
    /// A fraction of the side below 1, pixels from there on.
    Real(f64),
    /// One of these.
    Choice(Vec<f64>),
}

impl From<ShiftRange> for Shift {
    fn from(range: ShiftRange) -> Self {
        match range {
            ShiftRange::Pixels(0) => Self::None,
            ShiftRange::Pixels(pixels) => Self::Pixels(pixels),
            ShiftRange::Real(range) => range.into(),
            ShiftRange::Choice(shifts) => Self::Choice(shifts),
        }
    }
}

/// A range of zooms as Keras takes it.
#[derive(Debug, FromPyObject)]
pub(crate) enum ZoomRange {
    /// From 1 - r to 1 + r.
    Around(f64),
    /// From the first to the second.
    Between([f64; 2]),
}

impl From<ZoomRange> for mizumashi::ZoomRange {
    fn from(range: ZoomRange) -> Self {
        match range {
            ZoomRange::Around(reach) => reach.into(),
            ZoomRange::Between([low, high]) => (low, high).into(),
        }
    }
}
