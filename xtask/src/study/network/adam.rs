//! The optimiser.

use super::{Network, Scalar};
use crate::study::Result;

/// Weights of the past in the two means.
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// Adam ([Kingma & Ba 2015](https://arxiv.org/abs/1412.6980)), algorithm 1.
#[derive(Debug)]
pub(in crate::study) struct Adam<T> {
    /// The means of the gradient and of its square, for each list of parameters.
    means: Vec<Vec<[T; 2]>>,
    /// The powers of the betas.
    decay: [f64; 2],
}

impl<T: Scalar> Adam<T> {
    pub(in crate::study) fn new() -> Self {
        Self { means: Vec::new(), decay: [1.0; 2] }
    }

    /// Moves the parameters of a network along the gradients of its last backward pass.
    pub(in crate::study) fn step(&mut self, network: &mut Network<T>, rate: f64) -> Result<()> {
        for (decay, beta) in self.decay.iter_mut().zip(BETAS) {
            *decay *= beta;
        }
        let [first, second] = self.decay.map(|decay| 1.0 - decay);
        // The corrections for means that began at 0, taken out of the loop over the parameters.
        let (rate, epsilon) = (rate * second.sqrt() / first, EPSILON * second.sqrt());
        let [rate, epsilon] = [rate, epsilon].map(T::nearest);
        let [past, past_square] = BETAS.map(T::nearest);
        let [new, new_square] = BETAS.map(|beta| T::nearest(1.0 - beta));
        let mut list = 0;
        network.visit(&mut |values, gradient| {
            if self.means.len() == list {
                self.means.push(vec![[T::zero(); 2]; values.len()]);
            }
            for ((value, &slope), [mean, square]) in
                values.iter_mut().zip(gradient).zip(&mut self.means[list])
            {
                *mean = past * *mean + new * slope;
                *square = past_square * *square + new_square * slope * slope;
                *value = *value - rate * *mean / (square.sqrt() + epsilon);
            }
            list += 1;
            Ok(())
        })
    }
}
