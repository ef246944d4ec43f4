use mizumashi_stats as stats;
use ndarray::{Array1, Array2, ArrayView2};

use crate::Centring;

/// A value that images are made of: `u8` as read from a file, `f32`, or `f64`.
///
/// The figures of `u8` data are gathered in integers and are exact; those of real data in 64-bit
/// floating point. Values are taken as they are: 255 means 255, not 1.
pub trait Pixel: Copy + Default + Into<f64> + Send + Sync + sealed::Rows {}

impl Pixel for u8 {}
impl Pixel for f32 {}
impl Pixel for f64 {}

pub(crate) mod sealed {
    use std::fmt::Debug;

    use mizumashi_stats::{Error, JointSummary};
    use ndarray::{Array1, Array2, ArrayView2};
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use crate::Centring;

    /// How rows of such values become a covariance or a Gram matrix.
    pub trait Rows: Sized {
        /// The streaming state of a covariance.
        type Moments: JointSummary
            + Clone
            + Debug
            + PartialEq
            + Serialize
            + DeserializeOwned
            + Send
            + Sync;

        /// Whether the state is the same in whichever order rows are added.
        const EXACT: bool;

        /// The state of no rows of `features` values.
        fn moments(features: usize) -> Self::Moments;

        /// Adds rows to it.
        fn update(moments: &mut Self::Moments, rows: ArrayView2<'_, Self>) -> Result<(), Error>;

        /// Adds the rows of another state.
        fn merge(moments: &mut Self::Moments, other: &Self::Moments) -> Result<(), Error>;

        /// What is subtracted from the rows, and the inner products of what is left of them.
        fn gram(
            rows: ArrayView2<'_, Self>,
            centring: Centring,
        ) -> Result<(Array1<f64>, Array2<f64>), Error>;

        /// Whether the value is neither NaN nor infinite.
        fn finite(self) -> bool;

        /// The value less another, in single precision, rounded once.
        fn less(self, other: f32) -> f32;
    }
}

impl sealed::Rows for u8 {
    type Moments = stats::IntegerCovariance;

    const EXACT: bool = true;

    fn moments(features: usize) -> Self::Moments {
        stats::IntegerCovariance::new(features)
    }

    fn update(moments: &mut Self::Moments, rows: ArrayView2<'_, u8>) -> Result<(), stats::Error> {
        moments.update(rows)
    }

    fn merge(moments: &mut Self::Moments, other: &Self::Moments) -> Result<(), stats::Error> {
        moments.merge(other)
    }

    fn gram(
        rows: ArrayView2<'_, u8>,
        centring: Centring,
    ) -> Result<(Array1<f64>, Array2<f64>), stats::Error> {
        match centring {
            Centring::Mean => stats::centred_gram_u8(rows),
            Centring::None => {
                let gram = stats::gram_u8(rows)?;
                Ok((Array1::zeros(rows.ncols()), gram.mapv(|sum| sum as f64)))
            }
        }
    }

    fn finite(self) -> bool {
        true
    }

    fn less(self, other: f32) -> f32 {
        f32::from(self) - other
    }
}

impl sealed::Rows for f32 {
    type Moments = stats::Covariance;

    const EXACT: bool = false;

    fn moments(features: usize) -> Self::Moments {
        stats::Covariance::new(features)
    }

    fn update(moments: &mut Self::Moments, rows: ArrayView2<'_, f32>) -> Result<(), stats::Error> {
        moments.update(rows)
    }

    fn merge(moments: &mut Self::Moments, other: &Self::Moments) -> Result<(), stats::Error> {
        moments.merge(other)
    }

    fn gram(
        rows: ArrayView2<'_, f32>,
        centring: Centring,
    ) -> Result<(Array1<f64>, Array2<f64>), stats::Error> {
        match centring {
            Centring::Mean => stats::centred_gram(rows),
            Centring::None => Ok((Array1::zeros(rows.ncols()), stats::gram(rows)?)),
        }
    }

    fn finite(self) -> bool {
        self.is_finite()
    }

    fn less(self, other: f32) -> f32 {
        self - other
    }
}

impl sealed::Rows for f64 {
    type Moments = stats::Covariance;

    const EXACT: bool = false;

    fn moments(features: usize) -> Self::Moments {
        stats::Covariance::new(features)
    }

    fn update(moments: &mut Self::Moments, rows: ArrayView2<'_, f64>) -> Result<(), stats::Error> {
        moments.update(rows)
    }

    fn merge(moments: &mut Self::Moments, other: &Self::Moments) -> Result<(), stats::Error> {
        moments.merge(other)
    }

    fn gram(
        rows: ArrayView2<'_, f64>,
        centring: Centring,
    ) -> Result<(Array1<f64>, Array2<f64>), stats::Error> {
        match centring {
            Centring::Mean => stats::centred_gram(rows),
            Centring::None => Ok((Array1::zeros(rows.ncols()), stats::gram(rows)?)),
        }
    }

    fn finite(self) -> bool {
        self.is_finite()
    }

    fn less(self, other: f32) -> f32 {
        (self - f64::from(other)) as f32
    }
}
