use serde::{Deserialize, Serialize};

use crate::Error;

/// How far the covariance is drawn towards a multiple of the identity before it is decomposed:
/// `C* = (1 - rho) C + rho mu I`, with `mu = tr C / d` the mean variance of a value.
///
/// The eigenvalues of few samples are spread too far: the large too large, the small too small.
/// Shrinkage mends the *estimate*, where a [`Regularisation`](crate::Regularisation) bounds what is
/// made of it. `C*` has full rank whatever the number of samples, so that no direction is null:
/// those that the samples do not vary along have the variance `rho mu`.
///
/// For the whitenings of the correlation, `C` is the correlation and `mu` is 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shrinkage {
    /// `rho = 0`: the covariance of the samples as it is.
    #[default]
    None,
    /// This `rho`, from 0 to 1.
    Fixed(f64),
    /// The `rho` of least expected squared error for any distribution (Ledoit and Wolf, 2004):
    /// `min(beta, delta) / delta`, with `delta = (|C|^2 - d mu^2) / d` and
    /// `beta = (sum |z|^4 / n - |C|^2) / (d n)`, `z` the centred samples and `|C|` the Frobenius
    /// norm. It needs the samples themselves, not their covariance alone.
    LedoitWolf,
    /// The oracle approximating shrinkage (Chen, Wiesel, Eldar and Hero, 2010), better than the
    /// former for few samples of a normal distribution:
    /// `min(1, (a + mu^2) / ((n + 1) (a - mu^2 / d)))`, with `a = |C|^2 / d^2`. As in scikit-learn,
    /// the terms in `2 / d` of the paper are left out.
    Oas,
}

/// Figures of the second moments from which the intensity follows.
pub(crate) struct Norms {
    pub(crate) samples: u64,
    pub(crate) features: usize,
    /// `tr C`.
    pub(crate) trace: f64,
    /// `|C|^2`, the sum of squares of all entries.
    pub(crate) squared: f64,
}

impl Shrinkage {
    /// `rho`; `quartic` is the sum of the fourth powers of the lengths of the samples.
    pub(crate) fn intensity(
        self,
        norms: &Norms,
        quartic: impl FnOnce() -> Result<f64, Error>,
    ) -> Result<f64, Error> {
        let (n, d) = (norms.samples as f64, norms.features as f64);
        let mu = norms.trace / d;
        Ok(match self {
            Self::None => 0.0,
            Self::Fixed(rho) => rho,
            Self::LedoitWolf => {
                let delta = difference(norms.squared / d, mu * mu, d);
                let beta = difference(quartic()? / n, norms.squared, d) / (d * n);
                let beta = beta.min(delta);
                if beta > 0.0 { beta / delta } else { 0.0 }
            }
            Self::Oas => {
                let alpha = norms.squared / (d * d);
                let denominator = (n + 1.0) * (alpha - mu * mu / d);
                if denominator > 0.0 { ((alpha + mu * mu) / denominator).min(1.0) } else { 1.0 }
            }
        })
    }

    pub(crate) fn validate(self) -> Result<(), Error> {
        match self {
            Self::Fixed(value) if !(0.0..=1.0).contains(&value) => Err(Error::Shrinkage { value }),
            _ => Ok(()),
        }
    }
}

/// `a - b`, and 0 where they agree but for rounding, as two samples' figures do: what is left would
/// be taken for a shrinkage, which whitens every direction that the samples do not vary along.
fn difference(a: f64, b: f64, features: f64) -> f64 {
    // The norm is summed over rows of a matrix, each of so many squares.
    let rounding = 16.0 * f64::EPSILON * features.max(100.0);
    if (a - b).abs() > rounding * b { a - b } else { 0.0 }
}
