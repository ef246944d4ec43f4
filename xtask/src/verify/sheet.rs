//! The contact sheet: what the tutorial's augmentation makes of a few pictures.

use std::error::Error;
use std::fs;
use std::path::Path;

use mizumashi::ImageDataGenerator;
use mizumashi::transform::SampleKey;
use ndarray::Axis;

use crate::pictures::{enlarged, grid};
use crate::source::Source;

const PICTURES: usize = 8;
const DRAWS: u64 = 9;
/// How often a pixel is repeated across and down, so that small pictures can be seen.
const ZOOM: u32 = 2;
/// Pixels between two pictures.
const GAP: u32 = 4;

/// Writes a row for each of the first pictures: as it is, and as drawn in nine epochs.
pub(super) fn write(source: &Source, path: &Path) -> Result<(), Box<dyn Error>> {
    let generator = ImageDataGenerator::builder()
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .height_shift_range(0.2)
        .horizontal_flip(true)
        .build()?;
    let recipe = generator.recipe()?;
    let mut rows = Vec::new();
    for (index, image) in source.train.images().axis_iter(Axis(0)).take(PICTURES).enumerate() {
        let mut row = vec![enlarged(image.mapv(f32::from).view(), ZOOM)];
        for epoch in 0..DRAWS {
            let key = SampleKey { seed: 0, epoch, index: index as u64 };
            let augmented = recipe.draw(key, image.dim())?.apply(image)?;
            row.push(enlarged(augmented.view(), ZOOM));
        }
        rows.push(row);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    grid(&rows, GAP).save(path)?;
    Ok(())
}
