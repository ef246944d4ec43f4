use std::fmt;

use ndarray::{Array1, ArrayView1, ArrayView2, ArrayView4};
use serde::Serialize;

use crate::held_out::{HeldOut, Probe};
use crate::model::NULL;
use crate::observations::check_finite;
use crate::{
    Error, ImageWhitening, Layout, Method, Pixel, Regularisation, Warning, Whitening, WhiteningKind,
};

/// What a fitted whitening is worth: how much of the data it whitens, what its epsilon does, how
/// far its figures can be trusted, and, of rows it was not fitted on, how white they come out.
///
/// Made by [`Whitening::diagnosis`], which reads the spectrum alone, and by
/// [`Whitening::diagnosis_on`], which maps held-out rows as well. Nothing of it is computed before.
/// [`Display`](fmt::Display) is a report in words; serde stores the figures.
///
/// ```
/// use mizumashi_whitening::{Regularisation, Warning, Whitener};
/// use ndarray::Array2;
///
/// // Twelve samples of twenty values.
/// let rows = Array2::from_shape_fn((12, 20), |(n, d)| ((n * n * 31 + n * d * 17 + d) % 97) as u8);
/// let whitening = Whitener::zca()
///     .regularisation(Regularisation::Eigenvalue(1.0))
///     .fit(rows.view())?;
/// let diagnosis = whitening.diagnosis();
/// assert_eq!(diagnosis.rank(), 11);
/// assert!(diagnosis.effective_directions() < 11.0);
/// let few = Warning::FewerSamplesThanValues { samples: 12, features: 20 };
/// assert!(diagnosis.warnings().contains(&few));
/// println!("{diagnosis}");
/// # Ok::<(), mizumashi_whitening::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct Diagnosis {
    kind: WhiteningKind,
    method: Method,
    regularisation: Regularisation,
    samples: u64,
    features: usize,
    shrinkage: f64,
    total_variance: f64,
    eigenvalues: Array1<f64>,
    gains: Array1<f64>,
    rest_gain: f64,
    held_out: Option<HeldOut>,
}

/// What the epsilon of a [`Regularisation`] means for the variances at hand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub struct EffectiveEpsilon {
    /// The variance of a direction that comes out with a variance of 1/2: those above it are
    /// whitened more or less, those below it hardly. It is `epsilon` for
    /// [`Regularisation::Eigenvalue`], `epsilon^2 / (n (sqrt(2) - 1)^2)` for
    /// [`Regularisation::SingularValue`], and `epsilon / 2` for [`Regularisation::Floor`].
    pub variance: f64,
    /// As a fraction of the largest variance.
    pub of_largest: f64,
    /// As a fraction of the mean variance of a value, `tr C / d`.
    pub of_mean: f64,
    /// As a fraction of the smallest kept variance.
    pub of_smallest: f64,
    /// Kept directions of a smaller variance.
    pub directions_below: usize,
}

impl Whitening {
    /// Reads what the spectrum tells. It takes no time to speak of.
    pub fn diagnosis(&self) -> Diagnosis {
        Diagnosis {
            kind: self.kind(),
            method: self.solution().method,
            regularisation: self.regularisation(),
            samples: self.solution().samples,
            features: self.features(),
            shrinkage: self.shrinkage(),
            total_variance: self.total_variance(),
            eigenvalues: self.eigenvalues().to_owned(),
            gains: self.gains(),
            rest_gain: self.rest_gain(),
            held_out: None,
        }
    }

    /// The [`diagnosis`](Self::diagnosis), and how white rows come out that were not fitted.
    ///
    /// The covariance of the output is taken along the kept directions, in which every kind of
    /// whitening has the same one but for a rotation: k x k at most, never d x d. Of more than 512
    /// directions it is that of 512, spread evenly over the spectrum from the largest variance to
    /// the smallest. Rows are taken a block at a time. Computed in `f64`: it tells of the data, not
    /// of the rounding of 32-bit factors.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySet`] without rows, [`Error::FeatureCount`] when they are not of d values, and
    /// [`Error::NonFinite`] for NaN and infinity.
    pub fn diagnosis_on<T: Pixel>(&self, held_out: ArrayView2<'_, T>) -> Result<Diagnosis, Error> {
        let mut probe = Probe::new(self);
        if held_out.ncols() != self.features() {
            return Err(Error::FeatureCount { found: held_out.ncols(), expected: self.features() });
        }
        check_finite(held_out, 0)?;
        probe.add(held_out)?;
        self.diagnosed(probe)
    }

    pub(crate) fn diagnosed(&self, probe: Probe<'_>) -> Result<Diagnosis, Error> {
        Ok(Diagnosis { held_out: Some(probe.finish()?), ..self.diagnosis() })
    }
}

impl ImageWhitening {
    /// As [`Whitening::diagnosis`].
    pub fn diagnosis(&self) -> Diagnosis {
        self.whitening().diagnosis()
    }

    /// As [`Whitening::diagnosis_on`], of images that were not fitted.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySet`] without images, [`Error::ImageShape`], and [`Error::NonFinite`] for NaN
    /// and infinity.
    pub fn diagnosis_on<T: Pixel>(
        &self,
        held_out: ArrayView4<'_, T>,
        layout: Layout,
    ) -> Result<Diagnosis, Error> {
        let observations = self.observations(held_out, layout, self.shape()[2])?;
        let mut probe = Probe::new(self.whitening());
        for rows in observations.blocks() {
            probe.add(rows.view())?;
        }
        self.whitening().diagnosed(probe)
    }
}

impl Diagnosis {
    /// Samples fitted.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Values of a sample: d.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Directions kept: k.
    pub fn rank(&self) -> usize {
        self.eigenvalues.len()
    }

    /// The spectrum: variances along the kept directions, largest first. Of the shrunk covariance,
    /// or the correlation, where that is what was decomposed.
    pub fn eigenvalues(&self) -> ArrayView1<'_, f64> {
        self.eigenvalues.view()
    }

    /// The largest kept variance over the smallest; 1 where nothing is kept.
    pub fn condition_number(&self) -> f64 {
        ratio(self.eigenvalues.first(), self.eigenvalues.last())
    }

    /// The same after regularisation: the square of the largest gain over the smallest.
    pub fn regularised_condition_number(&self) -> f64 {
        ratio(self.gains.last(), self.gains.first()).powi(2)
    }

    /// Which fraction of the total variance each number of leading directions explains: entry i
    /// for the first i + 1 of them, k values in all.
    pub fn explained_variance(&self) -> Array1<f64> {
        let sums = self.eigenvalues.iter().scan(0.0, |sum, &variance| {
            *sum += variance;
            Some(*sum)
        });
        sums.map(|sum| (sum / self.total_variance).min(1.0)).collect()
    }

    /// The variance with which each kept direction comes out, `g^2 lambda`: 1 where it is
    /// whitened, less by what epsilon holds it back.
    pub fn output_variances(&self) -> Array1<f64> {
        &self.gains * &self.gains * &self.eigenvalues
    }

    /// In effect, how many directions are whitened: the sum of the
    /// [`output_variances`](Self::output_variances), from 0 to k. For
    /// [`Regularisation::Eigenvalue`] it is the sum of `lambda / (lambda + epsilon)`, the degrees of
    /// freedom of a ridge regression.
    pub fn effective_directions(&self) -> f64 {
        self.output_variances().sum()
    }

    /// What epsilon means relative to the variances; none where nothing is kept.
    pub fn effective_epsilon(&self) -> Option<EffectiveEpsilon> {
        let (&largest, &smallest) = (self.eigenvalues.first()?, self.eigenvalues.last()?);
        let variance = match self.regularisation {
            Regularisation::Eigenvalue(epsilon) => epsilon,
            // sqrt(lambda) / (sqrt(lambda) + epsilon / sqrt(n)) = sqrt(1/2)
            Regularisation::SingularValue(epsilon) => {
                (epsilon / (std::f64::consts::SQRT_2 - 1.0)).powi(2) / self.samples as f64
            }
            Regularisation::Floor(epsilon) => epsilon / 2.0,
        };
        Some(EffectiveEpsilon {
            variance,
            of_largest: variance / largest,
            of_mean: variance * self.features as f64 / self.total_variance,
            of_smallest: variance / smallest,
            directions_below: self.eigenvalues.iter().filter(|&&x| x < variance).count(),
        })
    }

    /// How far, roughly, the rounding of 32-bit numbers alone moves an output, whose variance is 1:
    /// half a unit in the last place of a value along the largest direction, `2^-24 sqrt(lambda)`,
    /// times the largest gain.
    pub fn rounding_error(&self) -> f64 {
        let largest = self.eigenvalues.first().copied().unwrap_or(0.0);
        let gain = self.gains.last().copied().unwrap_or(0.0).max(self.rest_gain);
        0.5 * f64::from(f32::EPSILON) * largest.sqrt() * gain
    }

    /// How white the held-out rows came out, where there were any.
    pub fn held_out(&self) -> Option<&HeldOut> {
        self.held_out.as_ref()
    }

    /// What to know before this whitening is used; nothing for one without blemish.
    pub fn warnings(&self) -> Vec<Warning> {
        /// Samples for each value, below which the spectrum is spread too far.
        const SAMPLES_PER_VALUE: u64 = 10;
        /// Of an output of variance 1.
        const ROUNDING: f64 = 0.01;

        let (samples, features, rank) = (self.samples, self.features, self.rank());
        let d = features as u64;
        let full = rank == features || self.rest_gain > 0.0;
        let mut warnings = Vec::new();
        let shrunk = self.shrinkage > 0.0;
        match samples {
            _ if rank == 0 => warnings.push(Warning::NothingVaries),
            1 => warnings.push(Warning::SingleSample { features }),
            n if n <= d && !shrunk => {
                warnings.push(Warning::FewerSamplesThanValues { samples, features });
            }
            n if n < d.saturating_mul(SAMPLES_PER_VALUE) && !shrunk => {
                warnings.push(Warning::FewSamples { samples, features });
            }
            _ => {}
        }
        if rank > 0 && samples > d && !full {
            let lost = 1.0 - self.eigenvalues.sum() / self.total_variance;
            warnings.push(Warning::DirectionsDropped { rank, features, lost: lost.max(0.0) });
        }
        if let Some(epsilon) = self.effective_epsilon()
            && 2 * epsilon.directions_below > rank
        {
            let below = epsilon.directions_below;
            warnings.push(Warning::DominatedByEpsilon { below, rank });
        }
        if self.rest_gain > 0.0 && !shrunk && self.rest_is_null() {
            let largest_gain = self.gains.last().copied().unwrap_or(0.0);
            warnings.push(Warning::NullDirectionsAmplified { gain: self.rest_gain, largest_gain });
        }
        if self.rounding_error() > ROUNDING {
            warnings.push(Warning::BeyondSinglePrecision { error: self.rounding_error() });
        }
        if let Some(held_out) = &self.held_out {
            warnings.extend(held_out.warnings(samples, full));
        }
        warnings
    }

    /// Whether the directions that are not kept vary by no more than rounding.
    fn rest_is_null(&self) -> bool {
        let (dropped, largest) = (self.features - self.rank(), self.eigenvalues.first());
        let rest = self.total_variance - self.eigenvalues.sum();
        largest.is_some_and(|largest| rest <= NULL * largest * dropped as f64)
    }
}

fn ratio(largest: Option<&f64>, smallest: Option<&f64>) -> f64 {
    largest.zip(smallest).map_or(1.0, |(largest, smallest)| largest / smallest)
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rank, features) = (self.rank(), self.features);
        writeln!(f, "{:?} whitening of {features} values, {:?}", self.kind, self.method)?;
        writeln!(f, "  fitted on           {} samples", self.samples)?;
        writeln!(f, "  directions kept     {rank} of {features}")?;
        if let Some(explained) = self.explained_variance().last() {
            let total = self.total_variance;
            writeln!(f, "  variance explained  {:.4} % of {total:.4e}", 100.0 * explained)?;
        }
        if let (Some(largest), Some(smallest)) = (self.eigenvalues.first(), self.eigenvalues.last())
        {
            let median = self.eigenvalues[rank / 2];
            writeln!(
                f,
                "  spectrum            largest {largest:.3e}, median {median:.3e}, smallest \
                 {smallest:.3e}"
            )?;
            writeln!(
                f,
                "  condition number    {:.3e}, {:.3e} after regularisation",
                self.condition_number(),
                self.regularised_condition_number()
            )?;
        }
        if let Some(epsilon) = self.effective_epsilon() {
            writeln!(
                f,
                "  epsilon             halves a variance of {:.3e}: {:.2e} of the largest, {:.2e} \
                 of the mean, {:.2e} of the smallest; {} directions vary less",
                epsilon.variance,
                epsilon.of_largest,
                epsilon.of_mean,
                epsilon.of_smallest,
                epsilon.directions_below
            )?;
            writeln!(
                f,
                "  whitened in effect  {:.1} of {rank} directions",
                self.effective_directions()
            )?;
        }
        if self.shrinkage > 0.0 {
            writeln!(f, "  shrinkage           {:.4}", self.shrinkage)?;
        }
        writeln!(f, "  rounding            about {:.1e} of an output", self.rounding_error())?;
        if let Some(held_out) = &self.held_out {
            write!(f, "{held_out}")?;
        }
        for warning in self.warnings() {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}
