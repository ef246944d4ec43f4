//! Learning figures from a training set, a chunk of images at a time.

use mizumashi_stats::{Covariance, Grouping, Layout, Moments, Statistics};
use mizumashi_transform::{Recipe, SampleKey};
use mizumashi_whitening::{ImageWhitening, Scope, Whitener};
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

/// Images in memory as `f32` at a time. The figures do not depend on it.
const CHUNK: usize = 256;

impl<P: Pixel> TrainingSet<'_, P> {
    /// Mean and standard deviation per channel of what `recipe` makes of the images.
    pub(crate) fn channel_figures(&self, recipe: &Recipe) -> Result<(Vec<f64>, Vec<f64>), Error> {
        if recipe.transforms().is_empty() {
            return P::channel_figures(self.images, self.layout);
        }
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
        let mut shape = [0; 3];
        self.for_each_chunk(recipe, |chunk| {
            let images = self.layout.to_nhwc(chunk);
            let (samples, height, width, channels) = images.dim();
            shape = [height, width, channels];
            let dims = match scope {
                Scope::Channels => channels,
                _ => height * width * channels,
            };
            let rows = rows_of(&images, dims);
            let observations = self.observations() * rows.nrows() / samples;
            match learnt.begin(observations, dims) {
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
        Ok(ImageWhitening::new(whitening, scope, shape)?)
    }

    fn observations(&self) -> usize {
        self.samples().saturating_mul(self.rounds as usize)
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
        for epoch in 0..self.rounds {
            let key = |index| SampleKey { seed: self.seed, epoch, index: index as u64 };
            for chunk in indices.chunks(CHUNK) {
                take(runner.run(images, chunk, key)?)?;
            }
        }
        Ok(())
    }
}

/// What a whitening is fitted from: the covariance where there are at least as many observations
/// as values, else the observations themselves, which are then the smaller of the two.
enum Learnt {
    Nothing,
    Covariance(Covariance),
    Rows { all: Array2<f32>, filled: usize },
}

impl Learnt {
    /// The state to add to, chosen at the first call.
    fn begin(&mut self, observations: usize, dims: usize) -> &mut Self {
        if let Self::Nothing = self {
            *self = if observations >= dims {
                Self::Covariance(Covariance::new(dims))
            } else {
                Self::Rows { all: Array2::zeros((observations, dims)), filled: 0 }
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
