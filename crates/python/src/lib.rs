//! The native part of the Python package `mizumashi`.
//!
//! Arrays come in as views and go out as one array each, in memory that no other array has; the
//! interpreter is free while the work is done. Every error is a `ValueError` with the text of ours,
//! unless a docstring says otherwise, and a `RuntimeError` where a forked process cannot have a
//! thread. The docstrings that users read are those of the package in `python/mizumashi`.

use pyo3::pymodule;

mod arguments;
mod array_source;
mod batch;
mod batch_norm;
mod channel_shift;
mod covariance;
mod drawn;
mod error;
mod generator;
mod images;
mod moments;
mod narrowed;
mod parallel;
mod picked;
mod plan;
mod recipe;
mod request;
mod spare;
mod warp;
mod whitening;

/// The native part of the package `mizumashi`.
#[pymodule]
mod _native {
    use crate::parallel::remember_process;

    #[pymodule_export]
    use crate::array_source::ArraySource;
    #[pymodule_export]
    use crate::batch::make_batch;
    #[pymodule_export]
    use crate::batch_norm::BatchNorm;
    #[pymodule_export]
    use crate::covariance::Covariance;
    #[pymodule_export]
    use crate::generator::Generator;
    #[pymodule_export]
    use crate::moments::Moments;
    #[pymodule_export]
    use crate::plan::Plan;
    #[pymodule_export]
    use crate::recipe::Recipe;
    #[pymodule_export]
    use crate::warp::warp;
    #[pymodule_export]
    use crate::whitening::Whitening;

    #[pymodule_init]
    fn initialise() {
        remember_process();
    }
}
