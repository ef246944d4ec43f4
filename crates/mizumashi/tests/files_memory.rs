//! Serving files holds no more memory however many have been served.

use std::alloc::System;

use mizumashi::ImageDataGenerator;
use mizumashi::data::files::{Resampling, SaveFormat, save_image};
use ndarray::Array3;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn nothing_is_kept_of_the_files_that_were_served() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("class")).unwrap();
    for index in 0..40 {
        let image = Array3::from_shape_fn((60, 80, 3), |(row, column, _)| (row * column) as f32);
        let path = root.path().join(format!("class/{index}.jpg"));
        save_image(path, image.view(), SaveFormat::Jpeg).unwrap();
    }
    let generator = ImageDataGenerator::builder().horizontal_flip(true).build().unwrap();
    let options = generator.flow_from_directory(root.path()).target_size(32, 32).batch_size(8);
    let mut flow = options.interpolation(Resampling::Bilinear).sparse().unwrap();
    // One thread, so that which buffers are idle does not depend on chance.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        let mut batch = flow.next_batch().unwrap();
        for _ in 0..5 {
            flow.next_batch_into(&mut batch).unwrap(); // everything is warm from here on
        }
        let region = Region::new(ALLOCATOR);
        for _ in 0..10 {
            flow.next_batch_into(&mut batch).unwrap();
        }
        let change = region.change();
        let held = change.bytes_allocated as isize - change.bytes_deallocated as isize
            + change.bytes_reallocated;
        assert!(held.abs() < 1024, "{held} bytes after 80 more files");
    });
}
