//! ZCA whitening of pictures: fitted, diagnosed on pictures it has not seen, and served in a flow.
//!
//! ```sh
//! cargo run --release -p mizumashi --example whitening                        # generated images
//! cargo run --release -p mizumashi --example whitening -- cifar-10-batches-bin
//! ```

use std::error::Error;

use mizumashi::ImageDataGenerator;
use mizumashi::data::files::{SaveFormat, save_image};
use mizumashi::data::{Synthetic, cifar};
use mizumashi::ndarray::{Axis, concatenate, s};
use mizumashi::stats::Layout;
use mizumashi::whitening::{Regularisation, Scope, Whitener};

/// Added to the variance along each direction, in squared levels of 0 to 255.
const EPSILON: f64 = 100.0;

fn main() -> Result<(), Box<dyn Error>> {
    let data = match std::env::args_os().nth(1) {
        Some(folder) => cifar::open_cifar10(folder)?,
        None => Synthetic { train: 2000, test: 500, ..Default::default() }.generate()?,
    };
    let images = data.train.images();
    let images = images.slice(s![..images.dim().0.min(5000), .., .., ..]);

    // By itself: fit, ask what it is worth, apply, invert.
    let whitener = Whitener::zca().regularisation(Regularisation::Eigenvalue(EPSILON));
    let whitening = whitener.fit_images(images, Layout::Nhwc, Scope::Pixels)?;
    let matrix = whitening.whitening();
    println!(
        "{} images of {} values: rank {}, {:.1} MB",
        images.dim().0,
        matrix.features(),
        matrix.rank(),
        matrix.bytes() as f64 / 1e6
    );
    println!("{}", whitening.diagnosis_on(data.test.images().view(), Layout::Nhwc)?);

    let first = images.slice(s![..8, .., .., ..]);
    let white = whitening.apply(first, Layout::Nhwc)?;
    let back = whitening.inverse(white.view(), Layout::Nhwc)?;
    let lost = back
        .iter()
        .zip(first)
        .fold(0.0_f32, |worst, (&back, &level)| worst.max((back - f32::from(level)).abs()));
    println!("and back: wrong by {lost:.3} levels of 255 at most");

    let seen =
        concatenate(Axis(1), &[first.mapv(f32::from).view(), (white * 40.0 + 128.0).view()])?;
    let seen: Vec<_> = seen.outer_iter().collect();
    let path = std::env::temp_dir().join("mizumashi-whitening.png");
    let sheet = concatenate(Axis(1), &seen)?.mapv(|value| value.clamp(0.0, 255.0));
    save_image(&path, sheet.view(), SaveFormat::Png)?;
    println!("pictures above what whitening makes of them: {}", path.display());

    // In a generator, after augmentation: Keras' arguments.
    let mut datagen = ImageDataGenerator::builder()
        .zca_whitening(true)
        .zca_epsilon(1e-2)
        .horizontal_flip(true)
        .build()?;
    datagen.fit(&images.slice(s![..1000, .., .., ..]))?;
    let batch = datagen.flow(&images, (), 32)?.next_batch()?;
    println!("a batch {:?} of mean {:.4}", batch.x.dim(), batch.x.mean().unwrap_or(f32::NAN));
    Ok(())
}
