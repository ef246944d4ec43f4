use serde::{Deserialize, Serialize};

use crate::Error;

/// How directions of small variance are kept from being blown up.
///
/// Each eigenvector of the covariance is multiplied by a gain; without regularisation the gain is
/// `1 / sqrt(lambda)`, which turns what little varies in the direction, mostly noise, into unit
/// variance. Epsilon bounds the gain. All rules leave directions with `lambda` far above epsilon
/// alone; none applies to null directions, which
/// [`Whitener::rank_tolerance`](crate::Whitener::rank_tolerance) maps to zero.
///
/// ```
/// use mizumashi_whitening::Regularisation;
///
/// // 100 samples, variance 4 along some direction: singular value sqrt(100 * 4) = 20.
/// assert_eq!(Regularisation::Eigenvalue(0.0).gain(4.0, 100), 0.5);
/// assert_eq!(Regularisation::Eigenvalue(12.0).gain(4.0, 100), 0.25);
/// assert_eq!(Regularisation::SingularValue(20.0).gain(4.0, 100), 0.25);
/// assert_eq!(Regularisation::Floor(16.0).gain(4.0, 100), 0.25);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Regularisation {
    /// `g = 1 / sqrt(lambda + epsilon)`, with `lambda` an eigenvalue of the population covariance
    /// (Pal and Sudeep, 2016). Epsilon is a variance, in squared units of the data, and its effect
    /// does not depend on how many samples there are. The `zca_epsilon` of keras-preprocessing up
    /// to 1.1.2, where null directions, zero here, get the gain `1 / sqrt(epsilon)`.
    Eigenvalue(f64),
    /// `g = sqrt(n) / (s + epsilon)`, with `s` a singular value of the n x d data matrix: the
    /// `zca_epsilon` of `ImageDataGenerator` in Keras 3. As `s = sqrt(n lambda)`, this is
    /// `1 / (sqrt(lambda) + epsilon / sqrt(n))`: the more samples, the less it regularises.
    SingularValue(f64),
    /// `g = 1 / sqrt(max(lambda, epsilon))`: a floor under the variances. Directions above it are
    /// whitened exactly, those below are amplified no more than one at it. In squared units of the
    /// data, or with whitenings of the correlation a fraction of 1.
    Floor(f64),
}

impl Regularisation {
    /// The factor by which a direction of variance `lambda` is multiplied, for `samples` samples.
    pub fn gain(self, lambda: f64, samples: u64) -> f64 {
        match self {
            Self::Eigenvalue(epsilon) => 1.0 / (lambda + epsilon).sqrt(),
            Self::SingularValue(epsilon) => {
                let n = samples as f64;
                n.sqrt() / ((n * lambda).sqrt() + epsilon)
            }
            Self::Floor(floor) => 1.0 / lambda.max(floor).sqrt(),
        }
    }

    /// The epsilon of the rule.
    pub fn epsilon(self) -> f64 {
        match self {
            Self::Eigenvalue(epsilon) | Self::SingularValue(epsilon) | Self::Floor(epsilon) => {
                epsilon
            }
        }
    }

    pub(crate) fn validate(self) -> Result<(), Error> {
        let value = self.epsilon();
        if value.is_finite() && value >= 0.0 { Ok(()) } else { Err(Error::Epsilon { value }) }
    }
}

/// `Eigenvalue(1e-6)`: next to nothing for data of unit scale.
impl Default for Regularisation {
    fn default() -> Self {
        Self::Eigenvalue(1e-6)
    }
}
