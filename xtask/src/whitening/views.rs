//! The images, and what the whitenings of the page make of them.

use std::error::Error;

use mizumashi::ImageDataGenerator;
use mizumashi::stats::{Covariance, JointSummary};
use mizumashi::whitening::{ImageWhitening, Layout, Regularisation, Scope, Whitener};
use ndarray::{Array2, Array4, ArrayView2, ArrayView4, Axis, s};

use crate::source::Source;

/// Images that everything is fitted to: more than three times the 3,072 values of one.
pub(super) const SAMPLES: usize = 10_000;

/// The epsilon of the page's regularised whitening, in squared levels of 0..=255.
pub(super) const EPSILON: f64 = 100.0;

/// Images, whitened in the ways that the page compares.
pub(crate) struct Views {
    pub(super) source: Source,
    /// Centred and divided by the deviation per channel, as by the tutorial's generator.
    pub(super) standardised: Array4<f32>,
    pub(super) colours: ImageWhitening,
    /// ZCA between all values, without regularisation.
    pub(super) pixels: ImageWhitening,
    /// The same with [`EPSILON`].
    pub(super) regularised: ImageWhitening,
}

impl Views {
    pub(super) fn of(source: Source) -> Result<Self, Box<dyn Error>> {
        let images = first(&source);
        let mut generator = ImageDataGenerator::builder()
            .featurewise_center(true)
            .featurewise_std_normalization(true)
            .build()?;
        generator.fit(&images)?;
        let fit = |epsilon, scope| {
            let whitener = Whitener::zca().regularisation(Regularisation::Eigenvalue(epsilon));
            whitener.fit_images(images, Layout::Nhwc, scope)
        };
        Ok(Self {
            standardised: generator.standardize(&images)?,
            colours: fit(0.0, Scope::Channels)?,
            pixels: fit(0.0, Scope::Pixels)?,
            regularised: fit(EPSILON, Scope::Pixels)?,
            source,
        })
    }

    pub(super) fn images(&self) -> ArrayView4<'_, u8> {
        first(&self.source)
    }

    pub(super) fn rows(&self) -> usize {
        self.images().len_of(Axis(0))
    }
}

/// At most [`SAMPLES`] images of the training set.
fn first(source: &Source) -> ArrayView4<'_, u8> {
    let images = source.train.images().view();
    let count = images.len_of(Axis(0)).min(SAMPLES);
    images.slice_move(s![..count, .., .., ..])
}

/// The population covariance of rows.
pub(super) fn covariance(rows: ArrayView2<'_, f32>) -> Result<Array2<f64>, Box<dyn Error>> {
    let mut covariance = Covariance::new(rows.ncols());
    covariance.update(rows)?;
    Ok(covariance.covariance())
}

/// Images of a fraction of the height and width, each pixel the mean of `factor` x `factor`.
pub(super) fn reduced(images: ArrayView4<'_, u8>, factor: usize) -> Array4<f32> {
    let (count, height, width, channels) = images.dim();
    let mut small = Array4::zeros((count, height / factor, width / factor, channels));
    for ((n, y, x, c), &value) in images.indexed_iter() {
        small[[n, y / factor, x / factor, c]] += f32::from(value);
    }
    small / (factor * factor) as f32
}
