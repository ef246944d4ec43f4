//! The backward pass.

use std::fmt;

use ndarray::{Array, ArrayView, ArrayView2, ArrayViewMut, Dimension};

use crate::backward::{Channel, Gradients, ParameterGradients, gradients};
use crate::collective::{Collective, merge_sums};
use crate::kernel::{Agree, View};
use crate::layer::{same_length, same_shape};
use crate::saved::{Saved, Source};
use crate::weights::Weights;
use crate::{BatchNorm, Error, Real};

impl<T: Real> BatchNorm<T> {
    /// The gradients of a loss, from its gradient `dy` with respect to the output.
    ///
    /// `saved` and `x` are those of the forward pass, and gamma must still be what it was then.
    /// After a pass in place, `x` is its output. With [`frozen`](Self::frozen) statistics, which do
    /// not move with `x`, `dx` is only a multiple of `dy`.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`], [`Error::Channels`] or [`Error::EmptyBatch`] when the shape of `x` is not
    /// for this layer; [`Error::Shape`] when `dy` is not shaped as `x`; [`Error::Length`] or
    /// [`Error::SavedBatch`] when `saved` is of another layer or batch,
    /// [`Error::Synchronisation`] when it is of a pass across workers.
    pub fn backward<D: Dimension>(
        &self,
        saved: &Saved,
        x: ArrayView<'_, T, D>,
        dy: ArrayView<'_, T, D>,
    ) -> Result<Gradients<T, D>, Error> {
        self.backpropagation(saved).backward(x, dy)
    }

    /// [`backward`](Self::backward) with `dx` in the caller's buffer, untouched on an error.
    ///
    /// # Errors
    ///
    /// Those of [`backward`](Self::backward), and [`Error::Shape`] when `dx` is not shaped as `x`.
    pub fn backward_into<D: Dimension>(
        &self,
        saved: &Saved,
        x: ArrayView<'_, T, D>,
        dy: ArrayView<'_, T, D>,
        dx: ArrayViewMut<'_, T, D>,
    ) -> Result<ParameterGradients<T>, Error> {
        self.backpropagation(saved).backward_into(x, dy, dx)
    }

    /// [`backward`](Self::backward) with `dx` written over `dy`, which is untouched on an error.
    ///
    /// # Errors
    ///
    /// Those of [`backward`](Self::backward).
    pub fn backward_inplace<D: Dimension>(
        &self,
        saved: &Saved,
        x: ArrayView<'_, T, D>,
        dy: ArrayViewMut<'_, T, D>,
    ) -> Result<ParameterGradients<T>, Error> {
        self.backpropagation(saved).backward_inplace(x, dy)
    }

    /// A backward pass to be made together with other workers.
    pub fn backpropagation<'a>(&'a self, saved: &'a Saved) -> Backpropagation<'a, T> {
        Backpropagation { layer: self, saved, collective: None }
    }
}

/// A backward pass, from [`BatchNorm::backpropagation`].
pub struct Backpropagation<'a, T> {
    layer: &'a BatchNorm<T>,
    saved: &'a Saved,
    collective: Option<&'a dyn Collective>,
}

impl<'a, T: Real> Backpropagation<'a, T> {
    /// Backpropagates through the statistics of all workers' batches together, as the forward pass
    /// was made: see [`Collective`]. The gradients of gamma and beta are those of the whole batch, the
    /// same for every worker; they are not to be summed once more.
    #[must_use]
    pub fn across(self, collective: &'a dyn Collective) -> Self {
        Self { collective: Some(collective), ..self }
    }

    /// The pass into a new array; see [`BatchNorm::backward`].
    ///
    /// # Errors
    ///
    /// Those of [`BatchNorm::backward`], and [`Error::Collective`].
    pub fn backward<D: Dimension>(
        self,
        x: ArrayView<'_, T, D>,
        dy: ArrayView<'_, T, D>,
    ) -> Result<Gradients<T, D>, Error> {
        let mut dx = Array::zeros(x.raw_dim());
        let ParameterGradients { dgamma, dbeta } = self.backward_into(x, dy, dx.view_mut())?;
        Ok(Gradients { dx, dgamma, dbeta })
    }

    /// The pass into the caller's array; see [`BatchNorm::backward_into`].
    ///
    /// # Errors
    ///
    /// Those of [`backward`](Self::backward), and [`Error::Shape`] when `dx` is not shaped as `x`.
    pub fn backward_into<D: Dimension>(
        self,
        x: ArrayView<'_, T, D>,
        dy: ArrayView<'_, T, D>,
        dx: ArrayViewMut<'_, T, D>,
    ) -> Result<ParameterGradients<T>, Error> {
        let view = self.layer.view(x.shape())?;
        same_shape("dy", dy.shape(), x.shape())?;
        same_shape("dx", dx.shape(), x.shape())?;
        let (x, dy) = (view.matrix(&x)?, view.matrix(&dy)?);
        self.run(view, x.view(), Some(dy.view()), dx)
    }

    /// The pass over `dy`; see [`BatchNorm::backward_inplace`].
    ///
    /// # Errors
    ///
    /// Those of [`backward`](Self::backward).
    pub fn backward_inplace<D: Dimension>(
        self,
        x: ArrayView<'_, T, D>,
        dy: ArrayViewMut<'_, T, D>,
    ) -> Result<ParameterGradients<T>, Error> {
        let view = self.layer.view(x.shape())?;
        same_shape("dy", dy.shape(), x.shape())?;
        let x = view.matrix(&x)?;
        self.run(view, x.view(), None, dy)
    }

    fn run<D: Dimension>(
        self,
        view: View,
        x: ArrayView2<'_, T>,
        dy: Option<ArrayView2<'_, T>>,
        dx: ArrayViewMut<'_, T, D>,
    ) -> Result<ParameterGradients<T>, Error> {
        let Self { layer, saved, collective } = self;
        same_length("saved", saved.channels.len(), layer.channels)?;
        if let Source::Batch { values_per_channel: expected, synchronised, .. } = saved.source {
            let found = view.outer() * view.inner();
            if found != expected {
                return Err(Error::SavedBatch { found, expected });
            }
            if collective.is_some() != synchronised {
                return Err(Error::Synchronisation { saved: synchronised });
            }
        }
        let channels: Vec<_> = (0..)
            .zip(&saved.channels)
            .map(|(channel, &by)| {
                let (gamma, beta) = (layer.gamma_of(channel), layer.beta_of(channel));
                Channel::new(by, gamma, beta, saved.in_place)
            })
            .collect();
        let agree =
            collective.map(|collective| move |sums: Vec<[f64; 2]>| merge_sums(collective, &sums));
        let agree = agree.as_ref().map(|agree| agree as Agree<'_, _>);
        let weights = match &saved.weights {
            Some(positions) => Some(Weights::new(view, positions)?),
            None => None,
        };
        let weights = weights.as_ref().map(Weights::operand);
        let sums = view.with_matrix_mut(dx, |dx| {
            let inputs = (x.reborrow(), dy.map(ArrayView2::reborrow));
            gradients(view, &channels, saved.source, inputs, weights, dx, agree)
        })??;
        let [dgamma, dbeta] = [0, 1].map(|which| {
            channels
                .iter()
                .zip(&sums)
                .map(move |(channel, &sums)| T::of(channel.parameters(sums)[which]))
        });
        Ok(ParameterGradients {
            dgamma: dgamma.take(layer.gamma.len()).collect(),
            dbeta: dbeta.take(layer.beta.len()).collect(),
        })
    }
}

impl<T: fmt::Debug> fmt::Debug for Backpropagation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backpropagation")
            .field("layer", &self.layer)
            .field("saved", &self.saved)
            .finish_non_exhaustive()
    }
}
