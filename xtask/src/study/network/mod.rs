//! A small convolutional network, with the batch normalisation of this workspace in its forward and
//! backward pass.
//!
//! Activations are `[sample, row, column, channel]`. A layer is asked for its gradients right after
//! the forward pass that they belong to.

mod adam;
mod convolution;
mod loss;
mod normalisation;
mod pooling;
mod rectifier;
mod windows;

use std::ops::AddAssign;

use mizumashi::batchnorm::Real;
use ndarray::{Array, Array2, Array4, ArrayView1, Dimension, LinalgScalar};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

pub(super) use adam::Adam;
pub(super) use loss::cross_entropy;

use super::Result;
use convolution::Convolution;
use normalisation::Normalisation;
use pooling::AveragePooling;
use rectifier::Rectifier;

/// `f32`, in which the study trains, or `f64`, in which gradients are tested.
pub(super) trait Scalar: Real + LinalgScalar + AddAssign {
    /// The nearest value of this type.
    fn nearest(value: f64) -> Self;
}

impl Scalar for f32 {
    fn nearest(value: f64) -> Self {
        value as f32
    }
}

impl Scalar for f64 {
    fn nearest(value: f64) -> Self {
        value
    }
}

/// One step from pixels to scores, and back.
trait Layer<T>: Send + Sync {
    /// The training pass; keeps what [`backward`](Self::backward) needs.
    fn forward(&mut self, x: Array4<T>) -> Result<Array4<T>>;

    /// The pass of a trained network; changes nothing.
    fn infer(&self, x: Array4<T>) -> Result<Array4<T>>;

    /// From the gradient of the loss with respect to the output of the last training pass to that
    /// with respect to its input; keeps the gradients of the parameters.
    fn backward(&mut self, dy: Array4<T>) -> Result<Array4<T>>;

    /// Shows each list of parameters, with its gradient, in an order that never changes.
    fn visit(&mut self, _visit: Visit<'_, T>) -> Result<()> {
        Ok(())
    }
}

/// Takes a list of parameters and its gradient.
type Visit<'v, T> = &'v mut dyn FnMut(&mut [T], &[T]) -> Result<()>;

/// How many layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Depth {
    Shallow,
    Deep,
}

impl Depth {
    /// What tables and pictures call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shallow => "shallow",
            Self::Deep => "deep",
        }
    }
}

/// What a network is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) depth: Depth,
    pub(super) batch_norm: bool,
    /// Height, width and channels of the images.
    pub(super) image: [usize; 3],
    pub(super) classes: usize,
}

/// A classifier of images.
pub(super) struct Network<T> {
    first: Convolution<T>,
    rest: Vec<Box<dyn Layer<T>>>,
}

impl<T: Scalar> Network<T> {
    /// A network with random weights.
    ///
    /// Each convolution but the last is followed by batch normalisation, where the plan asks for it,
    /// and by a rectifier:
    ///
    /// ```text
    /// shallow   5x5 /2, 32 filters                                        means of 4x4   dense
    /// deep      3x3 /2, 16   3x3 /2, 32   3x3, 32   3x3 /2, 64 filters    means of all   dense
    /// ```
    pub(super) fn new(plan: Plan, seed: u64) -> Result<Self> {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        // Side, stride and number of the filters of each convolution.
        let ([side, stride, filters], hidden): (_, &[[usize; 3]]) = match plan.depth {
            Depth::Shallow => ([5, 2, 32], &[]),
            Depth::Deep => ([3, 2, 16], &[[3, 2, 32], [3, 1, 32], [3, 2, 64]]),
        };
        let first = Convolution::new(plan.image, side, stride, filters, &mut chance);
        let mut image = first.output();
        let mut rest = activation(image, plan.batch_norm)?;
        for &[side, stride, filters] in hidden {
            let layer = Convolution::new(image, side, stride, filters, &mut chance);
            image = layer.output();
            rest.push(Box::new(layer));
            rest.extend(activation(image, plan.batch_norm)?);
        }
        let [rows, columns, channels] = image;
        let tile = match plan.depth {
            Depth::Shallow => [rows.min(4), columns.min(4)],
            Depth::Deep => [rows, columns],
        };
        rest.push(Box::new(AveragePooling::new(image, tile)));
        let image = [rows / tile[0], columns / tile[1], channels];
        rest.push(Box::new(Convolution::dense(image, plan.classes, &mut chance)));
        Ok(Self { first, rest })
    }

    /// The scores `[sample, class]` of a batch, in training.
    pub(super) fn forward(&mut self, x: Array4<T>) -> Result<Array2<T>> {
        let mut x = self.first.forward(x)?;
        for layer in &mut self.rest {
            x = layer.forward(x)?;
        }
        flat(x)
    }

    /// The scores `[sample, class]` of a batch, after training.
    pub(super) fn infer(&self, x: Array4<T>) -> Result<Array2<T>> {
        let mut x = self.first.infer(x)?;
        for layer in &self.rest {
            x = layer.infer(x)?;
        }
        flat(x)
    }

    /// The gradients of all parameters, from that of the scores of the last training pass.
    pub(super) fn backward(&mut self, dscores: Array2<T>) -> Result<()> {
        let (samples, classes) = dscores.dim();
        let mut dy = dscores.into_shape_with_order((samples, 1, 1, classes))?;
        for layer in self.rest.iter_mut().rev() {
            dy = layer.backward(dy)?;
        }
        // Nobody asks for the gradient of the pixels.
        self.first.learn(&dy)
    }

    /// Shows each list of parameters, with its gradient, in an order that never changes.
    fn visit(&mut self, visit: Visit<'_, T>) -> Result<()> {
        self.first.visit(visit)?;
        self.rest.iter_mut().try_for_each(|layer| layer.visit(visit))
    }
}

/// What follows a convolution.
fn activation<T: Scalar>(image: [usize; 3], batch_norm: bool) -> Result<Vec<Box<dyn Layer<T>>>> {
    let mut layers: Vec<Box<dyn Layer<T>>> = Vec::new();
    if batch_norm {
        layers.push(Box::new(Normalisation::new(image[2])?));
    }
    layers.push(Box::new(Rectifier::new()));
    Ok(layers)
}

fn flat<T>(scores: Array4<T>) -> Result<Array2<T>> {
    let (samples, rows, columns, classes) = scores.dim();
    Ok(scores.into_shape_with_order((samples, rows * columns * classes))?)
}

/// How many of the samples have their greatest score at their label.
pub(super) fn hits<T: Scalar>(scores: &Array2<T>, labels: ArrayView1<'_, usize>) -> usize {
    let hit = |(scores, &label): (ArrayView1<'_, T>, &usize)| {
        scores.indexed_iter().all(|(class, &score)| class == label || score < scores[label])
    };
    scores.outer_iter().zip(labels).filter(|(scores, label)| hit((scores.view(), label))).count()
}

/// What a backward pass without a training pass before it is told.
const NO_FORWARD: &str = "a backward pass needs a training pass before it";

/// The values of an array in row-major order, as all arrays of a network have them.
fn dense<T, D: Dimension>(array: &Array<T, D>) -> Result<&[T]> {
    array.as_slice().ok_or_else(|| NOT_DENSE.into())
}

fn dense_mut<T, D: Dimension>(array: &mut Array<T, D>) -> Result<&mut [T]> {
    array.as_slice_mut().ok_or_else(|| NOT_DENSE.into())
}

const NOT_DENSE: &str = "the values of an activation are in row-major order";

#[cfg(test)]
mod tests;
