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
    use ndarray::{ArrayView3, ArrayViewMut3};

    use crate::Error;
    use crate::kernel::{self, Scaling};
    use crate::warp::Checked;

    /// Keeps the trait to the two types, and tells kernels which of them they have.
    ///
    /// The kernels are generic in both types, and much code. They are reached by functions that
    /// are not, so that they are compiled in this crate and not in every one that warps.
    pub trait Sealed: Sized {
        /// Fills `target` from values of this type.
        fn warp_to<D: super::PixelValue>(
            warp: Checked<'_>,
            source: ArrayView3<'_, Self>,
            target: ArrayViewMut3<'_, D>,
            scaling: Option<Scaling<'_>>,
        ) -> Result<(), Error>;

        /// Fills `target` from bytes.
        fn warp_from_bytes(
            warp: Checked<'_>,
            source: ArrayView3<'_, u8>,
            target: ArrayViewMut3<'_, Self>,
            scaling: Option<Scaling<'_>>,
        ) -> Result<(), Error>;

        /// Fills `target` from floats.
        fn warp_from_floats(
            warp: Checked<'_>,
            source: ArrayView3<'_, f32>,
            target: ArrayViewMut3<'_, Self>,
            scaling: Option<Scaling<'_>>,
        ) -> Result<(), Error>;

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

    /// The kernels from these types. In every `impl` anew, since a method that the trait provided would
    /// be generic, and compiled elsewhere.
    macro_rules! kernels {
        ($($name:ident: $source:ty),*) => {$(
            fn $name(
                warp: Checked<'_>,
                source: ArrayView3<'_, $source>,
                target: ArrayViewMut3<'_, Self>,
                scaling: Option<Scaling<'_>>,
            ) -> Result<(), Error> {
                kernel::warp(warp.warp(), source, target, scaling)
            }
        )*};
    }

    impl Sealed for u8 {
        fn warp_to<D: super::PixelValue>(
            warp: Checked<'_>,
            source: ArrayView3<'_, Self>,
            target: ArrayViewMut3<'_, D>,
            scaling: Option<Scaling<'_>>,
        ) -> Result<(), Error> {
            D::warp_from_bytes(warp, source, target, scaling)
        }

        kernels!(warp_from_bytes: u8, warp_from_floats: f32);

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
        fn warp_to<D: super::PixelValue>(
            warp: Checked<'_>,
            source: ArrayView3<'_, Self>,
            target: ArrayViewMut3<'_, D>,
            scaling: Option<Scaling<'_>>,
        ) -> Result<(), Error> {
            D::warp_from_floats(warp, source, target, scaling)
        }

        kernels!(warp_from_bytes: u8, warp_from_floats: f32);

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
