//! The rectifier, `max(x, 0)`.

use ndarray::Array4;

use super::{Layer, Scalar, dense, dense_mut};
use crate::study::Result;

/// Lets positive values pass.
pub(super) struct Rectifier<T> {
    /// 1 for each value of the last training pass that passed, 0 for the others.
    passed: Vec<T>,
}

impl<T> Rectifier<T> {
    pub(super) fn new() -> Self {
        Self { passed: Vec::new() }
    }
}

impl<T: Scalar> Layer<T> for Rectifier<T> {
    fn forward(&mut self, x: Array4<T>) -> Result<Array4<T>> {
        self.passed.clear();
        let passed = dense(&x)?.iter().map(|&x| if x > T::zero() { T::one() } else { T::zero() });
        self.passed.extend(passed);
        self.infer(x)
    }

    fn infer(&self, mut x: Array4<T>) -> Result<Array4<T>> {
        for x in dense_mut(&mut x)? {
            // NaN passes, and is seen in the loss.
            *x = if *x < T::zero() { T::zero() } else { *x };
        }
        Ok(x)
    }

    fn backward(&mut self, mut dy: Array4<T>) -> Result<Array4<T>> {
        for (dy, &passed) in dense_mut(&mut dy)?.iter_mut().zip(&self.passed) {
            *dy = *dy * passed;
        }
        Ok(dy)
    }
}
