use mizumashi_stats::{Covariance, IntegerCovariance, JointSummary, PartialState};
use ndarray::ArrayView4;
use serde::{Deserialize, Serialize};

use crate::observations::Observations;
use crate::{Error, ImageWhitening, Layout, Pixel, Scope, Whitener};

/// Mean and covariance of images, or of their colours, streamed: what
/// [`Whitener::fit_image_moments`] fits.
///
/// Images come in batches of any size. States of shards, machines and sessions merge, and can be
/// stored with serde. For `u8` the state is exact: neither batches nor shards nor their order show in
/// any bit of the whitening. For real values batches do not show, and merging agrees with one pass
/// up to rounding.
///
/// A [`PartialState`](mizumashi_stats::PartialState) has its bytes.
///
/// The state is a d x d matrix: 75 MB for [`Scope::Pixels`] of 32x32 RGB images, nine numbers for
/// [`Scope::Channels`]. For rows that are no images, `IntegerCovariance` and `Covariance` of
/// `mizumashi-stats` do the same with [`Whitener::fit_covariance`].
///
/// ```
/// use mizumashi_whitening::{ImageMoments, Layout, Scope, Whitener};
/// use ndarray::{Array4, s};
///
/// let images = Array4::from_shape_fn((90, 4, 4, 3), |(n, y, x, c)| {
///     ((n * n * 31 + y * x * 13 * n + x * x * 7 + c * y * 5 + c * n) % 251) as u8
/// });
/// for scope in [Scope::Pixels, Scope::Channels] {
///     let mut here = ImageMoments::new(scope);
///     here.update(images.slice(s![..20, .., .., ..]), Layout::Nhwc)?;
///     here.update(images.slice(s![20..50, .., .., ..]), Layout::Nhwc)?;
///     let mut there = ImageMoments::new(scope);
///     there.update(images.slice(s![50.., .., .., ..]), Layout::Nhwc)?;
///     here.merge(&there)?;
///
///     let merged = Whitener::zca().fit_image_moments(&here)?;
///     let at_once = Whitener::zca().fit_images(images.view(), Layout::Nhwc, scope)?;
///     assert_eq!(merged, at_once);
/// }
/// # Ok::<(), mizumashi_whitening::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case", try_from = "Stored<T>")]
pub struct ImageMoments<T: Pixel> {
    scope: Scope,
    /// Height, width and channels of the images; of colours, the least that were met, so that their
    /// order does not show.
    shape: Option<[usize; 3]>,
    moments: Option<T::Moments>,
}

impl<T: Pixel> ImageMoments<T> {
    /// The state of no images yet.
    pub fn new(scope: Scope) -> Self {
        Self { scope, shape: None, moments: None }
    }

    /// Adds images: of the shape of the first ones, or with [`Scope::Channels`] of as many channels.
    ///
    /// # Errors
    ///
    /// The state stays as it was, and the error is [`Error::ImageShape`] for images of another
    /// shape, [`Error::NonFinite`] for NaN and infinity, and that of the statistics where the first
    /// state does not fit into memory.
    pub fn update(&mut self, images: ArrayView4<'_, T>, layout: Layout) -> Result<(), Error> {
        let images = layout.to_nhwc(images);
        let (_, height, width, channels) = images.dim();
        let shape = self.fitting([height, width, channels])?;
        if images.is_empty() {
            return Ok(());
        }
        let observations = Observations::of_images(images, self.scope);
        observations.check_finite()?;
        // A first state is kept when it holds all: it may not fit into memory.
        let mut first = None;
        let moments = match &mut self.moments {
            Some(moments) => moments,
            None => first.insert(T::moments(observations.dim().1)),
        };
        for rows in observations.blocks() {
            T::update(moments, rows.view())?;
        }
        if first.is_some() {
            self.moments = first;
        }
        self.shape = Some(shape);
        Ok(())
    }

    /// Adds the images of another state.
    ///
    /// # Errors
    ///
    /// [`Error::ScopesDiffer`], and [`Error::ImageShape`] when its images are of another shape.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if self.scope != other.scope {
            return Err(Error::ScopesDiffer);
        }
        let (Some(more), Some(shape)) = (&other.moments, other.shape) else { return Ok(()) };
        let shape = self.fitting(shape)?;
        match &mut self.moments {
            Some(moments) => T::merge(moments, more)?,
            None => self.moments = Some(more.clone()),
        }
        self.shape = Some(shape);
        Ok(())
    }

    /// Between which values correlation is looked for.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Height, width and channels of the images; with [`Scope::Channels`], of which the size may vary,
    /// the least that was met. None before the first.
    pub fn shape(&self) -> Option<[usize; 3]> {
        self.shape
    }

    /// Observations so far: images, or their pixels.
    pub fn count(&self) -> u64 {
        self.moments.as_ref().map_or(0, JointSummary::count)
    }

    /// Mean and covariance of the observations; none before the first.
    pub fn moments(&self) -> Option<&impl JointSummary> {
        self.moments.as_ref()
    }

    /// The shape that is kept, where images of this one may be added.
    fn fitting(&self, found: [usize; 3]) -> Result<[usize; 3], Error> {
        let expected = self.shape.unwrap_or(found);
        let fits = match self.scope {
            Scope::Pixels => found == expected,
            Scope::Channels => found[2] == expected[2],
        };
        if fits { Ok(expected.min(found)) } else { Err(Error::ImageShape { found, expected }) }
    }
}

/// [`ImageMoments`] as stored, before its parts are known to agree.
#[derive(Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
struct Stored<T: Pixel> {
    scope: Scope,
    shape: Option<[usize; 3]>,
    moments: Option<T::Moments>,
}

impl<T: Pixel> TryFrom<Stored<T>> for ImageMoments<T> {
    type Error = Error;

    fn try_from(stored: Stored<T>) -> Result<Self, Error> {
        let Stored { scope, shape, moments } = stored;
        let expected = match (shape, scope) {
            (Some([_, _, channels]), Scope::Channels) => channels,
            (Some(shape), Scope::Pixels) => shape.into_iter().fold(1, usize::saturating_mul),
            (None, _) => 0,
        };
        let found = moments.as_ref().map_or(0, JointSummary::dims);
        if found != expected {
            return Err(Error::FeatureCount { found, expected });
        }
        Ok(Self { scope, shape, moments })
    }
}

/// The state of images of one type: how it is called, and what its covariance takes.
macro_rules! partial {
    ($($value:ty, $moments:ty, $kind:literal);*) => {$(
        impl PartialState for ImageMoments<$value> {
            const KIND: &'static str = $kind;

            fn memory(&self) -> usize {
                let moments = self.moments.as_ref().map_or(0, <$moments>::memory);
                size_of::<Self>() - size_of::<$moments>() + moments.max(size_of::<$moments>())
            }
        }
    )*};
}

partial!(
    u8, IntegerCovariance, "image moments of u8";
    f32, Covariance, "image moments of f32";
    f64, Covariance, "image moments of f64"
);

impl Whitener {
    /// Fits the moments of images that were streamed, merged or loaded. The route is
    /// [`Method::Primal`](crate::Method::Primal), from their covariance.
    ///
    /// # Errors
    ///
    /// As [`fit_covariance`](Self::fit_covariance), and [`Error::EmptySet`] for a state of no
    /// images.
    pub fn fit_image_moments<T: Pixel>(
        &self,
        moments: &ImageMoments<T>,
    ) -> Result<ImageWhitening, Error> {
        let (Some(gathered), Some(shape)) = (&moments.moments, moments.shape) else {
            return Err(Error::EmptySet { samples: 0, features: 0 });
        };
        ImageWhitening::new(self.fit_covariance(gathered)?, moments.scope, shape)
    }
}
