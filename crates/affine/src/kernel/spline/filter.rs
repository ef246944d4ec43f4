//! The recursive filter that turns samples into the coefficients of the B-spline through them.

use fearless_simd::Simd;

use crate::SplineOrder;
use crate::border;

/// How a signal goes on beyond its ends while it is filtered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Symmetry {
    /// `c b | a b c d | c b`: mirrored at the centres of the outermost samples.
    AtCentres,
    /// `b a | a b c d | d c`: mirrored at the outer edges of the outermost samples.
    AtEdges,
}

impl Symmetry {
    /// The sample that is seen at `index` of a signal of `len` samples.
    #[inline(always)]
    pub(super) fn sample(self, index: i32, len: i32) -> i32 {
        match self {
            Self::AtCentres => border::mirror(index, len),
            Self::AtEdges => border::reflect(index, len),
        }
    }

    /// After how many samples the signal repeats.
    fn period(self, len: usize) -> usize {
        match self {
            Self::AtCentres => 2 * len - 2,
            Self::AtEdges => 2 * len,
        }
    }
}

/// Powers of a pole beyond this one, the largest being -0.43, are below the rounding of `f64`.
const HORIZON: usize = 64;

/// Replaces the samples of `lanes` signals, sample k of all of them lying side by side from
/// k·`lanes` on, by their coefficients.
///
/// For each pole z, after a multiplication by the gain Π (1 - z)(1 - 1/z):
/// c⁺\[k\] = s\[k\] + z·c⁺\[k-1\] from the left and then c\[k\] = z·(c\[k+1\] - c⁺\[k\]) from the right.
/// c⁺\[0\] is Σ zᵏ·s\[-k\] over the mirrored signal, and the last c follows from its symmetry.
#[inline(always)]
pub(super) fn filter<V: Simd>(
    _: V,
    samples: &mut [f64],
    lanes: usize,
    order: SplineOrder,
    symmetry: Symmetry,
) {
    let len = samples.len() / lanes;
    // One sample is a constant signal, which is its own coefficients.
    if len < 2 {
        return;
    }
    let gain: f64 = order.poles().iter().map(|z| (1.0 - z) * (1.0 - 1.0 / z)).product();
    for sample in samples.iter_mut() {
        *sample *= gain;
    }
    for &z in order.poles() {
        begin_on_the_left(samples, lanes, z, symmetry);
        for k in 1..len {
            let (before, here) = samples.split_at_mut(k * lanes);
            for (c, before) in here[..lanes].iter_mut().zip(&before[(k - 1) * lanes..]) {
                *c += z * *before;
            }
        }
        begin_on_the_right(samples, lanes, z, symmetry);
        for k in (0..len - 1).rev() {
            let (here, after) = samples.split_at_mut((k + 1) * lanes);
            for (c, after) in here[k * lanes..].iter_mut().zip(&after[..lanes]) {
                *c = z * (*after - *c);
            }
        }
    }
}

/// The first c⁺.
#[inline(always)]
fn begin_on_the_left(samples: &mut [f64], lanes: usize, z: f64, symmetry: Symmetry) {
    let len = samples.len() / lanes;
    let period = symmetry.period(len);
    // One period stands for all: Σ zᵏ·s[-k] = Σ over one period / (1 - zᵖ).
    let mut powers = [1.0; HORIZON];
    for k in 1..HORIZON {
        powers[k] = powers[k - 1] * z;
    }
    let all_periods = match powers.get(period) {
        Some(power) => 1.0 / (1.0 - power),
        None => 1.0,
    };
    let terms = || {
        let powers = powers.iter().take(period).enumerate();
        powers.map(|(k, power)| {
            (symmetry.sample(-(k as i32), len as i32) as usize, power * all_periods)
        })
    };
    let (first, others) = samples.split_at_mut(lanes);
    let own: f64 = terms().filter(|(sample, _)| *sample == 0).map(|(_, power)| power).sum();
    for c in first.iter_mut() {
        *c *= own;
    }
    for (sample, power) in terms().filter(|(sample, _)| *sample > 0) {
        let others = &others[(sample - 1) * lanes..];
        for (c, other) in first.iter_mut().zip(others) {
            *c += power * *other;
        }
    }
}

/// The last c, where the mirrored signal comes from the right.
#[inline(always)]
fn begin_on_the_right(samples: &mut [f64], lanes: usize, z: f64, symmetry: Symmetry) {
    let (before, last) = samples.split_at_mut(samples.len() - lanes);
    match symmetry {
        Symmetry::AtCentres => {
            let before = &before[before.len() - lanes..];
            for (c, before) in last.iter_mut().zip(before) {
                *c = (*c + z * *before) * (z / (z * z - 1.0));
            }
        }
        Symmetry::AtEdges => {
            for c in last.iter_mut() {
                *c *= z / (z - 1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};
    use proptest::prelude::*;

    use super::*;

    fn orders() -> impl Strategy<Value = SplineOrder> {
        (2..=5_u8).prop_map(|order| SplineOrder::try_from(order).unwrap_or(SplineOrder::Cubic))
    }

    fn symmetries() -> impl Strategy<Value = Symmetry> {
        prop_oneof![Just(Symmetry::AtCentres), Just(Symmetry::AtEdges)]
    }

    /// The B-spline at the pixels around its centre.
    fn samples_of(order: SplineOrder) -> &'static [f64] {
        match order {
            SplineOrder::Quadratic => &[0.125, 0.75, 0.125],
            SplineOrder::Cubic => &[1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0],
            SplineOrder::Quartic => {
                &[1.0 / 384.0, 76.0 / 384.0, 230.0 / 384.0, 76.0 / 384.0, 1.0 / 384.0]
            }
            SplineOrder::Quintic => {
                &[1.0 / 120.0, 26.0 / 120.0, 66.0 / 120.0, 26.0 / 120.0, 1.0 / 120.0]
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn the_spline_of_the_coefficients_goes_through_the_samples(
            order in orders(),
            symmetry in symmetries(),
            samples in prop::collection::vec(0.0..255.0, 1..100),
        ) {
            let mut coefficients = samples.clone();
            dispatch!(Level::new(), simd =>
                filter(simd, &mut coefficients, 1, order, symmetry));
            let weights = samples_of(order);
            let reach = weights.len() as i32 / 2;
            for (place, sample) in samples.iter().enumerate() {
                let value: f64 = (-reach..)
                    .zip(weights)
                    .map(|(offset, weight)| {
                        let index = symmetry.sample(place as i32 + offset, samples.len() as i32);
                        coefficients[index as usize] * weight
                    })
                    .sum();
                prop_assert!((value - sample).abs() < 1e-11, "{value} for {sample} at {place}");
            }
        }

        #[test]
        fn signals_side_by_side_are_filtered_alone(
            order in orders(),
            symmetry in symmetries(),
            (len, lanes) in (1usize..80, 1usize..9),
        ) {
            let sample = |k: usize, lane: usize| ((k * 89 + lane * 31 + k * k * 7) % 256) as f64;
            let mut together: Vec<f64> =
                (0..len).flat_map(|k| (0..lanes).map(move |lane| sample(k, lane))).collect();
            dispatch!(Level::new(), simd => filter(simd, &mut together, lanes, order, symmetry));
            for lane in 0..lanes {
                let mut alone: Vec<f64> = (0..len).map(|k| sample(k, lane)).collect();
                dispatch!(Level::new(), simd => filter(simd, &mut alone, 1, order, symmetry));
                for (k, alone) in alone.iter().enumerate() {
                    prop_assert_eq!(together[k * lanes + lane].to_bits(), alone.to_bits());
                }
            }
        }
    }
}
