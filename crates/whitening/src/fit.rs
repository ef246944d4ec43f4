use mizumashi_stats::JointSummary;
use ndarray::{Array1, Array2, ArrayView2, ArrayView4};

use crate::frame::{Frame, second_moments};
use crate::model::Model;
use crate::observations::Observations;
use crate::shrinkage::Norms;
use crate::spectrum::Spectrum;
use crate::whitening::Solution;
use crate::{
    Centring, Error, ImageWhitening, Layout, Method, Pixel, Scope, Shrinkage, Whitener, Whitening,
    WhiteningKind, dual, primal, randomised,
};

/// By how much fewer products than half a Gram matrix the randomised method must need.
const PASSES: usize = 12;

impl Whitener {
    /// Fits rows, each a sample: n x d, of `u8`, `f32` or `f64`.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySet`] without samples or values, [`Error::SingleSample`] for one sample that
    /// is to be centred, [`Error::NonFinite`] for NaN and infinity, [`Error::MemoryLimit`],
    /// [`Error::Epsilon`], [`Error::RankTolerance`], [`Error::ExplainedVariance`],
    /// [`Error::NoDirections`] and [`Error::Shrinkage`] for options out of range,
    /// [`Error::DirectionsUnknown`] and [`Error::ShrinkageUnknown`] for those that do not go
    /// together, [`Error::CholeskyRank`], and [`Error::Range`] for data whose factors overflow.
    pub fn fit<T: Pixel>(&self, rows: ArrayView2<'_, T>) -> Result<Whitening, Error> {
        self.fit_observations(&Observations::of_rows(rows))
    }

    /// Fits images of any memory layout: between the values of an image ([`Scope::Pixels`]) or
    /// between its channels ([`Scope::Channels`]).
    ///
    /// `images` has the axes that `layout` names. The fit does not depend on the layout.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); rows are images or pixels.
    pub fn fit_images<T: Pixel>(
        &self,
        images: ArrayView4<'_, T>,
        layout: Layout,
        scope: Scope,
    ) -> Result<ImageWhitening, Error> {
        let images = layout.to_nhwc(images);
        let (_, height, width, channels) = images.dim();
        let whitening = self.fit_observations(&Observations::of_images(images, scope))?;
        ImageWhitening::new(whitening, scope, [height, width, channels])
    }

    /// Fits a covariance that was gathered elsewhere: streamed, merged over machines, or loaded.
    ///
    /// [`method`](Self::method) is of no account here: there are no samples to take the dual of.
    ///
    /// ```
    /// use mizumashi_stats::IntegerCovariance;
    /// use mizumashi_whitening::Whitener;
    /// use ndarray::array;
    ///
    /// let mut covariance = IntegerCovariance::new(2);
    /// covariance.update(array![[10_u8, 20], [30, 90]].view())?;
    /// covariance.update(array![[20_u8, 40]].view())?;
    /// let whitening = Whitener::zca().fit_covariance(&covariance)?;
    /// assert_eq!(whitening.rank(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit), [`Error::Moments`] when mean and covariance are not of one size, or not
    /// finite, and [`Error::ShrinkageUnknown`] for [`Shrinkage::LedoitWolf`], which needs samples.
    pub fn fit_covariance(&self, moments: &impl JointSummary) -> Result<Whitening, Error> {
        let (samples, features) = (moments.count(), moments.dims());
        self.validate()?;
        self.check_set(samples, features)?;
        let needed = primal::bytes(features, self.kind, self.solver);
        let bytes = self.check_memory(samples, features, needed)?;
        let quartic = |_: &Frame| Err(self.without_samples());
        let spectrum = self.primal(samples, moments.mean(), moments.covariance(), quartic)?;
        self.whitening(spectrum, Solution { method: Method::Primal, samples, bytes })
    }

    /// How a fit of so many samples of so many values would go, without their being there: what
    /// decides whether to gather a covariance or the samples themselves.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySet`], [`Error::SingleSample`], [`Error::MemoryLimit`], and options out of
    /// range, as [`fit`](Self::fit) would.
    pub fn solution(&self, samples: usize, features: usize) -> Result<Solution, Error> {
        self.validate()?;
        self.check_set(samples as u64, features)?;
        let method = self.method.unwrap_or_else(|| self.choose(samples, features));
        let needed = self.bytes(method, samples, features)?;
        let samples = samples as u64;
        let bytes = self.check_memory(samples, features, needed)?;
        Ok(Solution { method, samples, bytes })
    }

    fn choose(&self, samples: usize, features: usize) -> Method {
        let exact = match samples < features && self.kind != WhiteningKind::Cholesky {
            true => Method::Dual,
            false => Method::Primal,
        };
        let (Some(directions), true) = (
            self.cut().directions,
            matches!(self.shrinkage, Shrinkage::None | Shrinkage::Fixed(_))
                && self.kind != WhiteningKind::Cholesky,
        ) else {
            return exact;
        };
        let faster = PASSES.saturating_mul(randomised::block(samples, features, directions))
            <= samples.min(features);
        let within = |method| {
            self.bytes(method, samples, features).is_ok_and(|bytes| bytes <= self.memory_limit)
        };
        let smaller = !within(exact) && within(Method::Randomised);
        if faster || smaller { Method::Randomised } else { exact }
    }

    fn bytes(&self, method: Method, samples: usize, features: usize) -> Result<u64, Error> {
        let directions = self.cut().directions;
        Ok(match method {
            Method::Primal => primal::bytes(features, self.kind, self.solver),
            Method::Dual => {
                dual::bytes(samples, features, directions.unwrap_or(samples), self.solver)
            }
            Method::Randomised => {
                let directions = directions.ok_or(Error::DirectionsUnknown)?;
                randomised::bytes(samples, features, directions)
            }
        })
    }

    pub(crate) fn fit_observations<T: Pixel>(
        &self,
        observations: &Observations<'_, T>,
    ) -> Result<Whitening, Error> {
        let (rows, features) = observations.dim();
        let solution = self.solution(rows, features)?;
        observations.check_finite()?;
        let spectrum = match solution.method {
            Method::Primal => {
                let (mean, covariance) = moments(observations)?;
                let quartic = |frame: &Frame| Ok(frame.quartic(observations));
                self.primal(solution.samples, mean, covariance, quartic)?
            }
            Method::Dual => self.dual(observations.rows().view())?,
            Method::Randomised => self.randomised(observations.rows().view())?,
        };
        self.whitening(spectrum, solution)
    }

    pub(crate) fn primal(
        &self,
        samples: u64,
        mean: Array1<f64>,
        covariance: Array2<f64>,
        quartic: impl FnOnce(&Frame) -> Result<f64, Error>,
    ) -> Result<Spectrum, Error> {
        let (mean, mut second) = second_moments(mean, covariance, self.centring)?;
        let mut frame = Frame { mean, deviations: None };
        if self.kind.of_correlation() {
            frame.standardise(&mut second, self.rank_tolerance);
        }
        let rho = self
            .shrinkage
            .intensity(&norms(samples, frame.mean.len(), &second), || quartic(&frame))?;
        primal::spectrum(frame, second, &self.cut(), rho, self.solver)
    }

    fn dual<T: Pixel>(&self, rows: ArrayView2<'_, T>) -> Result<Spectrum, Error> {
        let (samples, features) = rows.dim();
        let (frame, mut gram) = if self.kind.of_correlation() {
            let (frame, _) = self.frame(rows);
            let gram = frame.gram(rows);
            (frame, gram)
        } else {
            let (mean, gram) = T::gram(rows, self.centring)?;
            (Frame { mean, deviations: None }, gram)
        };
        let quartic = gram.diag().fold(0.0, |sum, length| sum + length * length);
        gram /= samples as f64;
        let norms = norms(samples as u64, features, &gram);
        let rho = self.shrinkage.intensity(&norms, || Ok(quartic))?;
        dual::spectrum(rows, frame, gram, &self.cut(), rho, self.solver)
    }

    fn randomised<T: Pixel>(&self, rows: ArrayView2<'_, T>) -> Result<Spectrum, Error> {
        let (samples, features) = rows.dim();
        let directions = self.cut().directions.ok_or(Error::DirectionsUnknown)?;
        let (frame, variances) = self.frame(rows);
        let total = variances.sum();
        let norms = Norms { samples: samples as u64, features, trace: total, squared: 0.0 };
        let rho = match self.shrinkage {
            Shrinkage::None | Shrinkage::Fixed(_) => {
                self.shrinkage.intensity(&norms, || Ok(0.0))?
            }
            shrinkage => {
                return Err(Error::ShrinkageUnknown {
                    shrinkage,
                    reason: "the randomised method does not find all variances",
                    mend: "another method",
                });
            }
        };
        randomised::spectrum(rows, frame, total, directions, &self.cut(), rho, self.solver)
    }

    fn frame<T: Pixel>(&self, rows: ArrayView2<'_, T>) -> (Frame, Array1<f64>) {
        let correlation = self.kind.of_correlation();
        Frame::of_rows(rows, self.centring, correlation, self.rank_tolerance)
    }

    fn whitening(&self, spectrum: Spectrum, solution: Solution) -> Result<Whitening, Error> {
        Model::new(self.kind, self.regularisation, self.remainder, solution, spectrum).try_into()
    }

    /// Why a shrinkage that needs samples cannot be had of a covariance.
    pub(crate) fn without_samples(&self) -> Error {
        Error::ShrinkageUnknown {
            shrinkage: self.shrinkage,
            reason: "it needs the samples, and their covariance alone is there",
            mend: "`Shrinkage::Oas`",
        }
    }

    fn check_set(&self, samples: u64, features: usize) -> Result<(), Error> {
        match samples {
            _ if features == 0 => Err(Error::EmptySet { samples, features }),
            0 => Err(Error::EmptySet { samples, features }),
            1 if self.centring == Centring::Mean => Err(Error::SingleSample),
            _ => Ok(()),
        }
    }

    fn check_memory(&self, samples: u64, features: usize, needed: u64) -> Result<u64, Error> {
        let limit = self.memory_limit;
        if needed > limit {
            return Err(Error::MemoryLimit { samples, features, needed, limit });
        }
        Ok(needed)
    }
}

fn norms(samples: u64, features: usize, second: &Array2<f64>) -> Norms {
    let squared = second.fold(0.0, |sum, x| sum + x * x);
    Norms { samples, features, trace: second.diag().sum(), squared }
}

/// Mean and covariance; the state they are read from is gone when the solver needs the memory.
fn moments<T: Pixel>(
    observations: &Observations<'_, T>,
) -> Result<(Array1<f64>, Array2<f64>), Error> {
    let mut moments = T::moments(observations.dim().1);
    for block in observations.blocks() {
        T::update(&mut moments, block.view())?;
    }
    Ok((moments.mean(), moments.covariance()))
}
