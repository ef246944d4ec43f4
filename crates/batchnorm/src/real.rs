//! The element types a layer computes with.

use num_traits::Float;
use safetensors::Dtype;

/// The element type of a layer and its batches: `f32` or `f64`.
///
/// Statistics are kept in `f64` for both. The trait is sealed.
pub trait Real: Float + Into<f64> + Send + Sync + sealed::Sealed {
    /// What safetensors call it.
    #[doc(hidden)]
    const DTYPE: Dtype;

    /// The nearest value of this type.
    #[doc(hidden)]
    fn of(value: f64) -> Self;

    /// The values as little-endian bytes.
    #[doc(hidden)]
    fn to_bytes(values: &[Self]) -> Vec<u8>;

    /// The values of little-endian bytes; those too few for another are left out.
    #[doc(hidden)]
    fn from_bytes(bytes: &[u8]) -> Vec<Self>;
}

impl Real for f32 {
    const DTYPE: Dtype = Dtype::F32;

    fn of(value: f64) -> Self {
        value as f32
    }

    fn to_bytes(values: &[Self]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        bytes.as_chunks().0.iter().map(|&bytes| Self::from_le_bytes(bytes)).collect()
    }
}

impl Real for f64 {
    const DTYPE: Dtype = Dtype::F64;

    fn of(value: f64) -> Self {
        value
    }

    fn to_bytes(values: &[Self]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        bytes.as_chunks().0.iter().map(|&bytes| Self::from_le_bytes(bytes)).collect()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
