//! Featurewise standardisation: the set before and after, and after augmentation.

use std::error::Error;
use std::path::Path;

use mizumashi::ImageDataGenerator;
use ndarray::{Axis, s};

use super::SAMPLES;
use super::levels::{self, Level, RGB};
use super::single::displayed;
use crate::source::Source;

/// Writes the histograms of the set: as it is, standardised, and standardised after the tutorial's
/// augmentation.
pub(super) fn draw(source: &Source, path: &Path) -> Result<String, Box<dyn Error>> {
    let images = source.train.images();
    let images = images.slice(s![..SAMPLES.min(images.dim().0), .., .., ..]);
    let mut generator = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .height_shift_range(0.2)
        .horizontal_flip(true)
        .build()?;
    generator.fit(&images)?;
    let raw = images.mapv(f32::from);
    let standardised = generator.standardize(&images)?;
    let augmented = generator.flow(&images, (), images.dim().0)?.shuffle(false).next_batch()?.x;
    let first = |batch: &ndarray::Array4<f32>| batch.index_axis(Axis(0), 4).to_owned();
    let level =
        |label, picture, values, axis| Level { label, picture, values, axis, channels: RGB };
    let words = levels::write(
        &[
            level("the set as it is", first(&raw), raw.view(), 0.0..=255.0),
            level(
                "standardised",
                displayed(&first(&standardised)),
                standardised.view(),
                -4.0..=4.0,
            ),
            level(
                "augmented and standardised",
                displayed(&first(&augmented)),
                augmented.view(),
                -4.0..=4.0,
            ),
        ],
        path,
    )?;
    Ok(format!(
        "{words}mean {:.2?}, std {:.2?}\n",
        generator.mean().unwrap_or_default(),
        generator.std().unwrap_or_default()
    ))
}
