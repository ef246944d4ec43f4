//! The tutorial's generator on CIFAR-10: fitted, served for an epoch, and a batch to look at.
//!
//! ```sh
//! cargo run --release -p mizumashi --example cifar10                        # generated images
//! cargo run --release -p mizumashi --example cifar10 -- cifar-10-batches-bin
//! ```

use std::error::Error;
use std::time::Instant;

use mizumashi::ImageDataGenerator;
use mizumashi::data::files::{SaveFormat, save_image};
use mizumashi::data::{Synthetic, cifar, to_categorical};
use mizumashi::ndarray::{Array3, ArrayView4, s};

const BATCH: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let data = match std::env::args_os().nth(1) {
        Some(folder) => cifar::open_cifar10(folder)?,
        None => Synthetic { train: 5000, test: 0, ..Default::default() }.generate()?,
    };
    let (x_train, labels) = (data.train.images(), data.train.labels());
    let y_train = to_categorical(labels.view(), data.train.class_count())?;

    let mut datagen = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .height_shift_range(0.2)
        .horizontal_flip(true)
        .build()?;
    datagen.fit(x_train)?;
    if let Some(fitted) = datagen.fitted() {
        println!(
            "{} images: mean {:.3?}, std {:.3?}",
            data.train.len(),
            fitted.mean(),
            fitted.std()
        );
    }

    let flow = datagen.flow(x_train, &y_train, BATCH)?.seed(1); // endless, shuffled
    let steps = flow.steps_per_epoch();
    let (start, mut images, mut first) = (Instant::now(), 0, None);
    for batch in flow.take(steps) {
        let batch = batch?; // x: (32, 32, 32, 3) f32, y: (32, 10): what a model is trained on
        images += batch.x.dim().0;
        first.get_or_insert(batch);
    }
    let rate = images as f64 / start.elapsed().as_secs_f64();
    println!("one epoch: {images} images in {steps} batches, {rate:.0} images/s");

    let first = first.ok_or("an epoch without batches")?;
    let names: Vec<_> = first
        .indices
        .iter()
        .take(8)
        .map(|&index| data.train.class_names()[labels[index]].as_str())
        .collect();
    let path = std::env::temp_dir().join("mizumashi-cifar10.png");
    save_image(&path, sheet(first.x.view()).view(), SaveFormat::Png)?;
    println!("the first batch, above all {}: {}", names.join(", "), path.display());
    Ok(())
}

/// The images side by side, eight in a row.
fn sheet(images: ArrayView4<'_, f32>) -> Array3<f32> {
    let (count, height, width, channels) = images.dim();
    let mut sheet = Array3::zeros((count.div_ceil(8) * height, 8 * width, channels));
    for (number, image) in images.outer_iter().enumerate() {
        let (top, left) = (number / 8 * height, number % 8 * width);
        sheet.slice_mut(s![top..top + height, left..left + width, ..]).assign(&image);
    }
    sheet
}
