//! Learning figures from a training set, a chunk of images at a time.

use mizumashi_stats::{Covariance, Grouping, Layout, Moments, Statistics};
use mizumashi_transform::{ImageShape, Recipe, SampleKey};
use mizumashi_whitening::{ImageWhitening, Method, Scope, Whitener};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, Array4, ArrayView3, ArrayViewMut3, Axis, CowArray, Ix2, Slice};

use crate::batch::Runner;
use crate::panic::guarded;
use crate::source::check_memory;
use crate::{Error, Pixel, Source};

/// The images of a fit and how often they are gone through.
pub(crate) struct TrainingSet<'a, S> {
    pub(crate) source: &'a S,
    /// Of the images that the recipe makes.
    pub(crate) layout: Layout,
    pub(crate) rounds: u64,
    /// Of the augmentation, where the recipe has any.
    pub(crate) seed: u64,
}

/// Values in memory as `f32` at a time, if a single image is not larger. The figures do not depend
/// on it.
const CHUNK: usize = 1 << 22;

impl<S: Source> TrainingSet<'_, S> {
    /// Mean and standard deviation per channel of the images as they are; exact for `u8`.
    pub(crate) fn exact_channel_figures(&self) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let mut figures = Statistics::<<S::Pixel as Pixel>::Figures>::new(Grouping::Channel);
        if let Some(images) = self.source.in_memory() {
            figures.update(images, Layout::Nhwc)?;
            return Ok((figures.mean(), figures.std()));
        }
        let (samples, shape) = (self.samples(), self.source.image_shape());
        for start in (0..samples).step_by(self.chunk()) {
            let count = self.chunk().min(samples - start);
            let (height, width, channels) = shape.dim();
            check_memory(&[count, height, width, channels])?;
            let mut chunk =
                Array4::from_elem((count, height, width, channels), S::Pixel::default());
            let read = |(offset, mut slot): (usize, ArrayViewMut3<'_, S::Pixel>)| {
                let sample = start + offset;
                let assign = |image: ArrayView3<'_, S::Pixel>| {
                    let found = ImageShape::new(image.dim());
                    if found != shape {
                        return Err(Error::MixedShapes { sample, expected: shape, found });
                    }
                    slot.assign(&image);
                    Ok(())
                };
                guarded(Some(sample), || self.source.with_image(sample, assign)?)
            };
            // All are read, so that of several failures the first is reported whatever the threads.
            let outcomes: Vec<Result<(), Error>> =
                chunk.axis_iter_mut(Axis(0)).into_par_iter().enumerate().map(read).collect();
            outcomes.into_iter().collect::<Result<(), Error>>()?;
            figures.update(chunk.view(), Layout::Nhwc)?;
        }
        Ok((figures.mean(), figures.std()))
    }

    /// Mean and standard deviation per channel of what `recipe` makes of the images.
    pub(crate) fn channel_figures(&self, recipe: &Recipe) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let mut figures = Statistics::<Moments>::new(Grouping::Channel);
        self.for_each_chunk(recipe, |chunk| Ok(figures.update(chunk.view(), self.layout)?))?;
        Ok((figures.mean(), figures.std()))
    }

    /// The whitening of what `recipe` makes of the images.
    pub(crate) fn whitening(
        &self,
        whitener: &Whitener,
        scope: Scope,
        recipe: &Recipe,
    ) -> Result<ImageWhitening, Error> {
        let mut learnt = Learnt::Nothing;
        let mut fitted_shape = None;
        self.for_each_chunk(recipe, |chunk| {
            let images = self.layout.to_nhwc(chunk);
            let (samples, height, width, channels) = images.dim();
            let found = ImageShape { height, width, channels };
            let expected = *fitted_shape.get_or_insert(found);
            if found != expected {
                return Err(Error::MixedShapes { sample: 0, expected, found });
            }
            let dims = match scope {
                Scope::Channels => channels,
                _ => height * width * channels,
            };
            let rows = rows_of(&images, dims);
            let observations = self.observations().saturating_mul(rows.nrows() / samples);
            match learnt.begin(whitener.solution(observations, dims)?.method, observations, dims) {
                Learnt::Covariance(covariance) => covariance.update(rows.view())?,
                Learnt::Rows { all, filled } => {
                    let next = Slice::from(*filled..*filled + rows.nrows());
                    all.slice_axis_mut(Axis(0), next).assign(&rows);
                    *filled += rows.nrows();
                }
                Learnt::Nothing => {}
            }
            Ok(())
        })?;
        let whitening = match &learnt {
            Learnt::Covariance(covariance) => whitener.fit_covariance(covariance)?,
            Learnt::Rows { all, .. } => whitener.fit(all.view())?,
            Learnt::Nothing => return Err(Error::Empty { shape: vec![self.samples()] }),
        };
        let ImageShape { height, width, channels } = fitted_shape.unwrap_or_default();
        let (outputs, features) = (whitening.outputs(), whitening.features());
        if outputs != features {
            return Err(Error::Argument {
                argument: "whitening",
                value: format!("a PCA that keeps {outputs} of {features} values"),
                mend: "a generator serves images of as many values as before: use ZCA",
            });
        }
        Ok(ImageWhitening::new(whitening, scope, [height, width, channels])?)
    }

    fn observations(&self) -> usize {
        self.samples().saturating_mul(usize::try_from(self.rounds).unwrap_or(usize::MAX))
    }

    fn samples(&self) -> usize {
        self.source.samples()
    }

    fn for_each_chunk(
        &self,
        recipe: &Recipe,
        mut take: impl FnMut(Array4<f32>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let runner = Runner::new(recipe, self.layout);
        let indices: Vec<usize> = (0..self.samples()).collect();
        for epoch in 0..self.rounds {
            let key = |index| SampleKey { seed: self.seed, epoch, index: index as u64 };
            for chunk in indices.chunks(self.chunk()) {
                take(runner.run(self.source, chunk, key)?)?;
            }
        }
        Ok(())
    }

    /// How many images are handled at a time.
    fn chunk(&self) -> usize {
        let ImageShape { height, width, channels } = self.source.image_shape();
        (CHUNK / height.saturating_mul(width).saturating_mul(channels).max(1)).max(1)
    }
}

/// What a whitening is fitted from: the covariance, or the observations themselves where they are
/// fewer than their values.
enum Learnt {
    Nothing,
    Covariance(Covariance),
    Rows { all: Array2<f32>, filled: usize },
}

impl Learnt {
    /// The state to add to, chosen at the first call.
    fn begin(&mut self, method: Method, observations: usize, dims: usize) -> &mut Self {
        if let Self::Nothing = self {
            *self = match method {
                Method::Primal => Self::Covariance(Covariance::new(dims)),
                _ => Self::Rows { all: Array2::zeros((observations, dims)), filled: 0 },
            };
        }
        self
    }
}

/// Images indexed (sample, row, column, channel) as rows of `dims` values, which divides the
/// number of values in an image.
#[allow(clippy::expect_used)] // the number of values stays the same
fn rows_of(images: &Array4<f32>, dims: usize) -> CowArray<'_, f32, Ix2> {
    images.to_shape((images.len() / dims, dims)).expect("as many values as before")
}
