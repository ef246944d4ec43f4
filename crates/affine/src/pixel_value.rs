/// The value of one channel of one pixel: `u8` or `f32`.
///
/// Kernels compute in `f32`. A `u8` result is the value plus one half, truncated and saturated
/// to 0..=255, as scipy does; NaN becomes 0.
pub trait PixelValue: sealed::Sealed + Copy + Send + Sync + 'static {
    /// The value as computed with.
    fn to_f32(self) -> f32;
    /// The stored form of a computed value.
    fn from_f32(value: f32) -> Self;
}

impl PixelValue for u8 {
    #[inline]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }

    #[inline]
    fn from_f32(value: f32) -> Self {
        // The conversion truncates and saturates.
        (value + 0.5) as u8
    }
}

impl PixelValue for f32 {
    #[inline]
    fn to_f32(self) -> f32 {
        self
    }

    #[inline]
    fn from_f32(value: f32) -> Self {
        value
    }
}

mod sealed {
    /// Keeps the trait to the two types, and tells kernels which of them they have.
    pub trait Sealed: Sized {
        fn as_bytes(_: &[Self]) -> Option<&[u8]> {
            None
        }

        fn as_bytes_mut(_: &mut [Self]) -> Option<&mut [u8]> {
            None
        }

        fn as_floats_mut(_: &mut [Self]) -> Option<&mut [f32]> {
            None
        }

        /// The stored form of a `u8`.
        fn from_u8(value: u8) -> Self;

        /// The value stored as another type.
        fn convert<D: super::PixelValue>(self) -> D;
    }

    impl Sealed for u8 {
        fn as_bytes(values: &[Self]) -> Option<&[u8]> {
            Some(values)
        }

        fn as_bytes_mut(values: &mut [Self]) -> Option<&mut [u8]> {
            Some(values)
        }

        #[inline]
        fn from_u8(value: u8) -> Self {
            value
        }

        #[inline]
        fn convert<D: super::PixelValue>(self) -> D {
            D::from_u8(self)
        }
    }

    impl Sealed for f32 {
        fn as_floats_mut(values: &mut [Self]) -> Option<&mut [f32]> {
            Some(values)
        }

        #[inline]
        fn from_u8(value: u8) -> Self {
            Self::from(value)
        }

        #[inline]
        fn convert<D: super::PixelValue>(self) -> D {
            D::from_f32(self)
        }
    }
}
