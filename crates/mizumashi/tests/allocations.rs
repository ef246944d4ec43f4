//! A batch takes the same number of allocations however many samples are in it.

use std::alloc::System;

use mizumashi::ImageDataGenerator;
use ndarray::Array4;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn no_allocation_is_made_per_sample() {
    let x = Array4::from_shape_fn((512, 16, 16, 3), |(n, h, w, c)| (n * 7 + h * w + c) as u8);
    let mut generator = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .samplewise_center(true)
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .horizontal_flip(true)
        .build()
        .unwrap();
    generator.fit(&x).unwrap();
    // One thread, so that which worker is idle does not depend on chance.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let per_batch = |batch_size: usize| {
        pool.install(|| {
            let mut flow = generator.flow(&x, (), batch_size).unwrap();
            let mut batch = flow.next_batch().unwrap();
            flow.next_batch_into(&mut batch).unwrap(); // everything is warm from here on
            let region = Region::new(ALLOCATOR);
            flow.next_batch_into(&mut batch).unwrap();
            region.change().allocations
        })
    };
    let (small, large) = (per_batch(8), per_batch(128));
    assert_eq!(small, large, "allocations of a batch of 8 and of a batch of 128");
    assert!(small <= 4, "{small} allocations for a batch");
}
