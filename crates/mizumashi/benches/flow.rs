//! Images per second of the tutorial's generator: `cargo bench -p mizumashi`.

#![allow(clippy::expect_used)] // a benchmark may end in a panic

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use mizumashi::ImageDataGenerator;
use ndarray::Array4;

fn main() {
    divan::main();
}

const BATCH: usize = 32;

/// Batches of 32x32 to 224x224 colour pictures, in reused memory.
#[divan::bench(args = [32, 64, 128, 224], threads = false)]
fn tutorial(bencher: Bencher<'_, '_>, side: usize) {
    let x = pictures(side);
    let generator = generator(&x);
    let mut flow = generator.flow(&x, (), BATCH).expect("a fitted generator");
    let mut batch = flow.next_batch().expect("a batch");
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        flow.next_batch_into(&mut batch).expect("a batch");
        black_box(&batch);
    });
}

/// The same, made ahead on a background thread.
#[divan::bench(args = [32, 64, 128, 224], threads = false)]
fn tutorial_prefetched(bencher: Bencher<'_, '_>, side: usize) {
    const BATCHES: usize = 32;
    let x = pictures(side);
    let generator = generator(&x);
    generator.flow(&x, (), BATCH).expect("a fitted generator").prefetch(8, |batches| {
        bencher.counter(ItemsCount::new(BATCH * BATCHES)).bench_local(|| {
            for _ in 0..BATCHES {
                let batch = batches.next_batch().expect("a batch");
                batches.recycle(black_box(batch));
            }
        });
    });
}

fn pictures(side: usize) -> Array4<u8> {
    let samples = BATCH * (224 * 224 / (side * side)).min(64);
    Array4::from_shape_fn((samples, side, side, 3), |(n, h, w, c)| {
        (n * 31 + h * 7 + w * 3 + c * 80) as u8
    })
}

fn generator(x: &Array4<u8>) -> ImageDataGenerator {
    let mut generator = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .height_shift_range(0.2)
        .horizontal_flip(true)
        .build()
        .expect("arguments in range");
    generator.fit(x).expect("a set with images");
    generator
}
