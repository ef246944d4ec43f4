//! Workers that share a data set.

use mizumashi::data::files::Subset;
use mizumashi::{Error, ImageDataGenerator};
use ndarray::Array4;
use proptest::prelude::*;

fn images(samples: usize) -> Array4<u8> {
    Array4::from_shape_fn((samples, 4, 4, 1), |(n, row, column, _)| {
        (n * 40 + row * 13 + column) as u8
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn together_the_shares_are_each_epoch_of_the_whole(
        samples in 5usize..40,
        world in 1usize..6,
        size in 1usize..9,
        epochs in 1u64..3,
        (seed, shuffle) in any::<(u64, bool)>(),
    ) {
        let (x, generator) =
            (images(samples), ImageDataGenerator::builder().rotation_range(20.0).build().unwrap());
        let served = |rank, world| {
            let flow = generator.flow(&x, (), size).unwrap().seed(seed).shuffle(shuffle);
            let mut flow = flow.shard(rank, world).unwrap();
            let mut served = Vec::new();
            while flow.epoch() < epochs {
                let batch = flow.next_batch().unwrap();
                let images = batch.x.outer_iter().map(|image| image.to_owned());
                served.extend(batch.indices.iter().map(|&index| (batch.epoch, index)).zip(images));
            }
            served
        };
        let whole = served(0, 1);
        let epoch = |served: &[_], epoch| {
            let of = |((found, _), _): &&((u64, usize), _)| *found == epoch;
            served.iter().filter(of).cloned().collect::<Vec<((u64, usize), ndarray::Array3<f32>)>>()
        };
        let shares: Vec<_> = (0..world).map(|rank| served(rank, world)).collect();
        for number in 0..epochs {
            let expected = epoch(&whole, number);
            prop_assert_eq!(expected.len(), samples);
            let mut shares: Vec<_> =
                shares.iter().map(|share| epoch(share, number).into_iter()).collect();
            // Dealt like cards: one to each worker in turn.
            let dealt: Vec<_> =
                (0..samples).map(|place| shares[place % world].next().unwrap()).collect();
            prop_assert!(dealt == expected);
            prop_assert!(shares.iter_mut().all(|share| share.next().is_none()));
        }
    }
}

#[test]
fn a_share_without_samples_is_refused() {
    let x = images(3);
    let generator = ImageDataGenerator::builder().build().unwrap();
    for (rank, world) in [(0, 0), (2, 2), (3, 9), (usize::MAX, usize::MAX)] {
        let refused = generator.flow(&x, (), 1).unwrap().shard(rank, world);
        assert!(matches!(refused, Err(Error::Argument { argument: "rank", .. })), "{refused:?}");
    }
    let flow = generator.flow(&x, (), 1).unwrap().shard(2, 3).unwrap();
    let refused = flow.subset(Subset::Training, 0.9);
    assert!(matches!(refused, Err(Error::Argument { .. })), "{refused:?}");
}
