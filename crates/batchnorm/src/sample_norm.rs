//! The relatives that normalise each sample by itself: layer, group and instance normalisation.

use mizumashi_stats::Layout;
use ndarray::{Array, ArrayView, ArrayView1, ArrayViewMut, ArrayViewMut1, Dimension};
use serde::{Deserialize, Serialize};

use crate::group_norm::Groups;
use crate::layer::{same_length, same_shape};
use crate::saved::{Saved, Source};
use crate::{Error, Gradients, ParameterGradients, Real, layer_norm};

/// The settings of a [`SampleNorm`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleNormConfig {
    /// Where the channel axis is, for groups and instances: the second axis, or the last.
    pub layout: Layout,
    /// Added to the variance under the square root; finite and greater than 0.
    pub epsilon: f64,
    /// Whether there is a gamma to learn; 1 if not.
    pub scale: bool,
    /// Whether there is a beta to learn; 0 if not.
    pub center: bool,
}

impl SampleNormConfig {
    /// Keras' defaults: NHWC and epsilon 1e-3, with gamma and beta.
    pub const fn keras() -> Self {
        Self { layout: Layout::Nhwc, epsilon: 1e-3, scale: true, center: true }
    }

    /// PyTorch's defaults: NCHW and epsilon 1e-5, with gamma and beta. (Its `InstanceNorm` has
    /// neither unless asked.)
    pub const fn pytorch() -> Self {
        Self { layout: Layout::Nchw, epsilon: 1e-5, scale: true, center: true }
    }
}

/// A layer that standardises each sample by its own mean and biased variance, over all of it or over
/// groups of its channels: the same in training and at inference, and without running statistics.
///
/// | constructor | statistics over | gamma and beta per |
/// |---|---|---|
/// | [`layer`](Self::layer) | the last axes | position in them |
/// | [`group`](Self::group) | some channels and all positions | channel |
/// | [`instance`](Self::instance) | one channel and all positions | channel |
///
/// NaN and infinity pass on to all that they share statistics with.
///
/// ```
/// use mizumashi_batchnorm::{SampleNorm, SampleNormConfig};
/// use ndarray::array;
///
/// let norm = SampleNorm::<f64>::layer(&[2], SampleNormConfig::pytorch())?;
/// let x = array![[1.0, 3.0], [-20.0, 20.0]]; // (samples, features)
/// let (y, saved) = norm.forward(x.view())?;
/// assert!((&y - &array![[-1.0, 1.0], [-1.0, 1.0]]).iter().all(|error| error.abs() < 1e-5));
/// let gradients = norm.backward(&saved, x.view(), y.view())?; // dy = y, for the example
/// assert_eq!(gradients.dgamma.len(), 2);
/// # Ok::<(), mizumashi_batchnorm::Error>(())
/// ```
#[doc(alias = "LayerNorm")]
#[doc(alias = "GroupNorm")]
#[doc(alias = "InstanceNorm")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked<T>", bound(deserialize = "T: Real + Deserialize<'de>"))]
pub struct SampleNorm<T> {
    config: SampleNormConfig,
    over: Over,
    gamma: Vec<T>,
    beta: Vec<T>,
}

/// What shares statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Over {
    Axes(Vec<usize>),
    Groups { groups: usize, channels: usize },
}

/// A batch as the layer sees it, once it is known to fit.
enum Seen {
    /// This many rows of so many values.
    Rows([usize; 2]),
    Groups(Groups),
}

impl<T: Real> SampleNorm<T> {
    /// Layer normalisation over the last axes, of these lengths
    /// ([Ba, Kiros & Hinton 2016](https://arxiv.org/abs/1607.06450)).
    ///
    /// # Errors
    ///
    /// [`Error::NoChannels`] when no value is left to normalise, or [`Error::Epsilon`].
    pub fn layer(axes: &[usize], config: SampleNormConfig) -> Result<Self, Error> {
        let values = if axes.is_empty() { 0 } else { axes.iter().product() };
        Self::new(values, Over::Axes(axes.to_vec()), config)
    }

    /// Group normalisation: the channels, in order, are cut into equal groups
    /// ([Wu & He 2018](https://arxiv.org/abs/1803.08494)).
    ///
    /// # Errors
    ///
    /// [`Error::NoChannels`], [`Error::Groups`] unless the groups can be equal, or
    /// [`Error::Epsilon`].
    pub fn group(groups: usize, channels: usize, config: SampleNormConfig) -> Result<Self, Error> {
        Self::new(channels, Over::Groups { groups, channels }, config)
    }

    /// Instance normalisation: every channel is a group
    /// ([Ulyanov, Vedaldi & Lempitsky 2016](https://arxiv.org/abs/1607.08022)).
    ///
    /// # Errors
    ///
    /// [`Error::NoChannels`], or [`Error::Epsilon`].
    pub fn instance(channels: usize, config: SampleNormConfig) -> Result<Self, Error> {
        Self::group(channels, channels, config)
    }

    fn new(values: usize, over: Over, config: SampleNormConfig) -> Result<Self, Error> {
        let SampleNormConfig { scale, center, .. } = config;
        let gamma = vec![T::one(); if scale { values } else { 0 }];
        let beta = vec![T::zero(); if center { values } else { 0 }];
        Self { config, over, gamma, beta }.checked()
    }

    /// The output, in the shape of `x`, and what [`backward`](Self::backward) needs.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`], [`Error::Channels`], [`Error::LastAxes`] or [`Error::EmptyBatch`] when the
    /// shape of `x` is not for this layer.
    pub fn forward<D: Dimension>(
        &self,
        x: ArrayView<'_, T, D>,
    ) -> Result<(Array<T, D>, Saved), Error> {
        let mut y = Array::zeros(x.raw_dim());
        let saved = self.forward_into(x, y.view_mut())?;
        Ok((y, saved))
    }

    /// [`forward`](Self::forward) into the caller's `y`, which is untouched on an error.
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Self::forward), and [`Error::Shape`] when `y` is not shaped as `x`.
    pub fn forward_into<D: Dimension>(
        &self,
        x: ArrayView<'_, T, D>,
        y: ArrayViewMut<'_, T, D>,
    ) -> Result<Saved, Error> {
        same_shape("y", y.shape(), x.shape())?;
        let seen = self.see(x.shape())?;
        let (epsilon, [gamma, beta]) = (self.config.epsilon, self.parameters());
        let (channels, values) = match seen {
            Seen::Rows(rows) => {
                (layer_norm::forward(rows, epsilon, [&gamma, &beta], x, y)?, rows[1])
            }
            Seen::Groups(groups) => {
                (groups.forward(epsilon, [&gamma, &beta], x, y)?, groups.values())
            }
        };
        let weight = values as f64;
        let source = Source::Batch { values_per_channel: values, weight, synchronised: false };
        Ok(Saved { channels, source, in_place: false, weights: None })
    }

    /// The gradients of a loss, from its gradient `dy` with respect to the output. `saved` and `x`
    /// are those of the forward pass, and gamma must still be what it was then.
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Self::forward), [`Error::Shape`] when `dy` is not shaped as `x`, and
    /// [`Error::Length`] or [`Error::SavedBatch`] when `saved` is of another batch.
    pub fn backward<D: Dimension>(
        &self,
        saved: &Saved,
        x: ArrayView<'_, T, D>,
        dy: ArrayView<'_, T, D>,
    ) -> Result<Gradients<T, D>, Error> {
        let mut dx = Array::zeros(x.raw_dim());
        let ParameterGradients { dgamma, dbeta } =
            self.backward_into(saved, x, dy, dx.view_mut())?;
        Ok(Gradients { dx, dgamma, dbeta })
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
        same_shape("dy", dy.shape(), x.shape())?;
        same_shape("dx", dx.shape(), x.shape())?;
        let seen = self.see(x.shape())?;
        let (statistics, values) = match &seen {
            Seen::Rows([rows, values]) => (*rows, *values),
            Seen::Groups(groups) => (groups.statistics(), groups.values()),
        };
        same_length("saved", saved.channels.len(), statistics)?;
        if let Source::Batch { values_per_channel: expected, .. } = saved.source
            && expected != values
        {
            return Err(Error::SavedBatch { found: values, expected });
        }
        let [gamma, _] = self.parameters();
        let sums = match seen {
            Seen::Rows(rows) => layer_norm::backward(rows, &gamma, &saved.channels, [x, dy], dx)?,
            Seen::Groups(groups) => groups.backward(&gamma, &saved.channels, [x, dy], dx)?,
        };
        let [dgamma, dbeta] = sums.map(|sums| sums.into_iter().map(T::of));
        Ok(ParameterGradients {
            dgamma: dgamma.take(self.gamma.len()).collect(),
            dbeta: dbeta.take(self.beta.len()).collect(),
        })
    }

    /// The settings the layer was built with.
    pub fn config(&self) -> &SampleNormConfig {
        &self.config
    }

    /// The learnt scale, in row-major order.
    pub fn gamma(&self) -> ArrayView1<'_, T> {
        ArrayView1::from(&self.gamma)
    }

    /// The learnt scale, to initialise or to train.
    pub fn gamma_mut(&mut self) -> ArrayViewMut1<'_, T> {
        ArrayViewMut1::from(&mut self.gamma)
    }

    /// The learnt shift, in row-major order.
    pub fn beta(&self) -> ArrayView1<'_, T> {
        ArrayView1::from(&self.beta)
    }

    /// The learnt shift, to initialise or to train.
    pub fn beta_mut(&mut self) -> ArrayViewMut1<'_, T> {
        ArrayViewMut1::from(&mut self.beta)
    }

    /// Gamma and beta, with what stands for those that there are not.
    fn parameters(&self) -> [Vec<T>; 2] {
        let values = self.values();
        let or = |learnt: &Vec<T>, otherwise| {
            if learnt.is_empty() { vec![otherwise; values] } else { learnt.clone() }
        };
        [or(&self.gamma, T::one()), or(&self.beta, T::zero())]
    }

    /// How many gammas and betas there would be.
    fn values(&self) -> usize {
        match &self.over {
            Over::Axes(axes) if axes.is_empty() => 0,
            Over::Axes(axes) => axes.iter().fold(1, |all: usize, &axis| all.saturating_mul(axis)),
            Over::Groups { channels, .. } => *channels,
        }
    }

    fn see(&self, shape: &[usize]) -> Result<Seen, Error> {
        match &self.over {
            &Over::Groups { groups, channels } => {
                Groups::of(shape, self.config.layout, groups, channels).map(Seen::Groups)
            }
            Over::Axes(axes) => {
                if !shape.ends_with(axes) {
                    return Err(Error::LastAxes { found: shape.to_vec(), expected: axes.clone() });
                }
                if shape.contains(&0) {
                    return Err(Error::EmptyBatch { shape: shape.to_vec() });
                }
                let rows = shape[..shape.len() - axes.len()].iter().product();
                Ok(Seen::Rows([rows, self.values()]))
            }
        }
    }

    fn checked(self) -> Result<Self, Error> {
        let SampleNormConfig { epsilon, scale, center, .. } = self.config;
        if !(epsilon.is_finite() && epsilon > 0.0) {
            return Err(Error::Epsilon { epsilon });
        }
        let values = self.values();
        if values == 0 {
            return Err(Error::NoChannels);
        }
        if let Over::Groups { groups, channels } = self.over
            && (groups == 0 || channels % groups != 0)
        {
            return Err(Error::Groups { groups, channels });
        }
        same_length("gamma", self.gamma.len(), if scale { values } else { 0 })?;
        same_length("beta", self.beta.len(), if center { values } else { 0 })?;
        Ok(self)
    }
}

/// [`SampleNorm`] as read, before its lengths and values are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked<T> {
    config: SampleNormConfig,
    over: Over,
    gamma: Vec<T>,
    beta: Vec<T>,
}

impl<T: Real> TryFrom<Unchecked<T>> for SampleNorm<T> {
    type Error = Error;

    fn try_from(read: Unchecked<T>) -> Result<Self, Error> {
        let Unchecked { config, over, gamma, beta } = read;
        Self { config, over, gamma, beta }.checked()
    }
}
