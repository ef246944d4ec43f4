use serde::{Deserialize, Serialize};

use crate::{Error, Moments, Summary};

/// Total weight, mean and variance of weighted values, in `f64`.
///
/// A weight says how often a value counts, so whole weights give the figures of [`Moments`] over
/// repeated values, and a mask is weights of 0 and 1. States are merged by the rule of Chan, Golub
/// and LeVeque (1979).
///
/// ```
/// use mizumashi_stats::WeightedMoments;
///
/// let mut moments = WeightedMoments::default();
/// moments.push(1.0, 2.0);
/// moments.push(7.0, 0.0);
/// moments.push(4.0, 1.0);
/// assert_eq!((moments.weight(), moments.mean(), moments.variance()), (3.0, 2.0, 2.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct WeightedMoments {
    weight: f64,
    mean: f64,
    /// Weighted sum of squared deviations from the mean.
    scatter: f64,
}

impl WeightedMoments {
    /// The moments with this total weight, mean, and weighted sum of squared deviations from it:
    /// what [`weight`](Self::weight), [`mean`](Self::mean) and [`scatter`](Self::scatter) gave
    /// elsewhere.
    pub fn new(weight: f64, mean: f64, scatter: f64) -> Self {
        Self { weight, mean, scatter }
    }

    /// The moments from the sums of `w`, of `w (x - origin)` and of `w (x - origin)^2`.
    ///
    /// They lose no digits that matter where the origin is one of `n` values of like weight: its
    /// squared distance from the mean is then at most the scatter, and what the subtraction below
    /// cancels at most `n` times that.
    pub fn around(origin: f64, [weight, first, second]: [f64; 3]) -> Self {
        if weight == 0.0 {
            return Self::default();
        }
        let distance = first / weight;
        let scatter = second - first * distance;
        // Rounding may carry it below 0; NaN stays.
        let scatter = if scatter < 0.0 { 0.0 } else { scatter };
        Self { weight, mean: origin + distance, scatter }
    }

    /// Adds a value that counts `weight` times, at least 0.
    pub fn push(&mut self, value: f64, weight: f64) {
        self.merge(&Self { weight, mean: value, scatter: 0.0 });
    }

    /// Adds the values of another state.
    pub fn merge(&mut self, other: &Self) {
        if other.weight == 0.0 {
            return;
        }
        if self.weight == 0.0 {
            *self = *other;
            return;
        }
        let weight = self.weight + other.weight;
        let part = other.weight / weight;
        let delta = other.mean - self.mean;
        self.mean += delta * part;
        self.scatter += other.scatter + delta * delta * part * self.weight;
        self.weight = weight;
    }

    /// The total weight; of values that count once, their number.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The weighted mean; NaN without weight.
    pub fn mean(&self) -> f64 {
        if self.weight == 0.0 { f64::NAN } else { self.mean }
    }

    /// The weighted sum of squared deviations from the mean.
    pub fn scatter(&self) -> f64 {
        self.scatter
    }

    /// The population variance, `scatter / weight`; NaN without weight.
    pub fn variance(&self) -> f64 {
        self.scatter / self.weight
    }

    /// The variance estimated for the population that the values are a sample of,
    /// `scatter / (weight - 1)`; NaN up to a weight of 1.
    pub fn sample_variance(&self) -> f64 {
        if self.weight > 1.0 { self.scatter / (self.weight - 1.0) } else { f64::NAN }
    }
}

impl From<Moments> for WeightedMoments {
    fn from(moments: Moments) -> Self {
        if moments.count() == 0 {
            return Self::default();
        }
        let weight = moments.count() as f64;
        Self { weight, mean: moments.mean(), scatter: moments.variance() * weight }
    }
}

/// [`WeightedMoments`] as stored, before its invariants are checked.
#[derive(Deserialize)]
struct Unchecked {
    weight: f64,
    mean: f64,
    scatter: f64,
}

impl TryFrom<Unchecked> for WeightedMoments {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        let Unchecked { weight, mean, scatter } = stored;
        let fail = |reason| Err(Error::Inconsistent { what: "weighted moments", reason });
        if ![weight, mean, scatter].iter().all(|figure| figure.is_finite()) {
            return fail("a figure is not finite");
        }
        if weight < 0.0 || scatter < 0.0 {
            return fail("the weight or the scatter is negative");
        }
        if weight == 0.0 && (mean != 0.0 || scatter != 0.0) {
            return fail("the weight is 0, but a figure is not");
        }
        Ok(WeightedMoments { weight, mean, scatter })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Accumulator;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs().max(1.0)
    }

    proptest! {
        #[test]
        fn whole_weights_are_repetitions(
            values in prop::collection::vec((-1e3_f32..1e3, 0..4_u32), 1..60),
            cut in 0..60_usize,
        ) {
            let mut repeated = Moments::default();
            let mut parts = [WeightedMoments::default(); 2];
            let mut sums = [0.0; 3];
            for (index, &(value, weight)) in values.iter().enumerate() {
                (0..weight).for_each(|_| Accumulator::push(&mut repeated, value));
                let (value, weight) = (f64::from(value), f64::from(weight));
                parts[usize::from(index >= cut)].push(value, weight);
                let distance = value - f64::from(values[0].0);
                sums[0] += weight;
                sums[1] += weight * distance;
                sums[2] += weight * distance * distance;
            }
            prop_assume!(repeated.count() > 1);
            let [mut merged, rest] = parts;
            merged.merge(&rest);
            let around = WeightedMoments::around(values[0].0.into(), sums);
            for found in [merged, around, repeated.into()] {
                prop_assert_eq!(found.weight(), repeated.count() as f64);
                prop_assert!(near(found.mean(), repeated.mean()));
                prop_assert!(near(found.variance(), repeated.variance()));
                prop_assert!(near(found.sample_variance(), repeated.sample_variance()));
            }
        }
    }

    #[test]
    fn no_weight_has_no_figures() {
        let mut none = WeightedMoments::around(5.0, [0.0; 3]);
        none.push(3.0, 0.0);
        assert!(none.mean().is_nan() && none.variance().is_nan());
        assert!(WeightedMoments::new(1.0, 2.0, 0.0).sample_variance().is_nan());
        assert_eq!(WeightedMoments::from(Moments::default()), none);
    }
}
