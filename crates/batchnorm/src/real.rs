//! The element types a layer computes with.

use num_traits::Float;

/// The element type of a layer and its batches: `f32` or `f64`.
///
/// Statistics are kept in `f64` for both. The trait is sealed.
pub trait Real: Float + Into<f64> + Send + Sync + sealed::Sealed {
    /// The nearest value of this type.
    #[doc(hidden)]
    fn of(value: f64) -> Self;
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
