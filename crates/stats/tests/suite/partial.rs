//! States as bytes: round trips, merging in any order, and bytes that are no state.

use std::fmt::Debug;

use mizumashi_stats::{
    Accumulator, BinnedHistogram, Covariance, Error, FORMAT_VERSION, Grouping, Histogram,
    IntegerCovariance, IntegerMoments, Layout, Moments, PartialState, Statistics, WeightedMoments,
};
use ndarray::{Array2, Array4, Axis};
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
    let bytes = state.to_bytes().unwrap();
    assert_eq!(&S::from_bytes(&bytes).unwrap(), state);
    bytes
}

/// Pictures of one shape, of any bytes.
fn pictures() -> impl Strategy<Value = Array4<u8>> {
    (2_usize..9, 1_usize..4, 1_usize..4, 1_usize..4).prop_flat_map(
        |(n, height, width, channels)| {
            prop::collection::vec(any::<u8>(), n * height * width * channels)
                .prop_map(move |values| {
                    Array4::from_shape_vec((n, height, width, channels), values)
                })
                .prop_map(Result::unwrap)
        },
    )
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

fn rows(pictures: &Array4<u8>) -> Array2<u8> {
    let samples = pictures.len_of(Axis(0));
    pictures.to_shape((samples, pictures.len() / samples)).unwrap().to_owned()
}

proptest! {
    #[test]
    fn bytes_are_the_same_in_whichever_order_states_are_merged(
        pictures in pictures(),
        picks in prop::collection::vec(any::<Index>(), 1..9),
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
        body in prop::collection::vec(any::<u8>(), 0..200),
        front in prop::collection::vec(any::<u8>(), 0..8),
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
fn every_kind_of_state_survives() {
    let real = Array2::from_shape_fn((700, 3), |(row, column)| (row * 17 + column) as f32 / 7.0);
    assert_round_trip(&Moments::of(&[-1e30, 0.3]));
    assert_round_trip(&IntegerMoments::of(&[0, 0, 255, 3]));
    assert_round_trip(&Histogram::default());
    let mut binned = BinnedHistogram::new(0.1, 2.0, 5).unwrap();
    binned.update(real.view()).unwrap();
    assert_round_trip(&binned);
    let mut covariance = Covariance::new(3);
    assert_round_trip(&covariance);
    covariance.update(real.view()).unwrap();
    assert_round_trip(&covariance);
    assert_round_trip(&IntegerCovariance::new(3));
    let mut channel = WeightedMoments::default();
    channel.push(1.5, 2.0);
    channel.push(-7.0, 0.25);
    assert_round_trip(&vec![channel, WeightedMoments::default()]);
    let pictures = Array4::from_shape_fn((3, 2, 2, 3), |(n, y, x, c)| (n + y + x * c) as f32);
    for grouping in [Grouping::Whole, Grouping::Channel, Grouping::Pixel, Grouping::Sample] {
        assert_round_trip(&Statistics::<Moments>::new(grouping));
        assert_round_trip(
            &Statistics::<Moments>::of(pictures.view(), Layout::Nhwc, grouping).unwrap(),
        );
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
