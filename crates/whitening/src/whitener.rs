use serde::{Deserialize, Serialize};

use crate::cut::Cut;
use crate::{Centring, Error, Method, Regularisation, Remainder, Shrinkage, Solver, WhiteningKind};

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
    pub(crate) kind: WhiteningKind,
    pub(crate) regularisation: Regularisation,
    pub(crate) shrinkage: Shrinkage,
    pub(crate) centring: Centring,
    pub(crate) rank_tolerance: f64,
    explained_variance: Option<f64>,
    directions: Option<usize>,
    pub(crate) remainder: Remainder,
    pub(crate) method: Option<Method>,
    pub(crate) solver: Solver,
    pub(crate) memory_limit: u64,
}

impl Default for Whitener {
    /// [`Whitener::zca`].
    fn default() -> Self {
        Self {
            kind: WhiteningKind::Zca,
            regularisation: Regularisation::default(),
            shrinkage: Shrinkage::default(),
            centring: Centring::default(),
            rank_tolerance: 1e-10,
            explained_variance: None,
            directions: None,
            remainder: Remainder::default(),
            method: None,
            solver: Solver::default(),
            memory_limit: 8 << 30,
        }
    }
}

impl Whitener {
    /// Whitening of this kind with the default options.
    pub fn new(kind: WhiteningKind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// ZCA whitening with the default options.
    pub fn zca() -> Self {
        Self::new(WhiteningKind::Zca)
    }

    /// PCA whitening with the default options.
    pub fn pca() -> Self {
        Self::new(WhiteningKind::Pca)
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

    /// How far the covariance is drawn towards a multiple of the identity; not at all by default.
    #[must_use]
    pub fn shrinkage(self, shrinkage: Shrinkage) -> Self {
        Self { shrinkage, ..self }
    }

    /// Keeps as few directions as explain this fraction of the total variance, from above 0 to 1,
    /// the largest variances first; all that are not null by default (`None`).
    #[must_use]
    pub fn explained_variance(self, fraction: Option<f64>) -> Self {
        Self { explained_variance: fraction, ..self }
    }

    /// Keeps at most so many directions, the largest variances first; by default (`None`) all that
    /// are not null. With few of many, [`Method::Randomised`] finds them.
    #[must_use]
    pub fn directions(self, directions: Option<usize>) -> Self {
        Self { directions, ..self }
    }

    /// What becomes of the directions that are cut; they are mapped to zero by default. After
    /// [`shrinkage`](Self::shrinkage) it is [`Remainder::Average`] always: a shrunk covariance has
    /// no null directions.
    #[must_use]
    pub fn remainder(self, remainder: Remainder) -> Self {
        Self { remainder, ..self }
    }

    /// Forces the route. By default (`None`) it is [`Method::Randomised`] where
    /// [`directions`](Self::directions) are set and so few that this is faster, fewer than about a
    /// fifteenth of samples and of values, or where the exact way would pass the
    /// [limit](Self::memory_limit); else [`Method::Dual`] for fewer samples than values and
    /// [`Method::Primal`] otherwise. Cholesky's kind takes the primal always, as it needs every
    /// direction.
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

    pub(crate) fn cut(&self) -> Cut {
        Cut {
            rank_tolerance: self.rank_tolerance,
            explained_variance: self.explained_variance,
            directions: self.directions,
        }
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        self.regularisation.validate()?;
        if self.remainder == Remainder::Amplified && self.regularisation.epsilon() == 0.0 {
            return Err(Error::InfiniteGain);
        }
        self.shrinkage.validate()?;
        self.cut().validate()
    }
}
