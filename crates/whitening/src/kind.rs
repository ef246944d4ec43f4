use serde::{Deserialize, Serialize};

/// Which of the whitening matrices to use.
///
/// A whitening is any `W` with `W C W^T = I`. This leaves a rotation free: with
/// `C = U diag(lambda) U^T` and `g = 1 / sqrt(lambda)`, all of them are `W = Q diag(g) U^T` with an
/// orthogonal `Q`. They differ in `Q` alone, and each is best in a sense of its own (Kessy, Lewin
/// and Strimmer, 2018). The last two start from the correlation `P = V^(-1/2) C V^(-1/2)`, where
/// `V = diag(C)`, with its eigenvectors `G` and eigenvalues `theta`. They are whitenings of `C` as
/// well, but do not depend on the units of each value.
///
/// A [`Regularisation`](crate::Regularisation) changes the gains `g` and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhiteningKind {
    /// Zero-phase component analysis (Bell and Sejnowski, 1997): `W = U diag(g) U^T`, `Q = U`.
    ///
    /// Symmetric, and of all whitenings the one that changes the data least, in mean squared
    /// distance: images stay images. The output has as many values as the input.
    #[default]
    Zca,
    /// Principal components, each scaled to unit variance: `W = diag(g) U^T`, `Q = I`.
    ///
    /// The output has one value per kept component (the [`rank`](crate::Whitening::rank)), largest
    /// variance first: the first values hold as much of the data as so many can. Eigenvectors have
    /// no sign of their own; the entry of largest magnitude is made positive.
    Pca,
    /// Cholesky's factor: `W = L^T` with `L L^T = C^(-1)` and `L` lower triangular.
    ///
    /// Upper triangular with a positive diagonal: an output depends on the value in its place and
    /// those after it. It needs every direction, so fewer samples than values only do with
    /// [`Shrinkage`](crate::Shrinkage).
    Cholesky,
    /// ZCA of the correlation: `W = G diag(1 / sqrt(theta)) G^T V^(-1/2)`.
    ///
    /// Of all whitenings the one whose outputs correlate most with the inputs in their place.
    ZcaCor,
    /// PCA of the correlation: `W = diag(1 / sqrt(theta)) G^T V^(-1/2)`.
    ///
    /// As [`Pca`](Self::Pca), of standardised values: none dominates for its unit's sake.
    PcaCor,
}

impl WhiteningKind {
    /// Whether values are standardised first, so that the correlation is decomposed.
    pub fn of_correlation(self) -> bool {
        matches!(self, Self::ZcaCor | Self::PcaCor)
    }

    /// Whether the output is a list of components rather than values in the places of the input.
    pub fn yields_components(self) -> bool {
        matches!(self, Self::Pca | Self::PcaCor)
    }
}

/// Between which values of an image correlation is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// Between pixels, and their channels: an image is one observation of height x width x
    /// channels values, flattened row by row with channels innermost.
    #[default]
    Pixels,
    /// Between colours alone: each pixel is one observation of as many values as there are
    /// channels, and the pixels of all images are pooled.
    Channels,
}

/// What is subtracted from the data before they are multiplied by the whitening matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Centring {
    /// The mean of the fitted samples: `y = W (x - m)`.
    #[default]
    Mean,
    /// Nothing: `y = W x`, and second moments are taken about the origin. For data that were
    /// centred beforehand in another way, as Keras' `featurewise_center` does per channel.
    None,
}

/// By which route the eigenvectors of the covariance are found. The first two give the same
/// whitening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// From the d x d covariance of n samples of d values: memory grows with d^2.
    Primal,
    /// From the n x n matrix of inner products between samples: memory grows with n d, and the
    /// covariance is never formed. Cheaper when there are fewer samples than values.
    Dual,
    /// From products of the samples with thin random blocks (Halko, Martinsson and Tropp, 2011):
    /// memory grows with (n + d) k for k [`directions`](crate::Whitener::directions). The
    /// directions are approximate where variances hardly differ; deterministic nonetheless.
    Randomised,
}

/// What becomes of the directions that were cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Remainder {
    /// They are mapped to zero, so `W` has rank k.
    #[default]
    Zero,
    /// They share one variance, the mean of theirs, and so one gain: the covariance is taken for
    /// one of low rank plus a multiple of the identity, as in probabilistic PCA (Tipping and
    /// Bishop, 1999). For whitenings that yield components this is the same as `Zero`.
    Average,
    /// As `Average`, and where their mean is null, too, the gain that the regularisation gives to a
    /// variance of zero, `1 / sqrt(epsilon)`: what Keras does, which turns what a later image holds
    /// along them, and rounding errors, into its largest values. Needs an epsilon above zero.
    Amplified,
}
