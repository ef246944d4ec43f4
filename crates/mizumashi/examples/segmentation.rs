//! One drawn transform for a picture and its mask: no second generator with the same seed.
//!
//! The picture is interpolated and its border repeated; the mask takes the nearest pixel, so that no
//! label is invented, and what comes from outside is marked as unknown.
//!
//! ```sh
//! cargo run --release -p mizumashi --example segmentation               # a generated picture
//! cargo run --release -p mizumashi --example segmentation -- photo.jpg  # the bright half is marked
//! ```

use std::error::Error;

use mizumashi::ImageDataGenerator;
use mizumashi::data::files::{ImageLoader, SaveFormat, save_image};
use mizumashi::data::{Part, Synthetic};
use mizumashi::ndarray::{Array3, Axis, concatenate};
use mizumashi::transform::SampleKey;

/// Labels of the mask.
const BACKGROUND: u8 = 0;
const THING: u8 = 1;
const UNKNOWN: u8 = 255;

fn main() -> Result<(), Box<dyn Error>> {
    let image = match std::env::args_os().nth(1) {
        Some(path) => ImageLoader::new().target_size(192, 256).load(path)?,
        None => {
            let set = Synthetic { height: 192, width: 192, ..Default::default() };
            set.samples(Part::Train, 0..1)?.images().index_axis(Axis(0), 0).to_owned()
        }
    };
    let mask = mask(&image);

    let datagen = ImageDataGenerator::builder()
        .rotation_range(30.0)
        .zoom_range((0.7, 1.3))
        .width_shift_range(0.2)
        .horizontal_flip(true)
        .build()?;
    let mut rows = Vec::new();
    for epoch in 0..4 {
        let key = SampleKey { seed: 7, epoch, index: 0 };
        let plan = datagen.get_random_transform(image.dim(), key)?;
        let picture = plan.apply(image.view())?;
        let labels = plan.apply_mask(mask.view(), UNKNOWN)?;
        assert!(labels.iter().all(|label| [BACKGROUND, THING, UNKNOWN].contains(label)));

        let share = |wanted| {
            let count = labels.iter().filter(|&&label| label == wanted).count();
            100.0 * count as f64 / labels.len() as f64
        };
        let (thing, unknown) = (share(THING), share(UNKNOWN));
        println!("epoch {epoch}: {thing:.1} % thing, {unknown:.1} % from beyond the border");
        let seen = labels.mapv(|label| match label {
            BACKGROUND => 0.0,
            THING => 255.0,
            _ => 128.0,
        });
        let seen = seen.broadcast(picture.dim()).ok_or("a mask of another size")?.to_owned();
        rows.push(concatenate(Axis(0), &[picture.view(), seen.view()])?);
    }
    let rows: Vec<_> = rows.iter().map(|row| row.view()).collect();
    let path = std::env::temp_dir().join("mizumashi-segmentation.png");
    save_image(&path, concatenate(Axis(1), &rows)?.view(), SaveFormat::Png)?;
    println!("pictures above their masks: {}", path.display());
    Ok(())
}

/// (height, width, 1): what is brighter than the mean. A real data set brings its masks.
fn mask(image: &Array3<u8>) -> Array3<u8> {
    let grey = image.mapv(f32::from).mean_axis(Axis(2)).unwrap_or_default();
    let mean = grey.mean().unwrap_or_default();
    grey.mapv(|level| if level > mean { THING } else { BACKGROUND }).insert_axis(Axis(2))
}
