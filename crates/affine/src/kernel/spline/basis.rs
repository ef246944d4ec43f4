//! B-splines with knots one pixel apart: their values, and the poles of the filter that makes
//! interpolating coefficients.

use super::super::block::BLOCK;
use crate::SplineOrder;

/// The weights of the `N` = order + 1 coefficients around each lane's place, which lies `t` in
/// 0..=1 behind a knot; the weights of one place are not negative and sum to 1.
///
/// From those of one degree lower, by the recursion of de Boor and Cox for knots at integers:
/// wᵈ\[j\] = ((t + d - j)·wᵈ⁻¹\[j-1\] + (1 - t + j)·wᵈ⁻¹\[j\]) / d; the divisions are done at the end.
#[inline(always)]
pub(super) fn weights<const N: usize>(t: &[f64; BLOCK]) -> [[f64; BLOCK]; N] {
    let mut weights = [[0.0; BLOCK]; N];
    weights[0] = [1.0; BLOCK];
    let mut factorial = 1.0;
    for degree in 1..N {
        factorial *= degree as f64;
        for tap in (0..=degree).rev() {
            for lane in 0..BLOCK {
                let falling = ((1.0 - t[lane]) + tap as f64) * weights[tap][lane];
                weights[tap][lane] = match tap {
                    0 => falling,
                    _ => (t[lane] + (degree - tap) as f64) * weights[tap - 1][lane] + falling,
                };
            }
        }
    }
    weights.map(|lanes| lanes.map(|weight| weight * (1.0 / factorial)))
}

impl SplineOrder {
    /// The roots within the unit circle of Σ β(k)·zᵏ, β being the B-spline.
    pub(super) fn poles(self) -> &'static [f64] {
        match self {
            // √8 - 3
            Self::Quadratic => &[-0.171_572_875_253_809_9],
            // √3 - 2
            Self::Cubic => &[-0.267_949_192_431_122_7],
            // √(664 ∓ √438976) ± √304 - 19
            Self::Quartic => &[-0.361_341_225_900_220_2, -0.013_725_429_297_339_122],
            // √(67.5 ∓ √4436.25) ± √26.25 - 6.5
            Self::Quintic => &[-0.430_575_347_099_973_8, -0.043_096_288_203_264_65],
        }
    }

    /// Where the first of the coefficients around a place `index` + `weight` lies, and how far the
    /// place is behind a knot. Knots are at pixel centres when the order is odd, half way between
    /// them when it is even.
    #[inline(always)]
    pub(super) fn taps(self, index: i32, weight: f32) -> (i32, f64) {
        let weight = f64::from(weight);
        let half = i32::from(u8::from(self)) / 2;
        match self {
            Self::Cubic | Self::Quintic => (index - half, weight),
            Self::Quadratic | Self::Quartic if weight < 0.5 => (index - half, weight + 0.5),
            Self::Quadratic | Self::Quartic => (index + 1 - half, weight - 0.5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order, and the weights by it at a place between two pixels.
    fn at(order: SplineOrder, weight: f32) -> (i32, Vec<f64>) {
        fn first_lane<const N: usize>(t: f64) -> Vec<f64> {
            weights::<N>(&[t; BLOCK]).iter().map(|lanes| lanes[0]).collect()
        }
        let (first, t) = order.taps(0, weight);
        let weights = match order {
            SplineOrder::Quadratic => first_lane::<3>(t),
            SplineOrder::Cubic => first_lane::<4>(t),
            SplineOrder::Quartic => first_lane::<5>(t),
            SplineOrder::Quintic => first_lane::<6>(t),
        };
        (first, weights)
    }

    const ORDERS: [SplineOrder; 4] =
        [SplineOrder::Quadratic, SplineOrder::Cubic, SplineOrder::Quartic, SplineOrder::Quintic];

    #[test]
    fn weights_sum_to_one_and_have_their_mean_at_the_place() {
        for order in ORDERS {
            for step in 0..=64 {
                let place = step as f32 / 64.0;
                let (first, weights) = at(order, place);
                let sum: f64 = weights.iter().sum();
                let mean: f64 =
                    (first..).zip(&weights).map(|(index, weight)| f64::from(index) * weight).sum();
                assert!((sum - 1.0).abs() < 1e-15, "{order:?}: {sum}");
                assert!((mean - f64::from(place)).abs() < 1e-15, "{order:?}: {mean} for {place}");
                assert!(weights.iter().all(|weight| *weight >= 0.0));
            }
        }
    }

    #[test]
    fn weights_at_pixel_centres_are_those_of_the_literature() {
        let close = |order, expected: &[f64]| {
            let (_, weights) = at(order, 0.0);
            for (weight, expected) in weights.iter().zip(expected) {
                assert!((weight - expected).abs() < 1e-15, "{order:?}: {weight} for {expected}");
            }
        };
        close(SplineOrder::Quadratic, &[1.0, 6.0, 1.0].map(|w| w / 8.0));
        close(SplineOrder::Cubic, &[1.0, 4.0, 1.0, 0.0].map(|w| w / 6.0));
        close(SplineOrder::Quartic, &[1.0, 76.0, 230.0, 76.0, 1.0].map(|w| w / 384.0));
        close(SplineOrder::Quintic, &[1.0, 26.0, 66.0, 26.0, 1.0, 0.0].map(|w| w / 120.0));
    }

    #[test]
    fn poles_are_the_roots_of_the_sampled_spline() {
        for order in ORDERS {
            let (_, samples) = at(order, 0.0);
            for pole in order.poles() {
                let value = samples.iter().rev().fold(0.0, |sum, sample| sum * pole + sample);
                assert!(value.abs() < 1e-15, "{order:?} at {pole}: {value}");
            }
            assert_eq!(order.poles().len(), usize::from(u8::from(order)) / 2);
        }
    }
}
