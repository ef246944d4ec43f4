//! What holds for the statistics of any images: merging, batch splits, threads, strides.

use std::fmt::Debug;

use crate::streams::{batches, on_threads};
use mizumashi_stats::{
    Accumulator, Grouping, Histogram, IntegerMoments, Layout, Moments, Statistics, Summary,
    quantiles,
};
use ndarray::{Array1, Array4, ArrayView4, Axis, s};
use proptest::collection::vec;
use proptest::prelude::*;

const GROUPINGS: [Grouping; 4] =
    [Grouping::Whole, Grouping::Channel, Grouping::Pixel, Grouping::Sample];

fn grouping() -> impl Strategy<Value = Grouping> {
    prop::sample::select(GROUPINGS.to_vec())
}

/// Up to 24 images of one size, and where to cut them into batches.
fn images() -> impl Strategy<Value = (Array4<u8>, Vec<usize>)> {
    (1..24_usize, 1..6_usize, 1..6_usize, 1..4_usize).prop_flat_map(|(n, h, w, c)| {
        let values = vec(any::<u8>(), n * h * w * c);
        let images =
            values.prop_map(move |values| Array4::from_shape_vec((n, h, w, c), values).unwrap());
        (images, vec(0..=n, 0..4))
    })
}

fn real(images: &Array4<u8>) -> Array4<f32> {
    images.mapv(|value| 10_000.0 + f32::from(value) / 77.0)
}

fn streamed<A: Accumulator>(
    images: ArrayView4<'_, A::Value>,
    cuts: &[usize],
    grouping: Grouping,
) -> Statistics<A> {
    let mut statistics = Statistics::new(grouping);
    for batch in batches(images.len_of(Axis(0)), cuts) {
        statistics.update(images.slice(s![batch, .., .., ..]), Layout::Nhwc).unwrap();
    }
    statistics
}

fn merged<A: Accumulator>(left: &A, right: &A) -> A {
    let mut merged = left.clone();
    merged.merge(right);
    merged
}

/// A mean that is off by `e` makes a variance off by `e (2 std + e)` at most. Here `e` is what some
/// hundred values of at most `largest` lose, a rounding of 1.1e-16 each.
#[track_caller]
fn assert_equal_up_to_rounding(found: &Moments, once: &Moments, largest: f64) {
    assert_eq!(found.count(), once.count());
    assert_eq!((found.min(), found.max()), (once.min(), once.max()));
    let slack = 2e-13 * largest;
    assert!((found.mean() - once.mean()).abs() <= slack, "{found:?} is not {once:?}");
    let error = (found.variance() - once.variance()).abs();
    assert!(error <= slack * (2.0 * once.std() + slack), "{found:?} is not {once:?}");
}

/// The same images in every order of memory, and in batches that are cut at these places.
#[track_caller]
fn assert_only_values_show<A>(images: &Array4<A::Value>, cuts: &[usize], grouping: Grouping)
where
    A: Accumulator + PartialEq + Debug,
{
    let once = streamed::<A>(images.view(), &[], grouping);
    let permuted = images.view().permuted_axes([0, 3, 1, 2]);
    let planar = permuted.as_standard_layout();
    for batch in [permuted, planar.view()] {
        assert_eq!(Statistics::<A>::of(batch, Layout::Nchw, grouping).as_ref(), Ok(&once));
    }

    let (n, h, w, c) = images.dim();
    let spread = Array4::from_shape_fn((n, h, 2 * w, c), |(n, y, x, c)| images[[n, y, x / 2, c]]);
    let mirrored = images.slice(s![..;-1, ..;-1, ..;-1, ..;-1]);
    let mirrored = mirrored.as_standard_layout();
    for view in [
        images.view(),
        planar.view().permuted_axes([0, 2, 3, 1]),
        spread.slice(s![.., .., ..;2, ..]),
        mirrored.slice(s![..;-1, ..;-1, ..;-1, ..;-1]),
    ] {
        assert_eq!(streamed::<A>(view, cuts, grouping), once);
    }
}

proptest! {
    #[test]
    fn u8_merging_is_associative_commutative_and_equals_one_pass(
        a in vec(any::<u8>(), 0..300),
        b in vec(any::<u8>(), 0..300),
        c in vec(any::<u8>(), 0..300),
    ) {
        fn check<A: Accumulator<Value = u8> + PartialEq + Debug>(
            parts: [&[u8]; 3],
            of: impl Fn(&[u8]) -> A,
        ) {
            let [a, b, c] = parts.map(&of);
            let once = of(&parts.concat());
            assert_eq!(merged(&merged(&a, &b), &c), once);
            assert_eq!(merged(&a, &merged(&b, &c)), once);
            assert_eq!(merged(&c, &merged(&b, &a)), once);
            let mut pushed = A::default();
            parts.concat().into_iter().for_each(|value| pushed.push(value));
            assert_eq!(pushed, once);
        }
        check([&a, &b, &c], Histogram::from_slice);
        check([&a, &b, &c], IntegerMoments::of);
    }

    /// Blocks that fill vectors and those that do not, of channels that divide them and do not.
    #[test]
    fn interleaved_values_are_those_pushed_one_by_one(
        channels in 1..9_usize,
        length in prop_oneof![0..200_usize, 0..20_000_usize],
        seed: u32,
    ) {
        fn check<A: Accumulator<Value = u8> + PartialEq + Debug>(
            channels: usize,
            values: &[u8],
        ) {
            let mut states = vec![A::default(); channels];
            A::push_interleaved(&mut states, values);
            let mut expected = vec![A::default(); channels];
            for (index, &value) in values.iter().enumerate() {
                expected[index % channels].push(value);
            }
            assert_eq!(states, expected);
        }
        let mut state = seed;
        let value = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let values: Vec<u8> = (0..length).map(value).collect();
        check::<IntegerMoments>(channels, &values);
        check::<Histogram>(channels, &values);
    }

    #[test]
    fn histogram_and_integer_moments_agree_to_the_bit(values in vec(any::<u8>(), 1..300)) {
        let (histogram, moments) = (Histogram::from_slice(&values), IntegerMoments::of(&values));
        prop_assert_eq!(histogram.count(), moments.count());
        prop_assert_eq!(histogram.mean(), moments.mean());
        prop_assert_eq!(histogram.variance(), moments.variance());
        prop_assert_eq!((histogram.min(), histogram.max()), (moments.min(), moments.max()));
    }

    #[test]
    fn merging_moments_in_any_order_equals_one_pass_up_to_rounding(
        a in vec(-1e3_f32..1e3, 1..300),
        b in vec(-1e3_f32..1e3, 1..300),
        c in vec(-1e3_f32..1e3, 1..300),
    ) {
        let [ma, mb, mc] = [&a, &b, &c].map(|values| Moments::of(values));
        let once = Moments::of(&[&a[..], &b, &c].concat());
        let mut pushed = Moments::default();
        [&a[..], &b, &c].concat().into_iter().for_each(|value| pushed.push(value));
        let [right, left, backwards] = [
            merged(&ma, &merged(&mb, &mc)),
            merged(&merged(&ma, &mb), &mc),
            merged(&mc, &merged(&mb, &ma)),
        ];
        for found in [right, left, backwards, pushed] {
            assert_equal_up_to_rounding(&found, &once, 1e3);
        }
        prop_assert_eq!(merged(&ma, &Moments::default()), ma);
        prop_assert_eq!(merged(&Moments::default(), &ma), ma);
    }

    #[test]
    fn layout_strides_and_batches_never_show((images, cuts) in images(), grouping in grouping()) {
        assert_only_values_show::<Histogram>(&images, &cuts, grouping);
        assert_only_values_show::<IntegerMoments>(&images, &cuts, grouping);
        assert_only_values_show::<Moments>(&real(&images), &cuts, grouping);
    }

    #[test]
    fn merging_real_statistics_in_any_order_equals_one_pass_up_to_rounding(
        (images, cuts) in images(),
        grouping in grouping(),
    ) {
        let images = real(&images);
        let empty = Statistics::<Moments>::new(grouping);
        let merged = |parts: &[Statistics<Moments>]| {
            let mut all = empty.clone();
            parts.iter().for_each(|part| all.merge(part).unwrap());
            all
        };
        let mut parts: Vec<_> = batches(images.dim().0, &cuts)
            .into_iter()
            .map(|batch| streamed(images.slice(s![batch, .., .., ..]), &[], grouping))
            .collect();
        for part in &parts {
            prop_assert_eq!(&merged(&[part.clone(), empty.clone()]), part);
        }
        let forward = merged(&parts);
        // Samples are listed as they come.
        if grouping != Grouping::Sample {
            parts.reverse();
        }
        let once = streamed::<Moments>(images.view(), &[], grouping);
        for found in [forward, merged(&parts)] {
            prop_assert_eq!(found.samples(), once.samples());
            prop_assert_eq!(found.image_shape(), once.image_shape());
            prop_assert_eq!(found.groups().len(), once.groups().len());
            for (found, once) in found.groups().iter().zip(once.groups()) {
                assert_equal_up_to_rounding(found, once, 10_004.0);
            }
        }
    }

    #[test]
    fn merging_statistics_equals_one_pass((images, cuts) in images(), grouping in grouping()) {
        let mut parts = Statistics::<IntegerMoments>::new(grouping);
        for batch in batches(images.dim().0, &cuts) {
            let part = images.slice(s![batch, .., .., ..]);
            parts.merge(&Statistics::of(part, Layout::Nhwc, grouping).unwrap()).unwrap();
        }
        parts.merge(&Statistics::new(grouping)).unwrap();
        prop_assert_eq!(parts, streamed(images.view(), &[], grouping));
    }

    #[test]
    fn groups_hold_the_values_that_split_yields((images, _) in images(), grouping in grouping()) {
        let statistics =
            Statistics::<Histogram>::of(images.view(), Layout::Nhwc, grouping).unwrap();
        let split: Vec<_> =
            grouping.split(images.view(), Layout::Nhwc).into_iter().map(Histogram::of).collect();
        prop_assert_eq!(statistics.groups(), &split[..]);
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values(
        values in vec(prop::num::f32::NORMAL | prop::num::f32::ZERO | prop::num::f32::SUBNORMAL, 1..200),
        ranks in vec(any::<prop::sample::Index>(), 1..40),
    ) {
        let mut sorted = values.clone();
        sorted.sort_by(f32::total_cmp);
        let last = values.len() - 1;
        let ranks: Vec<_> = ranks.iter().map(|rank| rank.index(values.len())).collect();
        let qs: Vec<_> = ranks.iter().map(|&rank| rank as f64 / last.max(1) as f64).collect();
        let found = quantiles(Array1::from(values).view(), &qs).unwrap();
        for (found, rank) in found.into_iter().zip(ranks) {
            // rank / last * last may miss the rank by one rounding.
            let below = f64::from(sorted[rank.saturating_sub(1)]);
            let above = f64::from(sorted[(rank + 1).min(last)]);
            let slack = 1e-13 * (above - below);
            let expected = f64::from(sorted[rank]);
            prop_assert!((found - expected).abs() <= slack, "{found} is not {expected}");
        }
    }

    #[test]
    fn quantiles_of_u8_values_are_the_same_by_either_way(
        values in vec(any::<u8>(), 1..300),
        qs in vec(0.0..=1.0, 1..20),
    ) {
        let real: Array1<f32> = values.iter().map(|&value| f32::from(value)).collect();
        let histogram = Histogram::from_slice(&values);
        prop_assert_eq!(quantiles(real.view(), &qs).unwrap(), histogram.quantiles(&qs).unwrap());
        prop_assert_eq!(
            quantiles(real.slice(s![..;-1]), &qs).unwrap(),
            histogram.quantiles(&qs).unwrap()
        );
    }
}

/// Images larger than a block of 2^16 values, and those of which several make one.
#[test]
fn layout_strides_and_batches_never_show_beyond_one_block() {
    for (samples, side) in [(3, 260), (14, 100)] {
        let images = Array4::from_shape_fn((samples, side, side, 3), |(n, y, x, c)| {
            let pixel = ((n * side + y) * side + x) * 3 + c;
            ((pixel as u32).wrapping_mul(2_654_435_761) >> 24) as u8
        });
        for grouping in [Grouping::Whole, Grouping::Channel, Grouping::Sample] {
            assert_only_values_show::<Histogram>(&images, &[1, samples - 1], grouping);
            assert_only_values_show::<IntegerMoments>(&images, &[1, samples - 1], grouping);
            let once = streamed::<Histogram>(images.view(), &[], grouping);
            let split = grouping.split(images.view(), Layout::Nhwc);
            let split: Vec<_> = split.into_iter().map(Histogram::of).collect();
            assert_eq!(once.groups(), split);
        }
    }
}

#[test]
fn the_number_of_threads_never_shows() {
    let figures = || {
        let images = Array4::from_shape_fn((150, 25, 40, 3), |(n, y, x, c)| {
            ((n * n * 31 + n * x * 7 + y * 13 + c) % 251) as f32 / 7.0 + 1000.0
        });
        let statistics = GROUPINGS.map(|grouping| {
            Statistics::<Moments>::of(images.view(), Layout::Nhwc, grouping).unwrap()
        });
        (statistics, quantiles(images.view(), &[0.1, 0.5, 0.77]).unwrap())
    };
    let once = on_threads(1, figures);
    assert!(on_threads(2, figures) == once);
    assert!(on_threads(7, figures) == once);
}

#[test]
fn images_of_other_sizes_stream_per_channel() {
    let small = Array4::from_elem((2, 1, 3, 3), 10_u8);
    let large = Array4::from_elem((1, 4, 4, 3), 20_u8);
    let mut statistics =
        Statistics::<IntegerMoments>::of(small.view(), Layout::Nhwc, Grouping::Channel).unwrap();
    assert_eq!(statistics.image_shape(), Some([1, 3, 3]));
    statistics.update(large.view(), Layout::Nhwc).unwrap();
    assert_eq!(statistics.image_shape(), None);
    assert_eq!(statistics.samples(), 3);
    assert_eq!(statistics.mean(), [(6.0 * 10.0 + 16.0 * 20.0) / 22.0; 3]);
}

#[test]
fn figures_of_nothing_are_nan() {
    fn check<A: Accumulator>() {
        let empty = A::default();
        assert_eq!(empty.count(), 0);
        for figure in [A::mean, A::variance, A::sample_variance, A::std, A::min, A::max] {
            assert!(figure(&empty).is_nan());
        }
    }
    check::<Moments>();
    check::<IntegerMoments>();
    check::<Histogram>();
    assert!(Histogram::default().median().is_nan());
    assert!(Moments::of(&[1.0]).sample_variance().is_nan());
    assert!(IntegerMoments::of(&[1]).sample_variance().is_nan());
    assert!(Histogram::from_slice(&[1]).sample_variance().is_nan());
}

#[test]
fn span_is_that_of_the_values() {
    assert_eq!(Histogram::default().span(), None);
    assert_eq!(Histogram::from_slice(&[0]).span(), Some((0, 0)));
    assert_eq!(Histogram::from_slice(&[7, 255, 3]).span(), Some((3, 255)));
}

/// Twice what the 32-bit sums of one block hold, 2³² / 255² rows of 192 values.
#[test]
fn extreme_values_do_not_overflow() {
    let values = vec![255_u8; 3 * 64 * ((1 << 17) + 9) + 7];
    let moments = IntegerMoments::of(&values);
    assert_eq!(moments.sum_of_squares(), 255 * 255 * values.len() as u64);
    assert_eq!((moments.min(), moments.max(), moments.variance()), (255.0, 255.0, 0.0));
}
