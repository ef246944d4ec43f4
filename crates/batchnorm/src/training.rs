//! The training pass: by the batch's own statistics, which the running ones follow.

use std::fmt;

use mizumashi_stats::WeightedMoments;
use ndarray::{Array, ArrayView, ArrayView2, ArrayViewD, ArrayViewMut, Dimension};

use crate::collective::{Collective, merge_moments};
use crate::config::RunningVariance;
use crate::kernel::{Agree, View};
use crate::layer::same_shape;
use crate::saved::{Saved, Source, Standardisation};
use crate::weights::{self, Weights};
use crate::{BatchNorm, Error, Real, forward};

impl<T: Real> BatchNorm<T> {
    /// The training pass: standardises each channel of `x` by its own mean and biased variance,
    /// then takes them into the running statistics. Returns the output, in the shape of `x`, and
    /// what [`backward`](Self::backward) needs.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`], [`Error::Channels`] or [`Error::EmptyBatch`] when the shape of `x` is not
    /// for this layer; [`Error::TooFewValues`] when the running variance is unbiased and there is
    /// one value per channel (with the biased one such a batch gives `y = beta`);
    /// [`Error::NonFinite`].
    pub fn forward<D: Dimension>(
        &mut self,
        x: ArrayView<'_, T, D>,
    ) -> Result<(Array<T, D>, Saved), Error> {
        self.training().forward(x)
    }

    /// [`forward`](Self::forward) into the caller's `y`, which is untouched on an error other than
    /// [`Error::NonFinite`].
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Self::forward), and [`Error::Shape`] when `y` is not shaped as `x`.
    pub fn forward_into<D: Dimension>(
        &mut self,
        x: ArrayView<'_, T, D>,
        y: ArrayViewMut<'_, T, D>,
    ) -> Result<Saved, Error> {
        self.training().forward_into(x, y)
    }

    /// [`forward`](Self::forward) over its input, which is untouched on an error other than
    /// [`Error::NonFinite`].
    ///
    /// The backward pass then takes the *output* where it else takes the input, and recovers from it
    /// what the input was (In-Place ABN, [Rota Bulò et al. 2018](https://arxiv.org/abs/1712.02616)),
    /// so gamma must not be 0, gamma and beta must still be what they were, and a small gamma costs
    /// digits.
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Self::forward), and [`Error::ZeroGamma`].
    pub fn forward_inplace<D: Dimension>(
        &mut self,
        x: ArrayViewMut<'_, T, D>,
    ) -> Result<Saved, Error> {
        self.training().forward_inplace(x)
    }

    /// A training pass to be made otherwise than over all values of one batch: with weights or a
    /// mask, or together with other workers.
    pub fn training(&mut self) -> Training<'_, T> {
        Training { layer: self, weights: None, collective: None }
    }

    /// The output by the batch's own statistics, and those.
    pub(crate) fn by_batch<D: Dimension>(
        &self,
        view: View,
        call: &Call<'_, T>,
        y: ArrayViewMut<'_, T, D>,
    ) -> Result<(Vec<Standardisation>, Vec<WeightedMoments>), Error> {
        let running = self.running();
        let standardisation = |channel: usize, batch: &WeightedMoments| {
            let batch = Standardisation::new(batch.mean(), batch.variance(), self.config.epsilon);
            match self.config.renormalisation {
                Some(limits) => limits.correct(batch, running[channel]),
                None => batch,
            }
        };
        let coefficients = |channel: usize, batch: &WeightedMoments| {
            self.coefficients(channel, &standardisation(channel, batch))
        };
        let agree = call.collective.map(|collective| {
            move |batch: Vec<WeightedMoments>| -> Result<Vec<WeightedMoments>, Error> {
                let batch = merge_moments(collective, &batch)?;
                self.check(&batch)?;
                Ok(batch)
            }
        });
        let agree = agree.as_ref().map(|agree| agree as Agree<'_, _>);
        let weights = match &call.positions {
            Some(positions) => Some(Weights::new(view, positions)?),
            None => None,
        };
        let weights = weights.as_ref().map(Weights::operand);
        let batch = view.with_matrix_mut(y, |y| {
            let x = call.x.map(ArrayView2::reborrow);
            forward::standardise_by_batch(view, x, weights, coefficients, y, agree)
        })??;
        let channels =
            (0..).zip(&batch).map(|(channel, batch)| standardisation(channel, batch)).collect();
        Ok((channels, batch))
    }

    /// Whether so much weight per channel has the variances it takes.
    fn check_weight(&self, weight: f64) -> Result<(), Error> {
        let unbiased = self.is_tracking() && self.config.variance == RunningVariance::Unbiased;
        if weight == 0.0 || (unbiased && weight <= 1.0) {
            return Err(Error::TooFewValues { values: weight });
        }
        Ok(())
    }

    fn check(&self, batch: &[WeightedMoments]) -> Result<(), Error> {
        for (channel, batch) in batch.iter().enumerate() {
            self.check_weight(batch.weight())?;
            let (mean, variance) = (batch.mean(), batch.variance());
            if !(mean.is_finite() && variance.is_finite()) {
                return Err(Error::NonFinite { channel, mean, variance });
            }
        }
        Ok(())
    }

    /// Moves the running statistics towards those of a batch.
    fn follow(&mut self, batch: &[WeightedMoments]) {
        let momentum = self.config.momentum_after(self.batches);
        let blend = |running: &mut f64, new: f64| {
            *running = (1.0 - momentum) * *running + momentum * new;
        };
        let running = self.running_mean.iter_mut().zip(&mut self.running_variance);
        for ((mean, variance), batch) in running.zip(batch) {
            blend(mean, batch.mean());
            blend(variance, self.config.variance.of(batch));
        }
        self.batches = self.batches.saturating_add(1);
    }
}

/// A training pass, from [`BatchNorm::training`].
///
/// ```
/// use mizumashi_batchnorm::{BatchNorm, BatchNormConfig};
/// use ndarray::array;
///
/// // The last sample is padding.
/// let x = array![[1.0, 10.0], [3.0, 30.0], [0.0, 0.0]];
/// let mut layer = BatchNorm::<f64>::new(2, BatchNormConfig::keras())?;
/// let (y, saved) = layer.training().weights(array![1.0, 1.0, 0.0].view()).forward(x.view())?;
/// assert_eq!(saved.mean(), array![2.0, 20.0]);
/// # Ok::<(), mizumashi_batchnorm::Error>(())
/// ```
pub struct Training<'a, T> {
    layer: &'a mut BatchNorm<T>,
    weights: Option<ArrayViewD<'a, T>>,
    collective: Option<&'a dyn Collective>,
}

impl<'a, T: Real> Training<'a, T> {
    /// How much each value counts in the statistics: one weight per sample, or one per position, in
    /// the shape of the batch without its channel axis. 0 masks; whole numbers count as repetitions.
    ///
    /// What has no weight is standardised with the rest, and may be anything here, NaN too; not so in
    /// the backward pass, whose sums take all values. (Keras adds 1e-7 to the sum of the mask; we do
    /// not.)
    #[must_use]
    pub fn weights<D: Dimension>(self, weights: ArrayView<'a, T, D>) -> Self {
        Self { weights: Some(weights.into_dyn()), ..self }
    }

    /// Standardises by the statistics of all workers' batches together, each of whom must make this
    /// call, with a layer in the same state: see [`Collective`].
    #[must_use]
    pub fn across(self, collective: &'a dyn Collective) -> Self {
        Self { collective: Some(collective), ..self }
    }

    /// The pass into a new array; see [`BatchNorm::forward`].
    ///
    /// # Errors
    ///
    /// Those of [`BatchNorm::forward`]; [`Error::Weight`] or [`Error::WeightsShape`];
    /// [`Error::Collective`] when the workers could not exchange their sums.
    pub fn forward<D: Dimension>(
        self,
        x: ArrayView<'_, T, D>,
    ) -> Result<(Array<T, D>, Saved), Error> {
        let mut y = Array::zeros(x.raw_dim());
        let saved = self.forward_into(x, y.view_mut())?;
        Ok((y, saved))
    }

    /// The pass into the caller's array; see [`BatchNorm::forward_into`].
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Self::forward), and [`Error::Shape`] when `y` is not shaped as `x`.
    pub fn forward_into<D: Dimension>(
        self,
        x: ArrayView<'_, T, D>,
        y: ArrayViewMut<'_, T, D>,
    ) -> Result<Saved, Error> {
        let view = self.layer.view(x.shape())?;
        same_shape("y", y.shape(), x.shape())?;
        let x = view.matrix(&x)?;
        self.run(view, Some(x.view()), y)
    }

    /// The pass over its input; see [`BatchNorm::forward_inplace`].
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Self::forward), and [`Error::ZeroGamma`].
    pub fn forward_inplace<D: Dimension>(self, x: ArrayViewMut<'_, T, D>) -> Result<Saved, Error> {
        let zero = |&gamma: &T| gamma == T::zero();
        if let Some(channel) = self.layer.gamma.iter().position(zero) {
            return Err(Error::ZeroGamma { channel });
        }
        let view = self.layer.view(x.shape())?;
        self.run(view, None, x)
    }

    fn run<D: Dimension>(
        self,
        view: View,
        x: Option<ArrayView2<'_, T>>,
        y: ArrayViewMut<'_, T, D>,
    ) -> Result<Saved, Error> {
        let Self { layer, weights, collective } = self;
        let in_place = x.is_none();
        let positions = match weights {
            Some(weights) => Some(weights::positions(&weights, y.shape(), layer.config.layout)?),
            None => None,
        };
        if layer.frozen && layer.is_tracking() {
            layer.infer_on(view, Call { x, ..Call::default() }, y)?;
            return Ok(Saved { in_place, ..layer.frozen() });
        }
        let values_per_channel = view.outer() * view.inner();
        if collective.is_none() {
            let weight = match &positions {
                Some(positions) => positions.iter().sum(),
                None => values_per_channel as f64,
            };
            layer.check_weight(weight)?;
        }
        let call = Call { x, positions, collective };
        let (channels, batch) = layer.by_batch(view, &call, y)?;
        layer.check(&batch)?;
        if !layer.frozen {
            layer.follow(&batch);
        }
        let weight = batch.first().map_or(0.0, WeightedMoments::weight);
        let synchronised = collective.is_some();
        Ok(Saved {
            channels,
            source: Source::Batch { values_per_channel, weight, synchronised },
            in_place,
            weights: call.positions,
        })
    }
}

impl<T: fmt::Debug> fmt::Debug for Training<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Training")
            .field("layer", &self.layer)
            .field("weights", &self.weights)
            .finish_non_exhaustive()
    }
}

/// What a pass is made with, beside the layer.
pub(crate) struct Call<'a, T> {
    /// The input; none where it is also the output.
    pub(crate) x: Option<ArrayView2<'a, T>>,
    /// A weight for each position.
    pub(crate) positions: Option<Vec<f64>>,
    pub(crate) collective: Option<&'a dyn Collective>,
}

impl<T> Default for Call<'_, T> {
    fn default() -> Self {
        Self { x: None, positions: None, collective: None }
    }
}
