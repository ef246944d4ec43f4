use serde::{Deserialize, Serialize};

use crate::Error;

/// The order of a B-spline: the degree of the polynomials that it is made of.
///
/// Serialised as a number from 2 to 5. Orders 0 and 1 are
/// [`Interpolation::Nearest`](crate::Interpolation::Nearest) and
/// [`Interpolation::Bilinear`](crate::Interpolation::Bilinear).
///
/// ```
/// use mizumashi_affine::SplineOrder;
///
/// assert_eq!(SplineOrder::try_from(3)?, SplineOrder::Cubic);
/// assert_eq!(u8::from(SplineOrder::Quintic), 5);
/// assert!(SplineOrder::try_from(6).is_err());
/// # Ok::<(), mizumashi_affine::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum SplineOrder {
    /// Order 2, over 3x3 coefficients; its first derivative is continuous.
    Quadratic,
    /// Order 3, over 4x4 coefficients; its second derivative is continuous.
    Cubic,
    /// Order 4, over 5x5 coefficients; its third derivative is continuous.
    Quartic,
    /// Order 5, over 6x6 coefficients; its fourth derivative is continuous.
    Quintic,
}

/// # Errors
/// [`Error::SplineOrder`] for anything but 2 to 5.
impl TryFrom<u8> for SplineOrder {
    type Error = Error;

    fn try_from(order: u8) -> Result<Self, Error> {
        match order {
            2 => Ok(Self::Quadratic),
            3 => Ok(Self::Cubic),
            4 => Ok(Self::Quartic),
            5 => Ok(Self::Quintic),
            _ => Err(Error::SplineOrder { order }),
        }
    }
}

impl From<SplineOrder> for u8 {
    fn from(order: SplineOrder) -> Self {
        match order {
            SplineOrder::Quadratic => 2,
            SplineOrder::Cubic => 3,
            SplineOrder::Quartic => 4,
            SplineOrder::Quintic => 5,
        }
    }
}
