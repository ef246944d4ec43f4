use ndarray::{Array1, Array2, ArrayView1};
use serde::{Deserialize, Serialize};

use crate::frame::Frame;
use crate::operator::Parts;
use crate::spectrum::{Spectrum, squared_lengths};
use crate::whitening::Solution;
use crate::{Error, Regularisation, Remainder, WhiteningKind};

/// The version of stored whitenings that this crate writes, and the only one it reads.
pub(crate) const VERSION: u32 = 1;

/// Of the largest variance; a remainder that varies less is null, unless shrinkage fills it.
pub(crate) const NULL: f64 = 1e-10;

/// All that a whitening is, and all of it that is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) struct Model {
    pub(crate) version: u32,
    pub(crate) kind: WhiteningKind,
    pub(crate) regularisation: Regularisation,
    pub(crate) remainder: Remainder,
    pub(crate) shrinkage: f64,
    pub(crate) total: f64,
    pub(crate) solution: Solution,
    #[serde(flatten)]
    pub(crate) frame: Frame,
    pub(crate) eigenvalues: Array1<f64>,
    pub(crate) components: Array2<f64>,
}

impl Model {
    pub(crate) fn new(
        kind: WhiteningKind,
        regularisation: Regularisation,
        remainder: Remainder,
        solution: Solution,
        spectrum: Spectrum,
    ) -> Self {
        let Spectrum { frame, eigenvalues, components, total, shrinkage } = spectrum;
        Self {
            version: VERSION,
            kind,
            regularisation,
            remainder,
            shrinkage,
            total,
            solution,
            frame,
            eigenvalues,
            components,
        }
    }

    pub(crate) fn deviations(&self) -> Option<&Array1<f64>> {
        self.frame.deviations.as_ref()
    }

    pub(crate) fn gain(&self, variance: f64) -> f64 {
        self.regularisation.gain(variance, self.solution.samples)
    }

    pub(crate) fn gains(&self) -> Array1<f64> {
        self.eigenvalues.mapv(|variance| self.gain(variance))
    }

    /// The variance that the directions that are not kept share, where they are not dropped.
    pub(crate) fn rest(&self) -> Option<f64> {
        let (features, rank) = self.components.dim();
        let largest = *self.eigenvalues.first()?;
        let smallest = *self.eigenvalues.last()?;
        let shared = self.remainder != Remainder::Zero || self.shrinkage > 0.0;
        if self.kind.yields_components() || !shared || rank == features {
            return None;
        }
        // No direction of a shrunk covariance varies less than this, be it ever so little.
        let least = self.shrinkage * self.total / features as f64;
        let mean = (self.total - self.eigenvalues.sum()) / (features - rank) as f64;
        // The mean of the smallest cannot be above any of the largest, but for rounding.
        let mean = mean.max(least).min(smallest);
        let null = least == 0.0 && mean <= NULL * largest;
        match self.remainder {
            Remainder::Amplified if null => Some(0.0),
            _ => (!null).then_some(mean),
        }
    }

    pub(crate) fn rest_gain(&self) -> f64 {
        self.rest().map_or(0.0, |variance| self.gain(variance))
    }

    pub(crate) fn parts<'a>(&'a self, gains: ArrayView1<'a, f64>) -> Parts<'a> {
        let components = self.components.view();
        Parts { frame: &self.frame, components, gains, rest: self.rest_gain() }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        let Frame { mean, deviations } = &self.frame;
        let frame = mean.len() + deviations.as_ref().map_or(0, Array1::len);
        8 * (frame + self.eigenvalues.len() + self.components.len()) as u64
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        /// How far the squared length of a direction may be from 1.
        const UNIT: f64 = 1e-6;

        self.regularisation.validate()?;
        let (features, rank) = self.components.dim();
        let lengths = squared_lengths(self.components.view());
        let positive = |lambda: &f64| lambda.is_finite() && *lambda > 0.0;
        let descending = |pair: &[f64]| pair.first() >= pair.last();
        let deviations = self.deviations().map(|all| all.as_slice().unwrap_or_default());
        let fits = deviations.map_or(!self.kind.of_correlation(), |all| {
            self.kind.of_correlation() && all.len() == features
        });
        let valid = deviations.unwrap_or_default().iter().all(|x| x.is_finite() && *x >= 0.0);
        let requirements = [
            (self.version == VERSION, "its version is not 1"),
            (self.total.is_finite() && self.total >= 0.0, "the total variance is not positive"),
            ((0.0..=1.0).contains(&self.shrinkage), "the shrinkage is not from 0 to 1"),
            (fits, "the deviations do not fit the kind and the mean"),
            (valid, "a deviation is negative or not finite"),
            (self.solution.samples > 0, "it was fitted on no samples"),
            (features > 0, "its rows have no values"),
            (rank <= features, "it has more directions than values"),
            (self.frame.mean.len() == features, "mean and components disagree in length"),
            (self.frame.mean.iter().all(|x| x.is_finite()), "the mean is not finite"),
            (self.eigenvalues.len() == rank, "there is not one eigenvalue per component"),
            (self.eigenvalues.iter().all(positive), "an eigenvalue is not positive"),
            (
                self.eigenvalues.to_vec().windows(2).all(descending),
                "the eigenvalues are not in descending order",
            ),
            (
                lengths.iter().all(|length| (length - 1.0).abs() <= UNIT),
                "a component is not of unit length",
            ),
        ];
        match requirements.into_iter().find(|(holds, _)| !holds) {
            Some((_, reason)) => Err(Error::Stored { reason }),
            None => Ok(()),
        }
    }
}
