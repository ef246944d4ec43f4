use ndarray::{Array1, Array2, ArrayView4, s};
use serde::{Deserialize, Serialize};

use crate::held_out::Probe;
use crate::observations::Observations;
use crate::patches::PatchRows;
use crate::{
    Convolution, Diagnosis, Error, Layout, Method, PatchMoments, Patches, Pixel, Scope, Shrinkage,
    Whitener, Whitening,
};

/// Bytes that the matrix of a convolution may take.
const MATRIX: u64 = 8 << 30;

/// A [`Whitening`] of the patches of images, which is a convolution of the whole images.
///
/// Made by [`Whitener::fit_patches`] and [`Whitener::fit_patch_moments`]. Pictures have the same
/// statistics at all places, or nearly: so the few values of a patch stand for all of them, any
/// image has thousands of patches to fit, and images of any size are whitened by the same small
/// matrix. [`convolution`](Self::convolution) gives all outputs of a patch, as the first layer of a
/// network; [`centre_convolution`](Self::centre_convolution) the whitened pixel in its centre, as an
/// image.
///
/// The first layer of fast CIFAR-10 training recipes (Page, 2018; Jordan, 2024) has the
/// eigenvectors of patches as its weights, divided by `sqrt(lambda + epsilon)`, and then the same
/// with the opposite sign. They take second moments about the origin, of images that are
/// standardised by channel before:
///
/// ```
/// use mizumashi_whitening::{Centring, Layout, Patches, Regularisation, Whitener};
/// use ndarray::Array4;
///
/// // Standardised images, channels first, as a network would see them.
/// let images = Array4::from_shape_fn((8, 3, 12, 12), |(n, c, y, x)| {
///     (((n + 2) * x * y + (c + 1) * x * x + y * (n * n + 17)) % 83) as f32 / 24.0 - 1.7
/// });
/// let layer = Whitener::pca()
///     .centring(Centring::None)
///     .regularisation(Regularisation::Eigenvalue(5e-4))
///     .fit_patches(images.view(), Layout::Nchw, Patches::square(2))?
///     .convolution()?
///     .doubled();
/// assert_eq!(layer.weights().dim(), (24, 3, 2, 2));
/// assert!(layer.bias().iter().all(|&x| x == 0.0));
/// let first = layer.apply(images.view(), Layout::Nchw)?;
/// assert_eq!(first.dim(), (8, 24, 11, 11));
/// # Ok::<(), mizumashi_whitening::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "Stored")]
pub struct PatchWhitening {
    patches: Patches,
    channels: usize,
    whitening: Whitening,
}

impl Whitener {
    /// Fits the patches of images, which have the axes that `layout` names. Memory is bounded: the
    /// patches are never all there, and of `u8` images their covariance is exact.
    ///
    /// The route is [`Method::Primal`] always, from the covariance of a patch's values.
    ///
    /// ```
    /// use mizumashi_whitening::{Layout, Patches, Whitener};
    /// use ndarray::Array4;
    ///
    /// let images = Array4::from_shape_fn((4, 16, 20, 3), |(n, y, x, c)| {
    ///     ((n * n * 31 + y * x * 13 + x * x * 7 + c * y * 5) % 251) as u8
    /// });
    /// let whitening = Whitener::zca().fit_patches(images.view(), Layout::Nhwc, Patches::square(5))?;
    /// assert_eq!(whitening.whitening().solution().samples, 4 * 12 * 16);
    /// let white = whitening.centre_convolution()?.apply(images.view(), Layout::Nhwc)?;
    /// assert_eq!(white.dim(), (4, 12, 16, 3));
    /// # Ok::<(), mizumashi_whitening::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit), where rows are patches and [`Error::NonFinite`] names the image and
    /// the value in it; [`Error::PatchSize`] when no patch fits, [`Error::PatchSample`] for a
    /// sample of none, and [`Error::ShrinkageUnknown`] for
    /// [`Shrinkage::LedoitWolf`](crate::Shrinkage::LedoitWolf), which needs samples.
    pub fn fit_patches<T: Pixel>(
        &self,
        images: ArrayView4<'_, T>,
        layout: Layout,
        patches: Patches,
    ) -> Result<PatchWhitening, Error> {
        let (samples, height, width, channels) = layout.to_nhwc(images).dim();
        let count = samples.saturating_mul(patches.count([height, width])?);
        // Before anything is gathered.
        if let Shrinkage::LedoitWolf = self.shrinkage {
            return Err(self.without_samples());
        }
        let primal = self.clone().method(Some(Method::Primal));
        primal.solution(count, patches.features(channels))?;
        let mut moments = PatchMoments::new(patches);
        moments.update(images, layout)?;
        self.fit_patch_moments(&moments)
    }

    /// Fits the moments of patches that were streamed, merged or loaded.
    ///
    /// # Errors
    ///
    /// As [`fit_patches`](Self::fit_patches), and [`Error::EmptySet`] for a state of no images.
    pub fn fit_patch_moments<T: Pixel>(
        &self,
        moments: &PatchMoments<T>,
    ) -> Result<PatchWhitening, Error> {
        let patches = moments.patches();
        let (Some(gathered), Some(channels)) = (moments.moments(), moments.channels()) else {
            return Err(Error::EmptySet { samples: 0, features: patches.features(1) });
        };
        PatchWhitening::new(self.fit_covariance(gathered)?, patches, channels)
    }
}

impl PatchWhitening {
    /// Takes a map of rows as one of patches, flattened row by row with channels innermost.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`] when the map takes rows of another length than such a patch has.
    pub fn new(whitening: Whitening, patches: Patches, channels: usize) -> Result<Self, Error> {
        let (found, expected) = (patches.features(channels), whitening.features());
        if found != expected {
            return Err(Error::FeatureCount { found, expected });
        }
        Ok(Self { patches, channels, whitening })
    }

    /// The patches that were fitted.
    pub fn patches(&self) -> Patches {
        self.patches
    }

    /// Channels of the images.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The map of patches as rows of height x width x channels values.
    pub fn whitening(&self) -> &Whitening {
        &self.whitening
    }

    /// The convolution that yields every output of every patch: `y = W (x - m)` at each position.
    ///
    /// Its outputs are the [`outputs`](Whitening::outputs) of the whitening: for PCA one filter per
    /// kept direction, the largest variance first; for ZCA d of them, each a whitened value of the
    /// patch, in the order of its flattening. Over all patches they are uncorrelated and of
    /// variance 1.
    ///
    /// # Errors
    ///
    /// [`Error::MatrixLimit`] for a matrix of more than 8 GiB.
    pub fn convolution(&self) -> Result<Convolution, Error> {
        let matrix = self.whitening.matrix(MATRIX)?;
        Ok(self.filters(matrix, self.whitening.bias()))
    }

    /// The convolution that yields the whitened values of the pixel in the centre of each patch: as
    /// many channels out as in. For ZCA, whose outputs resemble their inputs, the result is an image
    /// without what its pixels could be told from their neighbours by.
    ///
    /// These filters are `channels` of the d rows of `W`. Over all patches the channels of a pixel
    /// are uncorrelated and of variance 1. Pixels are uncorrelated with their neighbours only
    /// nearly: each is whitened within a patch of its own.
    ///
    /// # Errors
    ///
    /// [`Error::NoCentre`] for patches of even height or width, and for kinds whose outputs are
    /// components; [`Error::MatrixLimit`] as [`convolution`](Self::convolution).
    pub fn centre_convolution(&self) -> Result<Convolution, Error> {
        let (size, kind) = (self.patches.size(), self.whitening.kind());
        let [height, width] = size;
        if height % 2 == 0 || width % 2 == 0 || kind.yields_components() {
            return Err(Error::NoCentre { size, kind });
        }
        let first = (height / 2 * width + width / 2) * self.channels;
        let centre = first..first + self.channels;
        let matrix = self.whitening.matrix(MATRIX)?;
        let bias = self.whitening.bias();
        Ok(self.filters(
            matrix.slice(s![centre.clone(), ..]).to_owned(),
            bias.slice(s![centre]).to_owned(),
        ))
    }

    /// As [`Whitening::diagnosis`]. Patches that overlap are not independent: they tell less than
    /// their number says.
    pub fn diagnosis(&self) -> Diagnosis {
        self.whitening.diagnosis()
    }

    /// As [`Whitening::diagnosis_on`], of patches of images that were not fitted, all or sampled
    /// as the fitted ones were.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySet`] without images, [`Error::Channels`], [`Error::PatchSize`], and
    /// [`Error::NonFinite`] for NaN and infinity.
    pub fn diagnosis_on<T: Pixel>(
        &self,
        held_out: ArrayView4<'_, T>,
        layout: Layout,
    ) -> Result<Diagnosis, Error> {
        let images = layout.to_nhwc(held_out);
        let found = images.dim().3;
        if found != self.channels {
            return Err(Error::Channels { found, expected: self.channels });
        }
        Observations::of_images(images, Scope::Pixels).check_finite()?;
        let rows = PatchRows::new(images, self.patches, 0)?;
        let mut probe = Probe::new(&self.whitening);
        for block in 0..rows.blocks() {
            probe.add(rows.block(block).view())?;
        }
        self.whitening.diagnosed(probe)
    }

    fn filters(&self, matrix: Array2<f64>, bias: Array1<f64>) -> Convolution {
        Convolution::new(matrix, bias, self.whitening.mean(), self.patches.size(), self.channels)
    }
}

/// [`PatchWhitening`] before its parts are known to agree.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
struct Stored {
    patches: Patches,
    channels: usize,
    whitening: Whitening,
}

impl TryFrom<Stored> for PatchWhitening {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        Self::new(stored.whitening, stored.patches, stored.channels)
    }
}
