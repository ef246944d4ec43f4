use std::array::from_fn;

use serde::{Deserialize, Serialize};

use crate::simd::{Kernel, vectorised};
use crate::summary::MAX_COUNT;
use crate::{Accumulator, Error, Summary};

/// Count, mean, variance, minimum and maximum of real values, in `f64`.
///
/// Values pushed one by one follow Welford's recurrence, blocks ([`Accumulator::push_all`]) are
/// summed in two passes around their own mean, and states are merged by the rule of Chan, Golub
/// and LeVeque (1979). None of them subtracts large squares, so 10⁴ ± 1 keeps its variance.
///
/// Figures of values that are not all finite mean nothing; [`Statistics`](crate::Statistics)
/// refuses such values beforehand. Squares of `f64` beyond 1e154 are not finite either: a state of
/// such values cannot be read back once it is stored.
///
/// ```
/// use mizumashi_stats::{Accumulator, Moments, Summary};
///
/// let mut moments = Moments::of(&[1.0, 2.0]);
/// moments.merge(&Moments::of(&[3.0]));
/// moments.push(6.0);
/// assert_eq!((moments.count(), moments.mean(), moments.variance()), (4, 3.0, 3.5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Moments {
    count: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    scatter: f64,
    min: f64,
    max: f64,
}

impl Moments {
    /// The moments of a block of values.
    pub fn of(values: &[f32]) -> Self {
        let [moments] = Moments::of_interleaved(values);
        moments
    }

    /// The moments of `C` blocks of values that lie in memory by turns.
    fn of_interleaved<const C: usize>(values: &[f32]) -> [Self; C] {
        if values.is_empty() {
            return [Moments::default(); C];
        }
        vectorised(TwoPasses::<C>(values))
    }

    /// Adds one value of any real type.
    pub fn push(&mut self, value: impl Into<f64>) {
        let value = value.into();
        if self.count == 0 {
            *self = Moments { count: 1, mean: value, scatter: 0.0, min: value, max: value };
            return;
        }
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.scatter += before * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }
}

impl Summary for Moments {
    fn count(&self) -> u64 {
        self.count
    }

    fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.mean }
    }

    fn variance(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.scatter / self.count as f64 }
    }

    fn sample_variance(&self) -> f64 {
        if self.count < 2 { f64::NAN } else { self.scatter / (self.count - 1) as f64 }
    }

    fn min(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.min }
    }

    fn max(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.max }
    }
}

impl Accumulator for Moments {
    type Value = f32;

    const EXACT: bool = false;

    fn push(&mut self, value: f32) {
        Moments::push(self, value);
    }

    fn push_all(&mut self, values: &[f32]) {
        self.merge(&Moments::of(values));
    }

    fn push_interleaved(states: &mut [Self], values: &[f32]) {
        fn merge<const C: usize>(states: &mut [Moments], values: &[f32]) {
            for (state, block) in states.iter_mut().zip(Moments::of_interleaved::<C>(values)) {
                state.merge(&block);
            }
        }
        match states.len() {
            1 => merge::<1>(states, values),
            2 => merge::<2>(states, values),
            3 => merge::<3>(states, values),
            4 => merge::<4>(states, values),
            channels => {
                for (channel, state) in states.iter_mut().enumerate() {
                    let own: Vec<_> =
                        values.iter().skip(channel).step_by(channels).copied().collect();
                    state.push_all(&own);
                }
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (left, right) = (self.count as f64, other.count as f64);
        let total = left + right;
        let delta = other.mean - self.mean;
        self.count += other.count;
        self.mean += delta * (right / total);
        self.scatter += other.scatter + delta * delta * (left / total * right);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// Partial sums that a block is added up in, value `i` in lane `i % LANES`, whatever the machine:
/// the shape of a sum is part of its result. As many as keep the adders of the widest registers busy.
const LANES: usize = 32;

/// The moments of `C` channels whose values lie by turns: mean and extremes first, then deviations
/// from that mean. The lanes of the channels lie by turns as well, so that memory is read in order.
struct TwoPasses<'a, const C: usize>(&'a [f32]);

impl<const C: usize> Kernel for TwoPasses<'_, C> {
    type Output = [Moments; C];

    #[inline(always)]
    fn run(self) -> [Moments; C] {
        let values = self.0;
        let mut sums = [[0.0; C]; LANES];
        let mut min = [[f32::INFINITY; C]; LANES];
        let mut max = [[f32::NEG_INFINITY; C]; LANES];
        for_each_block::<C>(values, |block| {
            let sums = sums.as_flattened_mut().iter_mut();
            sums.zip(block).for_each(|(sum, &value)| *sum += f64::from(value));
            let min = min.as_flattened_mut().iter_mut();
            min.zip(block).for_each(|(min, &value)| *min = smaller(*min, value));
            let max = max.as_flattened_mut().iter_mut();
            max.zip(block).for_each(|(max, &value)| *max = larger(*max, value));
        });
        let count = |channel: usize| (values.len() + C - 1 - channel) / C;
        let mean: [f64; C] = from_fn(|channel| {
            sums.iter().map(|lane| lane[channel]).sum::<f64>() / count(channel) as f64
        });
        let means = [mean; LANES];
        let mut squares = [[0.0; C]; LANES];
        for_each_block::<C>(values, |block| {
            let squares = squares.as_flattened_mut().iter_mut().zip(means.as_flattened());
            squares.zip(block).for_each(|((square, mean), &value)| {
                let deviation = f64::from(value) - mean;
                *square += deviation * deviation;
            });
        });
        from_fn(|channel| match count(channel) {
            0 => Moments::default(),
            count => Moments {
                count: count as u64,
                mean: mean[channel],
                scatter: squares.iter().map(|lane| lane[channel]).sum(),
                min: min.iter().map(|lane| lane[channel]).fold(f32::INFINITY, smaller).into(),
                max: max.iter().map(|lane| lane[channel]).fold(f32::NEG_INFINITY, larger).into(),
            },
        })
    }
}

/// Unlike `f32::min`, says which zero it is of two.
#[inline(always)]
fn smaller(min: f32, value: f32) -> f32 {
    if value < min { value } else { min }
}

#[inline(always)]
fn larger(max: f32, value: f32) -> f32 {
    if value > max { value } else { max }
}

/// Calls `step` with a value for each lane of each channel, in the order of `[[_; C]; LANES]` in memory,
/// which a loop over slices can add to in whole vectors; at last with those that are left over.
#[inline(always)]
fn for_each_block<const C: usize>(values: &[f32], mut step: impl FnMut(&[f32])) {
    let mut blocks = values.chunks_exact(LANES * C);
    blocks.by_ref().for_each(&mut step);
    step(blocks.remainder());
}

/// [`Moments`] as stored, before its invariants are checked.
#[derive(Deserialize)]
struct Unchecked {
    count: u64,
    mean: f64,
    scatter: f64,
    min: f64,
    max: f64,
}

impl TryFrom<Unchecked> for Moments {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        let Unchecked { count, mean, scatter, min, max } = stored;
        let fail = |reason| Err(Error::Inconsistent { what: "moments", reason });
        if count > MAX_COUNT {
            return fail("count is beyond 2^48");
        }
        if ![mean, scatter, min, max].iter().all(|figure| figure.is_finite()) {
            return fail("a figure is not finite");
        }
        let moments = Moments { count, mean, scatter, min, max };
        if count == 0 && moments != Moments::default() {
            return fail("count is 0, but a figure is not");
        }
        // Rounding may carry the mean of equal values past them, by far less than this.
        let slack = 1e-9 * min.abs().max(max.abs());
        if scatter < 0.0 || min > max || mean < min - slack || mean > max + slack {
            return fail("not min <= mean <= max and scatter >= 0");
        }
        Ok(moments)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn wide_registers_give_the_bits_of_the_plain_loop(
            values in prop::collection::vec(-1e4_f32..1e4, 1..300),
        ) {
            prop_assert_eq!(vectorised(TwoPasses::<1>(&values)), TwoPasses::<1>(&values).run());
            prop_assert_eq!(vectorised(TwoPasses::<3>(&values)), TwoPasses::<3>(&values).run());
        }

        #[test]
        fn interleaved_values_give_the_bits_of_each_channel_alone(
            values in prop::collection::vec(-1e4_f32..1e4, 0..500),
            channels in 1_usize..7,
        ) {
            let mut states = vec![Moments::default(); channels];
            Moments::push_interleaved(&mut states, &values);
            for (channel, state) in states.iter().enumerate() {
                let own: Vec<_> = values.iter().skip(channel).step_by(channels).copied().collect();
                prop_assert_eq!(*state, Moments::of(&own));
            }
        }
    }
}
