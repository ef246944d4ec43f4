//! How white rows come out that a whitening was not fitted on.

use std::fmt;

use mizumashi_stats::{Covariance, JointSummary};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, CowArray, Ix2};
use serde::Serialize;

use crate::product::product;
use crate::{Error, Pixel, Warning, Whitening};

/// Directions whose covariance is taken at most: 2 MB of it.
const EXAMINED: usize = 512;

/// Values in `f64` at a time.
const BLOCK_VALUES: usize = 1 << 20;

/// Second moments of the output of held-out rows along kept directions, about the fitted mean: the
/// identity for rows like the fitted ones, without epsilon.
///
/// A direction's moment is compared with what it is for the fitted rows, which is below 1 where
/// epsilon holds it back.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct HeldOut {
    rows: u64,
    directions: Vec<usize>,
    fitted: Array1<f64>,
    variances: Array1<f64>,
    max_off_diagonal: f64,
    rms_off_diagonal: f64,
    rms_correlation: f64,
    outside: f64,
}

impl HeldOut {
    /// Rows examined.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Which of the kept directions were examined, counted from the largest variance: m of them.
    pub fn directions(&self) -> &[usize] {
        &self.directions
    }

    /// The variance with which each examined direction comes out: the diagonal, m values.
    pub fn variances(&self) -> ArrayView1<'_, f64> {
        self.variances.view()
    }

    /// The same of the fitted rows: `g^2 lambda`, m values.
    pub fn fitted_variances(&self) -> ArrayView1<'_, f64> {
        self.fitted.view()
    }

    /// The mean over the examined directions of the variance found over the fitted one.
    pub fn variance_ratio(&self) -> f64 {
        (&self.variances / &self.fitted).mean().unwrap_or(1.0)
    }

    /// How far the diagonal is from 1 at most.
    pub fn max_diagonal_deviation(&self) -> f64 {
        self.variances.fold(0.0, |worst: f64, variance| worst.max((variance - 1.0).abs()))
    }

    /// The largest entry beside the diagonal, in magnitude.
    pub fn max_off_diagonal(&self) -> f64 {
        self.max_off_diagonal
    }

    /// The root of the mean square of the entries beside the diagonal.
    pub fn rms_off_diagonal(&self) -> f64 {
        self.rms_off_diagonal
    }

    /// The same of the entries divided by the deviations of both directions: of their correlations,
    /// which epsilon does not make small, nor too few samples large.
    pub fn rms_correlation(&self) -> f64 {
        self.rms_correlation
    }

    /// What [`rms_correlation`](Self::rms_correlation) is by chance alone, for independent values of a
    /// normal distribution: `1 / sqrt(rows)`.
    pub fn chance(&self) -> f64 {
        1.0 / (self.rows as f64).sqrt()
    }

    /// The fraction of the variance of these rows that lies outside of the kept directions.
    pub fn outside(&self) -> f64 {
        self.outside
    }

    /// Of a whitening of so many samples, which is of full rank or keeps what lies outside.
    pub(crate) fn warnings(&self, samples: u64, full: bool) -> impl Iterator<Item = Warning> {
        /// By how much the variance may be larger or smaller than that of the fitted rows.
        const VARIANCE: f64 = 2.0;
        /// By how much correlations may pass those by chance: pictures are no normal distribution.
        const CORRELATION: f64 = 4.0;
        /// Up to which they do not matter.
        const SLIGHT: f64 = 0.05;
        const OUTSIDE: f64 = 0.01;

        let (ratio, rms) = (self.variance_ratio(), self.rms_correlation);
        let chance = (1.0 / self.rows as f64 + 1.0 / samples as f64).sqrt();
        let variance = !(1.0 / VARIANCE..=VARIANCE).contains(&ratio);
        let correlation = rms > SLIGHT && rms > CORRELATION * chance;
        let outside = self.outside > OUTSIDE && !full;
        [
            variance.then_some(Warning::HeldOutVariance { ratio }),
            correlation.then_some(Warning::HeldOutCorrelation { rms, chance }),
            outside.then_some(Warning::HeldOutOutside { fraction: self.outside }),
        ]
        .into_iter()
        .flatten()
    }
}

impl fmt::Display for HeldOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.directions.is_empty() {
            return writeln!(f, "  held-out            {} rows, along no directions", self.rows);
        }
        let extreme =
            |start, choose: fn(f64, f64) -> f64| self.variances.fold(start, |a, &b| choose(a, b));
        writeln!(
            f,
            "  held-out            {} rows along {} directions: variances {:.3} to {:.3}, {:.3} times \
             the fitted ones on average",
            self.rows,
            self.directions.len(),
            extreme(f64::INFINITY, f64::min),
            extreme(0.0, f64::max),
            self.variance_ratio()
        )?;
        writeln!(
            f,
            "  off the diagonal    {:.2e} rms, {:.2e} at most; correlations {:.2e} rms, {:.2e} by chance \
             alone",
            self.rms_off_diagonal,
            self.max_off_diagonal,
            self.rms_correlation,
            self.chance()
        )?;
        writeln!(f, "  outside             {:.4} % of the held-out variance", 100.0 * self.outside)
    }
}

/// Gathers the moments, block by block.
pub(crate) struct Probe<'a> {
    whitening: &'a Whitening,
    examined: Vec<usize>,
    /// The directions that rows are projected on, d x m; all that are kept where these are not all
    /// there are, for the sake of what lies outside.
    directions: CowArray<'a, f64, Ix2>,
    rows: u64,
    moments: Covariance,
    /// Sums of squares of the coordinates, and of what of them lies along the kept directions.
    squares: f64,
    along: f64,
}

impl<'a> Probe<'a> {
    pub(crate) fn new(whitening: &'a Whitening) -> Self {
        let rank = whitening.rank();
        let count = rank.min(EXAMINED);
        let last = count.saturating_sub(1).max(1);
        let examined: Vec<_> = (0..count).map(|i| i * rank.saturating_sub(1) / last).collect();
        let components = whitening.components();
        let directions = match rank < whitening.features() || count == rank {
            true => components.into(),
            false => components.select(Axis(1), &examined).into(),
        };
        let (rows, moments) = (0, Covariance::new(count));
        Self { whitening, examined, directions, rows, moments, squares: 0.0, along: 0.0 }
    }

    /// Adds finite rows of as many values as the whitening takes.
    pub(crate) fn add<T: Pixel>(&mut self, rows: ArrayView2<'_, T>) -> Result<(), Error> {
        let (features, projected) = self.directions.dim();
        self.rows += rows.nrows() as u64;
        let height = (BLOCK_VALUES / features.max(1)).max(1);
        let gains = self.whitening.gains().select(Axis(0), &self.examined);
        for rows in rows.axis_chunks_iter(Axis(0), height) {
            let z = self.whitening.frame().coordinates(rows, 0);
            let mut along = Array2::zeros((rows.nrows(), projected));
            product(z.view(), self.directions.view(), along.view_mut());
            self.squares += z.fold(0.0, |sum, x| sum + x * x);
            self.along += along.fold(0.0, |sum, x| sum + x * x);
            let examined = match projected == self.examined.len() {
                true => along,
                false => along.select(Axis(1), &self.examined),
            };
            if !self.examined.is_empty() {
                self.moments.update((examined * &gains).view())?;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<HeldOut, Error> {
        let rows = self.rows;
        if rows == 0 {
            return Err(Error::EmptySet { samples: rows, features: self.whitening.features() });
        }
        let mean = self.moments.mean();
        let mut second = self.moments.covariance();
        for (mut row, &of_row) in second.rows_mut().into_iter().zip(&mean) {
            row.scaled_add(of_row, &mean);
        }
        let variances = second.diag().to_owned();
        second.diag_mut().fill(0.0);
        let (count, worst) = (variances.len(), second.fold(0.0, |a: f64, b| a.max(b.abs())));
        let entries = (count * count.saturating_sub(1)).max(1) as f64;
        let rms = |matrix: &Array2<f64>| (matrix.fold(0.0, |sum, x| sum + x * x) / entries).sqrt();
        let rms_off_diagonal = rms(&second);
        let scale =
            variances.mapv(|variance| if variance > 0.0 { variance.sqrt().recip() } else { 0.0 });
        for (mut row, &of_row) in second.rows_mut().into_iter().zip(&scale) {
            row *= &(&scale * of_row);
        }
        let fitted = self.whitening.gains().powi(2) * self.whitening.eigenvalues();
        let all = self.whitening.rank() == self.whitening.features();
        let outside = match self.squares > 0.0 && !all {
            true => (1.0 - self.along / self.squares).max(0.0),
            false => 0.0,
        };
        Ok(HeldOut {
            rows,
            fitted: fitted.select(Axis(0), &self.examined),
            directions: self.examined,
            variances,
            max_off_diagonal: worst,
            rms_off_diagonal,
            rms_correlation: rms(&second),
            outside,
        })
    }
}
