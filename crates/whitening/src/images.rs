use ndarray::{Array2, Array4, ArrayView4, ArrayViewMut4, Axis, s};
use serde::{Deserialize, Serialize};

use crate::observations::{Observations, write_rows};
use crate::{Error, Layout, Pixel, Scope, Whitening};

/// A [`Whitening`] of images, which knows what a row of it is.
///
/// Made by [`Whitener::fit_images`](crate::Whitener::fit_images). Fitted with [`Scope::Pixels`] it
/// takes images of the fitted shape; with [`Scope::Channels`], images of any height and width with
/// the fitted number of channels. The layouts of fitted and mapped images need not agree.
///
/// ```
/// use mizumashi_whitening::{Layout, Scope, Whitener};
/// use ndarray::Array4;
///
/// // Eight 6x5 RGB images, channels first.
/// let images = Array4::from_shape_fn((8, 3, 6, 5), |(n, c, y, x)| {
///     ((n * 31 + y * y * 7 + x * 13 + c * (n + x) * 17) % 256) as u8
/// });
/// let colours = Whitener::zca().fit_images(images.view(), Layout::Nchw, Scope::Channels)?;
/// let white = colours.apply(images.view(), Layout::Nchw)?;
/// assert_eq!(white.dim(), (8, 3, 6, 5));
/// # Ok::<(), mizumashi_whitening::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "Stored")]
pub struct ImageWhitening {
    scope: Scope,
    /// Height, width and channels of the fitted images.
    shape: [usize; 3],
    whitening: Whitening,
}

impl ImageWhitening {
    /// Takes a map of rows as one of images of `shape`, which is height, width and channels: for
    /// one that was fitted from a [covariance](crate::Whitener::fit_covariance).
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`] when the map takes rows of another length than such an image, or its
    /// pixels, have.
    pub fn new(whitening: Whitening, scope: Scope, shape: [usize; 3]) -> Result<Self, Error> {
        let found = match scope {
            Scope::Pixels => shape.into_iter().fold(1, usize::saturating_mul),
            Scope::Channels => shape[2],
        };
        let expected = whitening.features();
        if found != expected {
            return Err(Error::FeatureCount { found, expected });
        }
        Ok(Self { scope, shape, whitening })
    }

    /// Maps images in `layout` to `f32` images in the same layout.
    ///
    /// PCA of colours yields [`rank`](Whitening::rank) channels. PCA of whole images yields no
    /// image; use [`apply_flat`](Self::apply_flat).
    ///
    /// # Errors
    ///
    /// [`Error::ImageShape`], [`Error::NotAnImage`], and [`Error::NonFinite`] for NaN and infinity.
    pub fn apply<T: Pixel>(
        &self,
        images: ArrayView4<'_, T>,
        layout: Layout,
    ) -> Result<Array4<f32>, Error> {
        let observations = self.observations(images, layout, self.shape[2])?;
        let (samples, height, width) = observations.images();
        let shape = [height, width, self.white_channels()?];
        let mut white = Array4::zeros(layout.batch_shape(samples, shape));
        let mut out = layout.to_nhwc(white.view_mut());
        let chunks = out.axis_chunks_iter_mut(Axis(0), observations.images_per_block());
        for (rows, out) in observations.blocks().zip(chunks) {
            write_rows(out, self.scope, |out| self.whitening.operator().apply(rows.view(), out));
        }
        Ok(white)
    }

    /// Maps images onto themselves.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply), and [`Error::NotInPlace`] for a PCA of colours that drops
    /// channels. The images are then as they were.
    pub fn apply_inplace(
        &self,
        images: ArrayViewMut4<'_, f32>,
        layout: Layout,
    ) -> Result<(), Error> {
        let (features, outputs) = (self.shape[2], self.white_channels()?);
        if features != outputs {
            return Err(Error::NotInPlace { features, outputs });
        }
        let height = self.observations(images.view(), layout, features)?.images_per_block();
        for chunk in layout.to_nhwc(images).axis_chunks_iter_mut(Axis(0), height) {
            write_rows(chunk, self.scope, |rows| self.whitening.operator().apply_inplace(rows));
        }
        Ok(())
    }

    /// Maps images in `layout` to rows: one per image, or with [`Scope::Channels`] one per pixel,
    /// image after image and row by row.
    ///
    /// # Errors
    ///
    /// [`Error::ImageShape`], and [`Error::NonFinite`] for NaN and infinity.
    pub fn apply_flat<T: Pixel>(
        &self,
        images: ArrayView4<'_, T>,
        layout: Layout,
    ) -> Result<Array2<f32>, Error> {
        let observations = self.observations(images, layout, self.shape[2])?;
        let mut out = Array2::zeros((observations.dim().0, self.whitening.outputs()));
        let mut start = 0;
        for rows in observations.blocks() {
            let end = start + rows.nrows();
            self.whitening.operator().apply(rows.view(), out.slice_mut(s![start..end, ..]));
            start = end;
        }
        Ok(out)
    }

    /// Maps white images back; see [`Whitening::inverse`].
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn inverse(
        &self,
        images: ArrayView4<'_, f32>,
        layout: Layout,
    ) -> Result<Array4<f32>, Error> {
        let observations = self.observations(images, layout, self.white_channels()?)?;
        let (samples, height, width) = observations.images();
        let rows = self.whitening.inverse(observations.rows().view())?;
        let mut images = Array4::zeros(layout.batch_shape(samples, [height, width, self.shape[2]]));
        write_rows(layout.to_nhwc(images.view_mut()), self.scope, |mut out| out.assign(&rows));
        Ok(images)
    }

    /// Height, width and channels of the fitted images.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Between which values correlation is removed.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The map of rows.
    pub fn whitening(&self) -> &Whitening {
        &self.whitening
    }

    /// Channels of white images.
    fn white_channels(&self) -> Result<usize, Error> {
        let outputs = self.whitening.outputs();
        match (self.scope, self.whitening.kind()) {
            (Scope::Channels, _) => Ok(outputs),
            (Scope::Pixels, kind) if kind.yields_components() => Err(Error::NotAnImage { outputs }),
            (Scope::Pixels, _) => Ok(self.shape[2]),
        }
    }

    /// Finite images of the fitted shape, but with as many channels as given.
    pub(crate) fn observations<'a, T: Pixel>(
        &self,
        images: ArrayView4<'a, T>,
        layout: Layout,
        channels: usize,
    ) -> Result<Observations<'a, T>, Error> {
        let images = layout.to_nhwc(images);
        let (_, height, width, found) = images.dim();
        let found = [height, width, found];
        let expected = match self.scope {
            Scope::Pixels => [self.shape[0], self.shape[1], channels],
            Scope::Channels => [height, width, channels],
        };
        if found != expected {
            return Err(Error::ImageShape { found, expected });
        }
        let observations = Observations::of_images(images, self.scope);
        observations.check_finite()?;
        Ok(observations)
    }
}

/// [`ImageWhitening`] before its parts are known to agree.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
struct Stored {
    scope: Scope,
    shape: [usize; 3],
    whitening: Whitening,
}

impl TryFrom<Stored> for ImageWhitening {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        Self::new(stored.whitening, stored.scope, stored.shape)
    }
}
