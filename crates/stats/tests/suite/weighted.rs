//! What holds for the moments of any weighted values: the definition, merging in any order.

use mizumashi_stats::WeightedMoments;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

fn merged(parts: &[WeightedMoments]) -> WeightedMoments {
    let mut all = WeightedMoments::default();
    parts.iter().for_each(|part| all.merge(part));
    all
}

proptest! {
    #[test]
    fn weighted_moments_merged_in_any_order_are_those_of_the_definition(
        values in vec((-1e3..1e3, prop_oneof![Just(0.0), 0.0..4.0]), 1..200),
        cuts: [Index; 2],
    ) {
        let mut ends = cuts.map(|cut| cut.index(values.len()));
        ends.sort_unstable();
        let [a, b, c] =
            [&values[..ends[0]], &values[ends[0]..ends[1]], &values[ends[1]..]].map(|part| {
                let mut moments = WeightedMoments::default();
                part.iter().for_each(|&(value, weight)| moments.push(value, weight));
                moments
            });
        for part in [a, b, c] {
            prop_assert_eq!(merged(&[part, WeightedMoments::default()]), part);
        }

        let weight: f64 = values.iter().map(|(_, weight)| weight).sum();
        prop_assume!(weight > 0.0);
        let mean = values.iter().map(|(value, weight)| weight * value).sum::<f64>() / weight;
        let squares = values.iter().map(|(value, weight)| weight * (value - mean) * (value - mean));
        let variance = squares.sum::<f64>() / weight;
        // What 200 values of at most 1000 lose, some roundings of 1.1e-16 each; a mean that is off
        // by as much makes a variance off by as much times 2 std.
        let slack = 2e-13 * 1e3;
        for found in [merged(&[a, b, c]), merged(&[a, merged(&[b, c])]), merged(&[c, b, a])] {
            prop_assert!((found.weight() - weight).abs() <= 1e-13 * weight);
            prop_assert!((found.mean() - mean).abs() <= slack);
            let error = (found.variance() - variance).abs();
            prop_assert!(error <= slack * (2.0 * variance.sqrt() + slack));
            prop_assert_eq!(found.scatter() / found.weight(), found.variance());
        }
    }
}
