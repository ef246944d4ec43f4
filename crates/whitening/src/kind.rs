use serde::{Deserialize, Serialize};

/// Which of the whitening matrices to use. All make the covariance of their output the identity;
/// they differ by a rotation.
///
/// With the covariance `C = U diag(lambda) U^T` and the gains `g` of a
/// [`Regularisation`](crate::Regularisation) (`g = 1 / sqrt(lambda)` when epsilon is zero):
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhiteningKind {
    /// Zero-phase component analysis (Bell and Sejnowski, 1997): `W = U diag(g) U^T`.
    ///
    /// Symmetric, and of all whitenings the one that changes the data least (Kessy, Lewin and
    /// Strimmer, 2018): images stay images. The output has as many values as the input.
    #[default]
    Zca,
    /// Principal components, each scaled to unit variance: `W = diag(g) U^T`.
    ///
    /// The output has one value per kept component (the [`rank`](crate::Whitening::rank)), largest
    /// variance first. Eigenvectors have no sign of their own; the entry of largest magnitude is
    /// made positive.
    Pca,
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

/// By which route the eigenvectors of the covariance are found. Both give the same whitening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// From the d x d covariance of n samples of d values: memory grows with d^2.
    Primal,
    /// From the n x n matrix of inner products between samples: memory grows with n d, and the
    /// covariance is never formed. Cheaper when there are fewer samples than values.
    Dual,
}
