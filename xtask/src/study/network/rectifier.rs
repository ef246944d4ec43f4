//! The rectifier, `max(x, 0)`.

use ndarray::Array4;

use super::{Layer, Scalar};
use crate::study::Result;

/// Lets positive values pass.
#[derive(Debug, Default)]
pub(super) struct Rectifier {
    passed: Vec<bool>,
}

impl<T: Scalar> Layer<T> for Rectifier {
    fn forward(&mut self, x: Array4<T>) -> Result<Array4<T>> {
        self.passed.clear();
        self.passed.extend(x.iter().map(|&x| x > T::zero()));
        self.infer(x)
    }

    fn infer(&self, mut x: Array4<T>) -> Result<Array4<T>> {
        // Written so that NaN passes, and is seen in the loss.
        x.mapv_inplace(|x| if x < T::zero() { T::zero() } else { x });
        Ok(x)
    }

    fn backward(&mut self, mut dy: Array4<T>) -> Result<Array4<T>> {
        for (dy, &passed) in dy.iter_mut().zip(&self.passed) {
            *dy = if passed { *dy } else { T::zero() };
        }
        Ok(dy)
    }
}
