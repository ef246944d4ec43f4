//! The loss: cross-entropy of the softmax of the scores.

use ndarray::{Array2, ArrayView1};

use super::Scalar;

/// The mean of `-log softmax(scores)[label]` over the samples of a batch, and its gradient with
/// respect to the scores, `(softmax(scores) - one hot) / samples`.
pub(in crate::study) fn cross_entropy<T: Scalar>(
    scores: &Array2<T>,
    labels: ArrayView1<'_, usize>,
) -> (f64, Array2<T>) {
    let samples = scores.nrows() as f64;
    let mut gradient = Array2::zeros(scores.raw_dim());
    let mut loss = 0.0;
    for ((scores, mut gradient), &label) in
        scores.outer_iter().zip(gradient.outer_iter_mut()).zip(labels)
    {
        let greatest = scores.iter().fold(f64::NEG_INFINITY, |max, &score| max.max(score.into()));
        let weights = scores.mapv(|score| libm::exp(score.into() - greatest));
        let sum = weights.sum();
        loss += (libm::log(sum) + greatest - scores[label].into()) / samples;
        for (class, (gradient, weight)) in gradient.iter_mut().zip(&weights).enumerate() {
            let hot = f64::from(u8::from(class == label));
            *gradient = T::nearest((weight / sum - hot) / samples);
        }
    }
    (loss, gradient)
}
