//! What a flow serves, and in which order.

use mizumashi::data::Synthetic;
use mizumashi::data::files::Subset;
use mizumashi::stats::Layout;
use mizumashi::transform::transforms::RandomAffine;
use mizumashi::transform::{ImageShape, Recipe, SampleKey};
use mizumashi::{Error, Flow, ImageDataGenerator, OneHot, Source};
use ndarray::{Array1, Array2, Array3, Array4, ArrayView3, Axis, s};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn images(samples: usize) -> Array4<u8> {
    Array4::from_shape_fn((samples, 6, 5, 3), |(n, h, w, c)| {
        (n * 37 + h * 11 + w * 5 + c * 71) as u8
    })
}

fn augmenting() -> ImageDataGenerator {
    ImageDataGenerator::builder()
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .zoom_range((0.8, 1.2))
        .horizontal_flip(true)
        .build()
        .unwrap()
}

/// The augmented images of one epoch, in the order of the data set.
fn epoch(x: &Array4<u8>, batch_size: usize, seed: u64, epoch: u64) -> Vec<Array3<f32>> {
    let generator = augmenting();
    let flow = generator.flow(x, (), batch_size).unwrap().seed(seed).resume_at(epoch, 0).unwrap();
    let steps = flow.steps_per_epoch();
    let mut served = vec![Array3::default((0, 0, 0)); x.dim().0];
    for batch in flow.take(steps) {
        let batch = batch.unwrap();
        assert_eq!(batch.epoch, epoch);
        for (image, &index) in batch.x.axis_iter(Axis(0)).zip(&batch.indices) {
            assert!(served[index].is_empty(), "sample {index} was served twice");
            served[index] = image.to_owned();
        }
    }
    served
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_batch_size_does_not_show(samples in 1usize..40, size in 1usize..50, seed: u64) {
        let x = images(samples);
        prop_assert_eq!(epoch(&x, size, seed, 0), epoch(&x, samples, seed, 0));
    }

    #[test]
    fn resuming_continues_the_sequence(
        samples in 1usize..20,
        size in 1usize..8,
        before in 0usize..12,
        seed: u64,
    ) {
        let (x, generator) = (images(samples), augmenting());
        let labels = Array1::from_iter(0..samples);
        let mut whole = generator.flow(&x, &labels, size).unwrap().seed(seed);
        whole.by_ref().take(before).for_each(|batch| drop(batch.unwrap()));
        let mut resumed = generator
            .flow(&x, &labels, size)
            .unwrap()
            .seed(seed)
            .resume_at(whole.epoch(), whole.position())
            .unwrap();
        for _ in 0..5 {
            prop_assert_eq!(whole.next_batch().unwrap(), resumed.next_batch().unwrap());
        }
    }

    #[test]
    fn every_way_of_serving_has_each_sample_of_the_part_once_an_epoch_as_itself(
        masks in vec(any::<u8>(), 5..30),
        (size, world, threads) in (1usize..12, 1usize..5, 1usize..6),
        way in 0usize..6,
        part in prop::option::of((select(vec![Subset::Training, Subset::Validation]), 0.2..0.8)),
        (seed, shuffle) in any::<(u64, bool)>(),
    ) {
        let samples = masks.len();
        let (x, generator) = (images(samples), augmenting());
        let classes = Array1::from_iter(0..samples);
        let labels = |&mask: &u8| (0..8).filter(|bit| mask >> bit & 1 == 1).collect();
        let one_hot = OneHot::new(masks.iter().map(labels).collect(), 8).unwrap();
        let weights = Array2::from_shape_fn((samples, 2), |(n, k)| (n * 2 + k) as f32);
        let own = match part {
            None => 0..samples,
            Some((Subset::Training, split)) => (split * samples as f64) as usize..samples,
            Some((Subset::Validation, split)) => 0..(split * samples as f64) as usize,
        };
        let whole = [0, 1].map(|number| epoch(&x, samples, seed, number));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut seen = vec![[0; 2]; samples];
        for rank in 0..world.min(own.len()) {
            let flow = || {
                let flow = generator.flow(&x, (&classes, &one_hot), size).unwrap();
                let mut flow = flow.seed(seed).shuffle(shuffle);
                if let Some((subset, split)) = part {
                    flow = flow.subset(subset, split).unwrap();
                }
                flow.shard(rank, world).unwrap().with_weights(&weights).unwrap()
            };
            let (mut flow, plain) = (flow(), flow());
            let steps = 2 * flow.steps_per_epoch();
            let served: Vec<_> = pool.install(|| match way {
                0 => flow.take(steps).map(Result::unwrap).collect(),
                1 => {
                    let mut batch = flow.next_batch().unwrap();
                    let mut served = vec![batch.clone()];
                    for _ in 1..steps {
                        flow.next_batch_into(&mut batch).unwrap();
                        served.push(batch.clone());
                    }
                    served
                }
                _ => flow.prefetch(way - 2, |batches| {
                    let mut served = Vec::new();
                    for _ in 0..steps {
                        let batch = batches.next_batch().unwrap();
                        served.push(batch.clone());
                        batches.recycle(batch);
                    }
                    served
                }),
            });
            for (batch, plain) in served.iter().zip(plain) {
                prop_assert_eq!(batch, &plain.unwrap());
                let ((classes, hot), weighted) = &batch.y;
                for (slot, &index) in batch.indices.iter().enumerate() {
                    prop_assert_eq!(classes[slot], index);
                    let row = Array1::from_shape_fn(8, |bit| f32::from(masks[index] >> bit & 1));
                    prop_assert_eq!(hot.row(slot), row);
                    prop_assert_eq!(weighted.row(slot), weights.row(index));
                    let expected = whole[batch.epoch as usize][index].view();
                    prop_assert_eq!(batch.x.index_axis(Axis(0), slot), expected);
                    seen[index][batch.epoch as usize] += 1;
                }
            }
        }
        for (index, seen) in seen.into_iter().enumerate() {
            prop_assert_eq!(seen, [usize::from(own.contains(&index)); 2]);
        }
    }
}

#[test]
fn epochs_and_seeds_differ() {
    let x = images(10);
    assert_ne!(epoch(&x, 10, 1, 0), epoch(&x, 10, 1, 1));
    assert_ne!(epoch(&x, 10, 1, 0), epoch(&x, 10, 2, 0));
}

#[test]
fn the_last_batch_of_an_epoch_is_short_and_the_next_begins_a_new_one() {
    let (x, generator) = (images(10), augmenting());
    let mut flow = generator.flow(&x, (), 4).unwrap();
    assert_eq!((flow.samples(), flow.steps_per_epoch()), (10, 3));
    let seen: Vec<_> = flow
        .by_ref()
        .take(5)
        .map(|batch| batch.map(|batch| (batch.epoch, batch.x.dim().0)).unwrap())
        .collect();
    assert_eq!(seen, [(0, 4), (0, 4), (0, 2), (1, 4), (1, 4)]);
    assert_eq!((flow.epoch(), flow.position()), (1, 8));
}

#[test]
fn without_shuffling_samples_come_in_their_own_order() {
    let (x, generator) = (images(7), ImageDataGenerator::builder().build().unwrap());
    let flow = generator.flow(&x, (), 3).unwrap().shuffle(false);
    let order: Vec<usize> = flow.take(3).flat_map(|batch| batch.unwrap().indices).collect();
    assert_eq!(order, [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn channels_first_gives_the_same_pixels_as_channels_last() {
    let last = images(8);
    let first = last.view().permuted_axes([0, 3, 1, 2]).as_standard_layout().into_owned();
    let build = |layout| {
        let builder = ImageDataGenerator::builder().data_format(layout).rotation_range(30.0);
        let builder = builder.featurewise_center(true).samplewise_std_normalization(true);
        builder.build().unwrap()
    };
    let (mut nhwc, mut nchw) = (build(Layout::Nhwc), build(Layout::Nchw));
    nhwc.fit(&last).unwrap();
    nchw.fit(&first).unwrap();
    let a = nhwc.flow(&last, (), 8).unwrap().next_batch().unwrap().x;
    let b = nchw.flow(&first, (), 8).unwrap().next_batch().unwrap().x;
    assert_eq!(b.dim(), (8, 3, 6, 5));
    let difference = &a - &b.permuted_axes([0, 2, 3, 1]);
    assert!(difference.iter().all(|difference| difference.abs() < 1e-5));
}

#[test]
fn slices_of_a_set_are_served_without_a_copy() {
    let x = images(10);
    let tail = x.slice(s![6.., .., .., ..]);
    let generator = ImageDataGenerator::builder().build().unwrap();
    let batch = generator.flow(&tail, (), 4).unwrap().shuffle(false).next_batch().unwrap();
    assert_eq!(batch.x, tail.mapv(f32::from));
}

#[test]
fn own_transforms_run_where_they_were_put() {
    let x = images(6);
    let flips = RandomAffine::flip(true, false);
    let generator = ImageDataGenerator::builder().augment(flips).rescale(0.5).build().unwrap();
    let batch = generator.flow(&x, (), 6).unwrap().next_batch().unwrap();
    let mut flipped = 0;
    for (image, &index) in batch.x.axis_iter(Axis(0)).zip(&batch.indices) {
        let original = x.index_axis(Axis(0), index).mapv(|value| f32::from(value) * 0.5);
        let mirrored = original.slice(s![.., ..;-1, ..]);
        assert!(image == original || image == mirrored);
        flipped += usize::from(image != original);
    }
    assert!(flipped > 0 && flipped < 6);
}

#[test]
fn batches_made_ahead_can_be_used_on_a_worker_of_the_pool() {
    let (x, generator) = (images(10), augmenting());
    let consume = || {
        let flow = generator.flow(&x, (), 4).unwrap();
        flow.prefetch(1, |batches| batches.take(6).map(|batch| batch.unwrap().x.dim().0).sum())
    };
    // More consumers than workers: each must lend a hand while it waits.
    let served: Vec<usize> = rayon::scope(|_| {
        use rayon::prelude::*;
        (0..8).into_par_iter().map(|_| consume()).collect()
    });
    assert_eq!(served, [20; 8]);
}

#[test]
fn every_batch_says_where_to_resume() {
    let (x, generator) = (images(10), augmenting());
    let flow = || generator.flow(&x, (), 4).unwrap().seed(1);
    let batches: Vec<_> = flow().take(7).map(Result::unwrap).collect();
    assert_eq!(
        batches.iter().map(|batch| batch.position).collect::<Vec<_>>(),
        [4, 8, 10, 4, 8, 10, 4]
    );
    for pair in batches.windows(2) {
        let mut resumed = flow().resume_at(pair[0].epoch, pair[0].position).unwrap();
        assert_eq!(resumed.next_batch().unwrap(), pair[1]);
    }
}

#[test]
fn a_stored_recipe_flows_again() {
    let x = images(6);
    let mut generator = ImageDataGenerator::builder()
        .featurewise_center(true)
        .rotation_range(20.0)
        .build()
        .unwrap();
    generator.fit(&x).unwrap();
    let json = generator.recipe().unwrap().to_json().unwrap();
    let recipe = Recipe::from_json(&json).unwrap();
    let mut stored = Flow::from_recipe(&recipe, Layout::Nhwc, &x, (), 4).unwrap();
    let mut original = generator.flow(&x, (), 4).unwrap();
    assert_eq!(stored.next_batch().unwrap(), original.next_batch().unwrap());
}

#[test]
fn huge_batch_sizes_are_whole_epochs() {
    let (x, generator) = (images(5), augmenting());
    let flow = generator.flow(&x, (), usize::MAX).unwrap().resume_at(u64::MAX, 2).unwrap();
    let sizes: Vec<usize> = flow.take(3).map(|batch| batch.unwrap().indices.len()).collect();
    assert_eq!(sizes, [3, 5, 5]);
}

#[test]
fn bad_input_is_named() {
    let (x, generator) = (images(5), augmenting());
    let labels = Array1::from_iter(0..4);
    let error = generator.flow(&x, &labels, 2).unwrap_err();
    assert!(matches!(error, Error::LabelCount { images: 5, labels: 4 }), "{error}");
    let right = Array1::from_iter(0..5);
    let error = generator.flow(&x, (&right, &labels), 2).unwrap_err();
    assert!(matches!(error, Error::LabelCount { images: 5, labels: 4 }), "{error}");
    assert!(matches!(generator.flow(&x, (), 0).unwrap_err(), Error::BatchSize));
    let error = generator.flow(&x, (), 2).unwrap().resume_at(0, 6).unwrap_err();
    assert!(matches!(error, Error::Position { position: 6, images: 5 }), "{error}");
    let error = generator.flow(&Array4::<u8>::zeros((0, 4, 4, 3)), (), 2).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }), "{error}");

    let scalar = ndarray::arr0(5).into_dyn();
    let error = generator.flow(&x, &scalar, 2).unwrap_err();
    assert!(matches!(error, Error::LabelCount { images: 5, labels: 0 }), "{error}");

    let mut bad = x.mapv(f32::from);
    bad[[3, 1, 2, 0]] = f32::NAN;
    let error = generator.flow(&bad, (), 2).unwrap_err();
    assert!(
        matches!(error, Error::NotFinite { sample: 3, row: 1, column: 2, channel: 0, .. }),
        "{error}"
    );
}

#[test]
fn the_generated_set_flows_as_the_tutorial_has_it() {
    let cifar = Synthetic { train: 40, test: 1, ..Default::default() }.generate().unwrap();
    let generator = augmenting();
    let flow = generator.flow(cifar.train.images(), cifar.train.labels(), 32).unwrap();
    let sizes: Vec<usize> = flow.take(2).map(|batch| batch.unwrap().y.len()).collect();
    assert_eq!(sizes, [32, 8]);
}

#[test]
fn a_split_that_leaves_nothing_is_refused() {
    let x = images(3);
    let generator = augmenting();
    let flow = || generator.flow(&x, (), 2).unwrap();
    let error = flow().subset(Subset::Validation, 0.2).unwrap_err();
    assert!(matches!(error, Error::Argument { argument: "validation_split", .. }), "{error}");
    for fraction in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(matches!(flow().subset(Subset::Training, fraction), Err(Error::Data(_))));
    }
}

#[test]
fn a_random_transform_is_what_the_flow_serves() {
    let x = images(4);
    for layout in [Layout::Nhwc, Layout::Nchw] {
        let generator = ImageDataGenerator::builder()
            .rotation_range(20.0)
            .channel_shift_range(30.0)
            .brightness_range(0.5, 1.5)
            .data_format(layout)
            .build()
            .unwrap();
        let x = match layout {
            Layout::Nhwc => x.clone(),
            Layout::Nchw => x.clone().permuted_axes([0, 3, 1, 2]),
        };
        let batch = generator.flow(&x, (), 4).unwrap().shuffle(false).seed(9).next_batch().unwrap();
        for (index, image) in x.axis_iter(Axis(0)).enumerate() {
            let key = SampleKey { seed: 9, epoch: 0, index: index as u64 };
            let alone = generator.random_transform(&image, key).unwrap();
            assert_eq!(alone, batch.x.index_axis(Axis(0), index));
        }
    }
}

/// Pictures that are computed, some of which cannot be read.
struct Broken(Vec<usize>);

impl Source for Broken {
    type Pixel = u8;

    fn samples(&self) -> usize {
        64
    }

    fn image_shape(&self) -> ImageShape {
        ImageShape { height: 8, width: 8, channels: 1 }
    }

    fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, u8>) -> T,
    ) -> Result<T, Error> {
        if self.0.contains(&index) {
            return Err(Error::Position { position: index, images: 0 });
        }
        Ok(work(Array3::zeros((8, 8, 1)).view()))
    }
}

#[test]
fn of_several_failures_the_first_in_the_batch_is_reported() {
    let generator = augmenting();
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for broken in [vec![0, 63], vec![13, 14, 40], vec![33, 31], vec![63]] {
            let first = *broken.iter().min().unwrap();
            for _ in 0..50 {
                let flow = generator.flow_source(Broken(broken.clone()), (), 64).unwrap();
                let mut flow = flow.shuffle(false);
                let error = pool.install(|| flow.next_batch().unwrap_err());
                let Error::Position { position, .. } = error else { panic!("{error}") };
                assert_eq!(position, first, "{threads} threads, {broken:?}");
            }
        }
    }
}
