use mizumashi_stats::JointSummary;
use ndarray::{Array1, Array2, ArrayView2, ArrayView4};
use serde::{Deserialize, Serialize};

use crate::observations::Observations;
use crate::spectrum::Spectrum;
use crate::whitening::Solution;
use crate::{
    Centring, Error, ImageWhitening, Layout, Method, Pixel, Regularisation, Scope, Solver,
    Whitening, WhiteningKind, dual, primal,
};

/// What whitening to fit: the options, each with a default that suits images.
///
/// Values out of range are refused by the `fit` functions.
///
/// ```
/// use mizumashi_whitening::{Centring, Regularisation, Whitener};
///
/// // What `zca_whitening=True` is in Keras 3, which has centred the data per channel before.
/// let keras = Whitener::zca()
///     .centring(Centring::None)
///     .regularisation(Regularisation::SingularValue(1e-6))
///     .rank_tolerance(0.0);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", default, deny_unknown_fields)]
pub struct Whitener {
    kind: WhiteningKind,
    regularisation: Regularisation,
    centring: Centring,
    rank_tolerance: f64,
    method: Option<Method>,
    solver: Solver,
    memory_limit: u64,
}

impl Default for Whitener {
    /// [`Whitener::zca`].
    fn default() -> Self {
        Self {
            kind: WhiteningKind::Zca,
            regularisation: Regularisation::default(),
            centring: Centring::default(),
            rank_tolerance: 1e-10,
            method: None,
            solver: Solver::default(),
            memory_limit: 8 << 30,
        }
    }
}

impl Whitener {
    /// ZCA whitening with the default options.
    pub fn zca() -> Self {
        Self::default()
    }

    /// PCA whitening with the default options.
    pub fn pca() -> Self {
        Self { kind: WhiteningKind::Pca, ..Self::default() }
    }

    /// The kind of whitening it fits.
    pub fn kind(&self) -> WhiteningKind {
        self.kind
    }

    /// How small variances are treated; `Eigenvalue(1e-6)` by default.
    #[must_use]
    pub fn regularisation(self, regularisation: Regularisation) -> Self {
        Self { regularisation, ..self }
    }

    /// What is subtracted before the matrix; the mean of the samples by default.
    #[must_use]
    pub fn centring(self, centring: Centring) -> Self {
        Self { centring, ..self }
    }

    /// The rank cut: directions whose variance is at most this fraction of the largest are null,
    /// and mapped to zero rather than amplified. From 0 to below 1; `1e-10` by default.
    ///
    /// At the default, the gains of kept directions differ by up to 10^5, which is what 32-bit
    /// arithmetic can bear. At 0 every direction is kept whose variance came out positive, and
    /// only epsilon bounds what rounding becomes.
    #[must_use]
    pub fn rank_tolerance(self, rank_tolerance: f64) -> Self {
        Self { rank_tolerance, ..self }
    }

    /// Forces the route; by default (`None`) it is [`Method::Dual`] for fewer samples than values
    /// and [`Method::Primal`] otherwise.
    #[must_use]
    pub fn method(self, method: Option<Method>) -> Self {
        Self { method, ..self }
    }

    /// The library that finds the eigenvectors; faer by default.
    #[must_use]
    pub fn solver(self, solver: Solver) -> Self {
        Self { solver, ..self }
    }

    /// Bytes that fitting may take beside the data; 8 GiB by default. More is refused before
    /// anything is allocated.
    #[must_use]
    pub fn memory_limit(self, bytes: u64) -> Self {
        Self { memory_limit: bytes, ..self }
    }

    /// Fits rows, each a sample: n x d, of `u8` or `f32`.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySet`] without samples or values, [`Error::SingleSample`] for one sample that
    /// is to be centred, [`Error::NonFinite`] for NaN and infinity, [`Error::MemoryLimit`],
    /// [`Error::Epsilon`] and [`Error::RankTolerance`] for options out of range, and
    /// [`Error::Range`] for data whose factors overflow.
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
    /// As [`fit`](Self::fit), and [`Error::Moments`] when mean and covariance are not of one size,
    /// or not finite.
    pub fn fit_covariance(&self, moments: &impl JointSummary) -> Result<Whitening, Error> {
        let (samples, features) = (moments.count(), moments.dims());
        self.validate()?;
        self.check_set(samples, features)?;
        let bytes = self.check_memory(samples, features, primal::bytes(features, self.solver))?;
        let spectrum = self.decompose(moments.mean(), moments.covariance())?;
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
        let shorter = if samples < features { Method::Dual } else { Method::Primal };
        let method = self.method.unwrap_or(shorter);
        self.validate()?;
        self.check_set(samples as u64, features)?;
        let needed = match method {
            Method::Primal => primal::bytes(features, self.solver),
            Method::Dual => dual::bytes(samples, features, self.solver),
        };
        let samples = samples as u64;
        let bytes = self.check_memory(samples, features, needed)?;
        Ok(Solution { method, samples, bytes })
    }

    fn fit_observations<T: Pixel>(
        &self,
        observations: &Observations<'_, T>,
    ) -> Result<Whitening, Error> {
        let (rows, features) = observations.dim();
        let Solution { method, samples, bytes } = self.solution(rows, features)?;
        observations.check_finite()?;
        let spectrum = match method {
            Method::Primal => {
                let (mean, covariance) = moments(observations)?;
                self.decompose(mean, covariance)?
            }
            Method::Dual => {
                let rows = observations.rows();
                dual::spectrum(rows.view(), self.centring, self.rank_tolerance, self.solver)?
            }
        };
        self.whitening(spectrum, Solution { method, samples, bytes })
    }

    fn decompose(&self, mean: Array1<f64>, covariance: Array2<f64>) -> Result<Spectrum, Error> {
        primal::spectrum(mean, covariance, self.centring, self.rank_tolerance, self.solver)
    }

    fn whitening(&self, spectrum: Spectrum, solution: Solution) -> Result<Whitening, Error> {
        Whitening::new(self.kind, self.regularisation, solution, spectrum)
    }

    fn validate(&self) -> Result<(), Error> {
        self.regularisation.validate()?;
        if !(0.0..1.0).contains(&self.rank_tolerance) {
            return Err(Error::RankTolerance { value: self.rank_tolerance });
        }
        Ok(())
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
