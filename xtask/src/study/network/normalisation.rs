//! Batch normalisation, by the layer of this workspace.

use mizumashi::batchnorm::{BatchNorm, BatchNormConfig, Layout, Saved};
use ndarray::{Array1, Array4};

use super::{Layer, NO_FORWARD, Scalar, dense};
use crate::study::Result;

/// [`BatchNorm`] between a convolution and its rectifier, with what the backward pass needs.
pub(super) struct Normalisation<T> {
    layer: BatchNorm<T>,
    /// The input of the last training pass, and its statistics.
    input: Option<(Array4<T>, Saved)>,
    dgamma: Array1<T>,
    dbeta: Array1<T>,
}

impl<T: Scalar> Normalisation<T> {
    /// PyTorch's conventions, channels last.
    pub(super) fn new(channels: usize) -> Result<Self> {
        let config = BatchNormConfig { layout: Layout::Nhwc, ..BatchNormConfig::pytorch() };
        let (dgamma, dbeta) = (Array1::zeros(channels), Array1::zeros(channels));
        Ok(Self { layer: BatchNorm::new(channels, config)?, input: None, dgamma, dbeta })
    }
}

impl<T: Scalar> Layer<T> for Normalisation<T> {
    fn forward(&mut self, x: Array4<T>) -> Result<Array4<T>> {
        let (y, saved) = self.layer.forward(x.view())?;
        self.input = Some((x, saved));
        Ok(y)
    }

    fn infer(&self, x: Array4<T>) -> Result<Array4<T>> {
        Ok(self.layer.infer(x.view())?)
    }

    fn backward(&mut self, dy: Array4<T>) -> Result<Array4<T>> {
        let (x, saved) = self.input.take().ok_or(NO_FORWARD)?;
        let gradients = self.layer.backward(&saved, x.view(), dy.view())?;
        (self.dgamma, self.dbeta) = (gradients.dgamma, gradients.dbeta);
        Ok(gradients.dx)
    }

    fn visit(&mut self, visit: &mut dyn FnMut(&mut [T], &[T]) -> Result<()>) -> Result<()> {
        let Self { layer, dgamma, dbeta, .. } = self;
        visit(layer.gamma_mut().as_slice_mut().ok_or(NOT_DENSE)?, dense(dgamma)?)?;
        visit(layer.beta_mut().as_slice_mut().ok_or(NOT_DENSE)?, dense(dbeta)?)
    }
}

const NOT_DENSE: &str = "the parameters of batch normalisation are one list";
