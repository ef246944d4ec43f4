//! Learning figures from a training set, a chunk of images at a time.

use mizumashi_stats::{Covariance, Grouping, Layout, Moments, Statistics};
use mizumashi_transform::{ImageShape, Recipe, SampleKey};
use mizumashi_whitening::{ImageWhitening, Method, Scope, Whitener};
use ndarray::{Array2, Array4, ArrayView4, Axis, CowArray, Ix2, s};

use crate::batch::Runner;
use crate::{Error, Pixel};

/// The images of a fit and how often they are gone through.
pub(crate) struct TrainingSet<'a, P> {
    /// Laid out as `layout` says.
    pub(crate) images: ArrayView4<'a, P>,
    pub(crate) layout: Layout,
    pub(crate) rounds: u64,
    /// Of the augmentation, where the recipe has any.
    pub(crate) seed: u64,
}

/// Values in memory as `f32` at a time, if a single image is not larger. The figures do not depend
/// on it.
const CHUNK: usize = 1 << 22;

impl<P: Pixel> TrainingSet<'_, P> {
    /// Mean and standard deviation per channel of what `recipe` makes of the images.
    pub(crate) fn channel_figures(&self, recipe: &Recipe) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let mut figures = Statistics::<Moments>::new(Grouping::Channel);
        self.for_each_chunk(recipe, |chunk| Ok(figures.update(chunk.view(), self.layout)?))?;
        Ok((figures.mean(), figures.std()))
    }

    /// The whitening of what `recipe` makes of the images.
    ///
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
                    all.slice_mut(s![*filled..*filled + rows.nrows(), ..]).assign(&rows);
                    *filled += rows.nrows();
                }
                Learnt::Nothing => {}
            }
            Ok(())
        })?;
        let whitening = match &learnt {
            Learnt::Covariance(covariance) => whitener.fit_covariance(covariance)?,
            Learnt::Rows { all, .. } => whitener.fit(all.view())?,
            Learnt::Nothing => return Err(Error::Empty { shape: self.images.shape().to_vec() }),
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
        self.images.len_of(Axis(0))
    }

    fn for_each_chunk(
        &self,
        recipe: &Recipe,
        mut take: impl FnMut(Array4<f32>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let runner = Runner::new(recipe, self.layout);
        let images = self.layout.to_nhwc(self.images);
        let indices: Vec<usize> = (0..self.samples()).collect();
        let values = images.len() / indices.len().max(1);
        for epoch in 0..self.rounds {
            let key = |index| SampleKey { seed: self.seed, epoch, index: index as u64 };
            for chunk in indices.chunks((CHUNK / values).max(1)) {
                take(runner.run(images, chunk, key)?)?;
            }
        }
        Ok(())
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
                Method::Dual => Self::Rows { all: Array2::zeros((observations, dims)), filled: 0 },
                _ => Self::Covariance(Covariance::new(dims)),
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
