//! What holds for the counts of any values: each is in its bin, and neither strides nor parts show.

use mizumashi_stats::{BinnedHistogram, Histogram};
use ndarray::{ArrayView1, aview1, s};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// An empty histogram, and values in its range, outside, and at its edges. Bins or ranges of
/// sixteenths have edges that are `f32`, met to the bit, though the edges may round in `f64`.
fn bins_and_values() -> impl Strategy<Value = (BinnedHistogram, Vec<f32>)> {
    let low = prop_oneof![
        2 => Just(0.0),
        1 => (-1600..1600).prop_map(|low| f64::from(low) / 16.0),
        1 => -100.0..100.0,
    ];
    let sixteenths = || (1..64).prop_map(|width| f64::from(width) / 16.0);
    let bins_and_width = (1..200_usize).prop_flat_map(move |bins| {
        let width = prop_oneof![
            1 => sixteenths().prop_map(move |step| step * bins as f64),
            2 => sixteenths(),
            1 => 0.01..10.0,
        ];
        (Just(bins), width)
    });
    (low, bins_and_width, vec(-0.5..1.5, 0..200)).prop_map(|(low, (bins, width), places)| {
        let empty = BinnedHistogram::new(low, low + width, bins).unwrap();
        let even = (0..=64).map(|place| f64::from(place) / 64.0);
        let values = places.into_iter().chain(even).map(|place| low + width * place);
        let values = values.chain(empty.edges()).map(|value| value as f32).collect();
        (empty, values)
    })
}

fn counted(empty: &BinnedHistogram, values: ArrayView1<'_, f32>) -> BinnedHistogram {
    let mut histogram = empty.clone();
    histogram.update(values).unwrap();
    histogram
}

fn steps() -> impl Strategy<Value = isize> {
    select(vec![1, -1, 2, -2])
}

proptest! {
    #[test]
    fn edges_ascend_evenly_from_low_to_high(
        low in -100.0..100.0_f64,
        width in 0.01..10.0_f64,
        bins in 1..60_usize,
    ) {
        let edges = BinnedHistogram::new(low, low + width, bins).unwrap().edges();
        prop_assert_eq!(edges.len(), bins + 1);
        prop_assert_eq!((edges[0], edges[bins]), (low, low + width));
        for pair in edges.windows(2) {
            // An edge is rounded when it is multiplied and when it is added, at up to 110.
            let error = (pair[1] - pair[0]) * bins as f64 / width - 1.0;
            prop_assert!(error.abs() * width <= 4.0 * f64::EPSILON * 110.0 * bins as f64);
        }
    }

    #[test]
    fn each_value_is_counted_in_the_bin_between_whose_edges_it_lies(
        (empty, values) in bins_and_values(),
        step in steps(),
    ) {
        let values = aview1(&values);
        let values = values.slice(s![..;step]);
        let histogram = counted(&empty, values);
        let count = |holds: &dyn Fn(f64) -> bool| {
            values.iter().filter(|&&value| holds(value.into())).count() as u64
        };
        let edges = histogram.edges();
        let last = edges.len() - 2;
        for (bin, &found) in histogram.counts().iter().enumerate() {
            let [low, high] = [edges[bin], edges[bin + 1]];
            let expected = count(&|value| {
                low <= value && (value < high || bin == last && value == high)
            });
            prop_assert_eq!(found, expected, "{} to {}", low, high);
        }
        prop_assert_eq!(histogram.underflow(), count(&|value| value < edges[0]));
        prop_assert_eq!(histogram.overflow(), count(&|value| value > edges[last + 1]));
        prop_assert_eq!(histogram.count(), values.len() as u64);
    }

    #[test]
    fn merging_binned_histograms_in_either_order_equals_one_pass(
        (empty, values) in bins_and_values(),
        cut: Index,
    ) {
        let once = counted(&empty, aview1(&values));
        let (left, right) = values.split_at(cut.index(values.len()));
        let [left, right] = [left, right].map(aview1);
        let parts = [left, right].map(|part| counted(&empty, part));
        for [into, from] in [[0, 1], [1, 0]] {
            let mut merged = parts[into].clone();
            merged.merge(&parts[from]).unwrap();
            prop_assert_eq!(&merged, &once);
            merged.merge(&empty).unwrap();
            prop_assert_eq!(&merged, &once);
        }
        prop_assert_eq!(&counted(&parts[0], right), &once);
    }

    /// Enough values for the tables of a block, and fewer.
    #[test]
    fn a_histogram_counts_how_often_each_value_occurs(
        values in vec(any::<u8>(), 0..1500),
        step in steps(),
    ) {
        let values = aview1(&values);
        let values = values.slice(s![..;step]);
        let histogram = Histogram::of(values);
        prop_assert_eq!(histogram.counts().iter().sum::<u64>(), values.len() as u64);
        for (value, &found) in (0..=u8::MAX).zip(histogram.counts()) {
            let expected = values.iter().filter(|&&other| other == value).count();
            prop_assert_eq!(found, expected as u64);
        }
        prop_assert_eq!(Histogram::from_slice(&values.to_vec()), histogram);
    }
}
