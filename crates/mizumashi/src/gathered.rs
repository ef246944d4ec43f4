//! A fit from states that were gathered elsewhere: by other threads, programs or machines.

use std::sync::Arc;

use mizumashi_stats::{Accumulator, Grouping, JointSummary, Statistics};
use mizumashi_whitening::{ImageMoments, ImageWhitening, Pixel, Scope};
use ndarray::{Array1, Array2};

use crate::{Error, Fitted, ImageDataGenerator};

impl ImageDataGenerator {
    /// Takes the figures that [`fit`](Self::fit) learns from states of the raw images instead:
    /// statistics per channel and, where the generator whitens, the moments between the values that it
    /// whitens. States of parts of a set are gathered anywhere and merged before; see
    /// [`PartialState`](mizumashi_stats::PartialState).
    ///
    /// Of `u8` images, means and deviations are those of a `fit` to the bit. The whitening is the same
    /// to the bit for any parts and order of merging; a `fit`, which sums standardised values instead
    /// of integers, agrees with it up to rounding.
    ///
    /// ```
    /// use mizumashi::ImageDataGenerator;
    /// use mizumashi::stats::{Grouping, Histogram, Layout, PartialState, Statistics};
    /// use ndarray::{Array4, s};
    ///
    /// let x = Array4::from_shape_fn((6, 4, 4, 3), |(n, h, w, c)| (40 * n + 9 * h + 5 * w + c) as u8);
    /// let of = |part| Statistics::<Histogram>::of(part, Layout::Nhwc, Grouping::Channel);
    /// let elsewhere = of(x.slice(s![4.., .., .., ..]))?.to_bytes()?;
    /// let mut figures = of(x.slice(s![..4, .., .., ..]))?;
    /// figures.merge(&Statistics::from_bytes(&elsewhere)?)?;
    ///
    /// let builder = ImageDataGenerator::builder().featurewise_std_normalization(true);
    /// let mut gathered = builder.clone().build()?;
    /// gathered.fit_moments::<_, u8>(&figures, None)?;
    /// let mut fitted = builder.build()?;
    /// fitted.fit(&x)?;
    /// assert_eq!(gathered.std(), fitted.std());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for a generator that prepares its images by more than a factor, since the
    /// figures are then not those of raw images; for statistics of no images or not by channel; and
    /// for moments that are missing, or of another scope or other images. The old fit stays.
    pub fn fit_moments<A: Accumulator, T: Pixel>(
        &mut self,
        figures: &Statistics<A>,
        moments: Option<&ImageMoments<T>>,
    ) -> Result<(), Error> {
        let Some(factor) = self.settings.exact_scale else {
            return Err(Error::Argument {
                argument: "moments",
                value: "of raw images, for a generator that changes each image before it is fitted"
                    .to_owned(),
                mend: "leave out samplewise standardisation and preprocessing, or call fit",
            });
        };
        if figures.grouping() != Grouping::Channel || figures.samples() == 0 {
            return Err(Error::Argument {
                argument: "moments",
                value: format!("per {} of {} images", figures.grouping(), figures.samples()),
                mend: "they must be per channel, and of at least one image",
            });
        }
        let mean = figures.mean().into_iter().map(|mean| mean * factor).collect();
        let std = figures.std().into_iter().map(|std| std * factor.abs()).collect();
        let mut fitted = Fitted { mean, std, whitening: None };
        if let Some((whitener, scope)) = &self.settings.whitening {
            let (moments, shape) = matching(moments, *scope, figures)?;
            let standardise = self.standardisation(&fitted)?;
            let standardised = Standardised {
                moments,
                factors: (0..shape[2])
                    .map(|channel| {
                        let (scale, shift) =
                            standardise.as_ref().map_or((1.0, 0.0), |by| by.scale_shift(channel));
                        (factor * scale, shift)
                    })
                    .collect(),
            };
            let whitening = whitener.fit_covariance(&standardised)?;
            fitted.whitening = Some(Arc::new(ImageWhitening::new(whitening, *scope, shape)?));
        }
        self.restore(fitted)
    }
}

/// Moments between the values that are whitened, of the images that the figures are of, and the shape
/// of those.
fn matching<'m, A: Accumulator, T: Pixel>(
    moments: Option<&'m ImageMoments<T>>,
    scope: Scope,
    figures: &Statistics<A>,
) -> Result<(&'m (impl JointSummary + use<'m, A, T>), [usize; 3]), Error> {
    let refuse = |value: String| Error::Argument {
        argument: "covariance",
        value,
        mend: "gather it from the same images as the moments, over what the generator whitens",
    };
    let missing = || refuse("missing, for a generator that whitens".to_owned());
    let all = moments.ok_or_else(missing)?;
    let (moments, shape) = all.moments().zip(all.shape()).ok_or_else(missing)?;
    if all.scope() != scope {
        return Err(refuse(format!("over {:?}, where {scope:?} is whitened", all.scope())));
    }
    if shape[2] != figures.groups().len()
        || (scope == Scope::Pixels && moments.count() != figures.samples())
    {
        return Err(refuse(format!(
            "of {} observations of {} channels, beside moments of {} images of {}",
            moments.count(),
            shape[2],
            figures.samples(),
            figures.groups().len()
        )));
    }
    Ok((moments, shape))
}

/// Moments of images after each channel was multiplied by a factor and a number was added: exact
/// figures, rounded once more.
struct Standardised<'m, M> {
    moments: &'m M,
    /// Factor and addend of each channel; channels are innermost.
    factors: Vec<(f64, f64)>,
}

impl<M: JointSummary> Standardised<'_, M> {
    fn scaled(&self, mut matrix: Array2<f64>) -> Array2<f64> {
        let factor = |index: usize| self.factors[index % self.factors.len()].0;
        // The product of the two first: symmetric to the bit.
        matrix.indexed_iter_mut().for_each(|((row, column), entry)| {
            *entry *= factor(row) * factor(column);
        });
        matrix
    }
}

impl<M: JointSummary> JointSummary for Standardised<'_, M> {
    fn count(&self) -> u64 {
        self.moments.count()
    }

    fn dims(&self) -> usize {
        self.moments.dims()
    }

    fn mean(&self) -> Array1<f64> {
        let mut mean = self.moments.mean();
        for (index, mean) in mean.iter_mut().enumerate() {
            let (factor, addend) = self.factors[index % self.factors.len()];
            *mean = *mean * factor + addend;
        }
        mean
    }

    fn scatter(&self) -> Array2<f64> {
        self.scaled(self.moments.scatter())
    }

    fn covariance(&self) -> Array2<f64> {
        self.scaled(self.moments.covariance())
    }

    fn sample_covariance(&self) -> Array2<f64> {
        self.scaled(self.moments.sample_covariance())
    }
}
