//! States as bytes and as JSON: round trips, merging in any order, and bytes that are no state.

use std::fmt::Debug;

use mizumashi_stats::{
    Accumulator, BinnedHistogram, Covariance, Error, FORMAT_VERSION, Grouping, Histogram,
    IntegerCovariance, IntegerMoments, Layout, Moments, PartialState, Statistics, WeightedMoments,
    state_kind,
};
use ndarray::{Array2, Array4, Axis};
use proptest::collection::vec;
use proptest::num::f32::{NORMAL, SUBNORMAL, ZERO};
use proptest::prelude::*;
use proptest::sample::Index;

/// The checksum that goes with changed bytes, so that what lies behind it is reached.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len().saturating_sub(4);
    bytes.truncate(end);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

#[track_caller]
fn assert_round_trip<S: PartialState + PartialEq + Debug>(state: &S) -> Vec<u8> {
    let json = serde_json::to_string(state).unwrap();
    assert_eq!(&serde_json::from_str::<S>(&json).unwrap(), state);
    let bytes = state.to_bytes().unwrap();
    assert_eq!(&S::from_bytes(&bytes).unwrap(), state);
    assert_eq!(state_kind(&bytes), Some(S::KIND));
    bytes
}

/// Pictures of one shape, of any bytes.
fn pictures() -> impl Strategy<Value = Array4<u8>> {
    (2_usize..9, 1_usize..4, 1_usize..4, 1_usize..4).prop_flat_map(
        |(n, height, width, channels)| {
            vec(any::<u8>(), n * height * width * channels)
                .prop_map(move |values| {
                    Array4::from_shape_vec((n, height, width, channels), values)
                })
                .prop_map(Result::unwrap)
        },
    )
}

/// Pictures of real values: none, some of any size, equal ones, and now and then more than the 512
/// rows of a block.
fn real_pictures() -> impl Strategy<Value = Array4<f32>> {
    let any_size = NORMAL | SUBNORMAL | ZERO;
    let values = prop_oneof![
        1 => Just(vec![]),
        3 => vec(any_size, 0..300),
        3 => (any_size, 1..300_usize).prop_map(|(value, times)| vec![value; times]),
        6 => vec(-1e3_f32..1e3, 0..2000),
    ];
    (values, 1..3_usize, 1..3_usize, 1..3_usize).prop_map(
        |(mut values, height, width, channels)| {
            let samples = values.len() / (height * width * channels);
            values.truncate(samples * height * width * channels);
            Array4::from_shape_vec((samples, height, width, channels), values).unwrap()
        },
    )
}

/// The statistics of pictures, and of others of another shape where the grouping allows it.
fn statistics_of<A: Accumulator>(pictures: &Array4<A::Value>, grouping: Grouping) -> Statistics<A> {
    let mut statistics = Statistics::new(grouping);
    if !pictures.is_empty() {
        statistics.update(pictures.view(), Layout::Nhwc).unwrap();
        if grouping != Grouping::Pixel {
            let turned = pictures.view().permuted_axes([0, 2, 1, 3]);
            statistics.update(turned, Layout::Nhwc).unwrap();
        }
    }
    statistics
}

/// The states of the pictures one by one, merged two by two in an order that `picks` gives.
fn merged<S: Clone>(
    pictures: &Array4<u8>,
    picks: &[Index],
    of: impl Fn(Array4<u8>) -> S,
    merge: impl Fn(&mut S, &S),
) -> S {
    let mut states: Vec<S> =
        pictures.axis_chunks_iter(Axis(0), 1).map(|picture| of(picture.to_owned())).collect();
    for pick in picks.iter().cycle() {
        if states.len() == 1 {
            break;
        }
        let other = states.swap_remove(pick.index(states.len()));
        let into = pick.index(states.len());
        merge(&mut states[into], &other);
    }
    states.remove(0)
}

fn rows<T: Clone>(pictures: &Array4<T>) -> Array2<T> {
    let (samples, height, width, channels) = pictures.dim();
    pictures.to_shape((samples, height * width * channels)).unwrap().to_owned()
}

proptest! {
    #[test]
    fn every_state_that_data_lead_to_survives(pictures in real_pictures()) {
        let values: Vec<f32> = pictures.iter().copied().collect();
        let mut pushed = Moments::default();
        values.iter().for_each(|&value| pushed.push(value));
        assert_round_trip(&pushed);
        assert_round_trip(&Moments::of(&values));
        assert_round_trip(&WeightedMoments::from(pushed));
        let mut binned = BinnedHistogram::new(-300.1, 700.0, 5).unwrap();
        binned.update(pictures.view()).unwrap();
        assert_round_trip(&binned);
        let mut channels = vec![WeightedMoments::default(); pictures.len_of(Axis(3))];
        for (channel, values) in channels.iter_mut().zip(pictures.axis_iter(Axis(3))) {
            values.for_each(|&value| channel.push(value.into(), value.abs().into()));
        }
        assert_round_trip(&channels);

        let bytes = pictures.mapv(|value| value as u8);
        let (rows, rows_u8) = (rows(&pictures), rows(&bytes));
        let mut covariance = Covariance::new(rows.ncols());
        let mut exact = IntegerCovariance::new(rows.ncols());
        if !rows.is_empty() {
            covariance.update(rows.view()).unwrap();
            exact.update(rows_u8.view()).unwrap();
        }
        assert_round_trip(&covariance);
        assert_round_trip(&exact);
        let bytes_in_row: Vec<u8> = bytes.iter().copied().collect();
        assert_round_trip(&Histogram::from_slice(&bytes_in_row));
        assert_round_trip(&IntegerMoments::of(&bytes_in_row));
        for grouping in [Grouping::Whole, Grouping::Channel, Grouping::Pixel, Grouping::Sample] {
            assert_round_trip(&statistics_of::<Moments>(&pictures, grouping));
            assert_round_trip(&statistics_of::<IntegerMoments>(&bytes, grouping));
        }
    }

    #[test]
    fn bytes_are_the_same_in_whichever_order_states_are_merged(
        pictures in pictures(),
        picks in vec(any::<Index>(), 1..9),
    ) {
        for grouping in [Grouping::Whole, Grouping::Channel, Grouping::Pixel] {
            let of = |part: Array4<u8>| {
                Statistics::<Histogram>::of(part.view(), Layout::Nhwc, grouping).unwrap()
            };
            let found = merged(&pictures, &picks, of, |state, other| state.merge(other).unwrap());
            let bytes = assert_round_trip(&found);
            prop_assert_eq!(bytes, of(pictures.clone()).to_bytes().unwrap());

            let of = |part: Array4<u8>| {
                Statistics::<IntegerMoments>::of(part.view(), Layout::Nhwc, grouping).unwrap()
            };
            let found = merged(&pictures, &picks, of, |state, other| state.merge(other).unwrap());
            prop_assert_eq!(assert_round_trip(&found), of(pictures.clone()).to_bytes().unwrap());
        }
        let of = |part: Array4<u8>| {
            let mut covariance = IntegerCovariance::new(rows(&part).ncols());
            covariance.update(rows(&part).view()).unwrap();
            covariance
        };
        let found = merged(&pictures, &picks, of, |state, other| state.merge(other).unwrap());
        prop_assert_eq!(assert_round_trip(&found), of(pictures.clone()).to_bytes().unwrap());
    }

    /// Neither a panic nor memory that the bytes only claim: a list of 2^60 entries would not fit.
    #[test]
    fn any_bytes_are_a_state_or_an_error(
        kind in 0_usize..8,
        body in vec(any::<u8>(), 0..200),
        front in vec(any::<u8>(), 0..8),
    ) {
        fn read<S: PartialState>(body: &[u8]) {
            let mut bytes = b"mzst".to_vec();
            bytes.extend([FORMAT_VERSION, S::KIND.len() as u8]);
            bytes.extend(S::KIND.bytes());
            bytes.extend(body);
            bytes.extend([0; 4]);
            if let Ok(state) = S::from_bytes(&sealed(bytes)) {
                let again = state.to_bytes().unwrap();
                let read = S::from_bytes(&again).unwrap();
                assert_eq!(read.to_bytes().unwrap(), again);
            }
        }
        match kind {
            0 => read::<Moments>(&body),
            1 => read::<Statistics<Moments>>(&body),
            2 => read::<Statistics<Histogram>>(&body),
            3 => read::<Statistics<IntegerMoments>>(&body),
            4 => read::<BinnedHistogram>(&body),
            5 => read::<Covariance>(&body),
            6 => read::<IntegerCovariance>(&body),
            _ => read::<Vec<WeightedMoments>>(&body),
        }
        prop_assert!(Histogram::from_bytes(&front).is_err());
    }

    #[test]
    fn a_changed_or_missing_byte_is_found(pictures in pictures(), at: Index, by in 1_u8..) {
        let statistics =
            Statistics::<Histogram>::of(pictures.view(), Layout::Nhwc, Grouping::Channel).unwrap();
        let bytes = statistics.to_bytes().unwrap();
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= by;
        prop_assert!(Statistics::<Histogram>::from_bytes(&changed).is_err());
        prop_assert!(Statistics::<Histogram>::from_bytes(&bytes[..at.index(bytes.len())]).is_err());

        // Behind a checksum that is right, there is a valid state or an error.
        if let Ok(state) = Statistics::<Histogram>::from_bytes(&sealed(changed)) {
            prop_assert_eq!(state.groups().len(), pictures.len_of(Axis(3)));
        }
    }
}

#[test]
fn a_small_state_is_the_bytes_that_are_documented() {
    let bytes = IntegerMoments::of(&[1, 200]).to_bytes().unwrap();
    let mut expected = b"mzst\x01\x0finteger moments".to_vec();
    // 2, 201 and 40001, seven bits a byte, least significant first; then the extremes.
    expected.extend([2, 0xc9, 0x01, 0xc1, 0xb8, 0x02, 1, 200]);
    expected.extend(crc32fast::hash(&expected).to_le_bytes());
    assert_eq!(bytes, expected);
}

#[test]
fn another_kind_or_version_is_named() {
    let bytes = Moments::of(&[1.0]).to_bytes().unwrap();
    let refused = Histogram::from_bytes(&bytes).unwrap_err().to_string();
    assert!(refused.contains("no state of histogram: they are one of moments"), "{refused}");
    let mut newer = bytes.clone();
    newer[4] = 2;
    let refused = Moments::from_bytes(&sealed(newer)).unwrap_err().to_string();
    assert!(refused.contains("they are of version 2, not 1"), "{refused}");
    let mut longer = bytes;
    longer.push(0);
    let refused = Moments::from_bytes(&sealed(longer)).unwrap_err().to_string();
    assert!(refused.contains("left over"), "{refused}");
}

#[test]
fn memory_is_what_the_state_has_allocated() {
    assert_eq!(Histogram::default().memory(), 2048);
    let pictures = Array4::from_elem((2, 4, 4, 3), 7_u8);
    let statistics =
        Statistics::<Histogram>::of(pictures.view(), Layout::Nhwc, Grouping::Channel).unwrap();
    assert!((3 * 2048..4 * 2048 + 200).contains(&statistics.memory()), "{}", statistics.memory());
    let mut covariance = IntegerCovariance::new(48);
    let before = covariance.memory();
    covariance.update(rows(&pictures).view()).unwrap();
    assert_eq!(covariance.memory() - before, 48 * 48 * 8);
}

/// Merging doubles: without a limit, the integers would overflow in the end.
#[test]
fn states_of_more_than_data_can_hold_are_not_merged() {
    let of = |count: u64| -> Histogram {
        let mut counts = vec![0; 256];
        counts[255] = count;
        counts.try_into().unwrap()
    };
    let statistics = |count: u64| {
        let stored = serde_json::json!({
            "grouping": "channel", "samples": count, "image_shape": [1, 1, 1],
            "groups": [of(count)],
        });
        serde_json::from_value::<Statistics<Histogram>>(stored).unwrap()
    };
    let mut full = statistics(1 << 48);
    let before = full.clone();
    let refused = full.merge(&statistics(1)).unwrap_err();
    assert_eq!(refused, Error::TooMany { left: 1 << 48, right: 1 });
    assert_eq!(full, before);
    assert_eq!(of(1 << 48).counts()[255], 1 << 48);
    let mut few = Histogram::default();
    few.merge(&of(1));
    assert_eq!(few, of(1));
}
