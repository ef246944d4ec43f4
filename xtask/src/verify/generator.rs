//! The tutorial's configuration from the raw images to the batch.

use std::error::Error;
use std::time::Instant;

use mizumashi::transform::{Recipe, SampleKey};
use mizumashi::{Error as GeneratorError, ImageDataGenerator};
use ndarray::Axis;

use super::check::Check;
use super::findings::{Exhibit, Findings};
use crate::pictures::enlarged;
use crate::sheet::Row;
use crate::source::Source;

pub(super) const BATCH: usize = 32;
/// Pictures of the contact sheet, and how often each is augmented.
const PICTURES: usize = 8;
const DRAWS: u64 = 7;

/// Featurewise centre and deviation, rotation by 20 degrees, shifts by a fifth, mirrored.
pub(super) fn tutorial() -> Result<ImageDataGenerator, GeneratorError> {
    ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .height_shift_range(0.2)
        .horizontal_flip(true)
        .build()
}

pub(super) fn findings(source: &Source) -> Result<Findings, Box<dyn Error>> {
    let (x, y) = (source.train.images(), &source.one_hot);
    let mut generator = tutorial()?;
    let unfitted = matches!(generator.flow(x, y, BATCH), Err(GeneratorError::NotFitted { .. }));
    generator.fit(x)?;

    let flow = generator.flow(x, y, BATCH)?;
    let steps = flow.steps_per_epoch();
    let (mut samples, mut batches, mut finite) = (0, 0, true);
    let start = Instant::now();
    for batch in flow.take(steps) {
        let batch = batch?;
        samples += batch.x.dim().0;
        batches += 1;
        finite &= batch.x.iter().all(|value| value.is_finite());
    }
    let rate = samples as f64 / start.elapsed().as_secs_f64();

    let checks = vec![
        Check::equal("tutorial: flow before fit is an error", unfitted, true),
        Check::equal(
            "tutorial: (images, batches) of one epoch",
            (samples, batches),
            (source.train.len(), source.train.len().div_ceil(BATCH)),
        ),
        Check::equal("tutorial: all values finite", finite, true),
        recipe_survives_json(&generator, source)?,
        Check::information(
            "tutorial: speed, batches of 32, looked at once",
            format!("{rate:.0} images/s on {} threads", rayon::current_num_threads()),
        ),
    ];
    Ok(Findings { checks, exhibits: vec![contact_sheet(&generator, source)?] })
}

/// A row for each of the first pictures: as it is, and as it is served in seven epochs.
fn contact_sheet(
    generator: &ImageDataGenerator,
    source: &Source,
) -> Result<Exhibit, Box<dyn Error>> {
    let mut strips = Vec::new();
    for (index, image) in source.train.images().axis_iter(Axis(0)).take(PICTURES).enumerate() {
        let class = source.train.labels()[index];
        let mut pictures = vec![enlarged(image.mapv(f32::from).view(), 1)];
        for epoch in 0..DRAWS {
            let key = SampleKey { seed: 0, epoch, index: index as u64 };
            let augmented = generator.get_random_transform(image.dim(), key)?.apply(image)?;
            pictures.push(enlarged(augmented.view(), 1));
        }
        strips.push(Row {
            label: source.train.class_names()[class].clone(),
            remark: format!("as it is, and in {DRAWS} epochs"),
            pictures,
        });
    }
    Ok(Exhibit {
        heading: "The tutorial's augmentation",
        words: "Turned by up to 20 degrees, shifted by up to a fifth, mirrored by chance, in one \
                resampling; what comes from beyond the border repeats the nearest pixel."
            .into(),
        strips,
        ..Exhibit::default()
    })
}

fn recipe_survives_json(
    generator: &ImageDataGenerator,
    source: &Source,
) -> Result<Check, Box<dyn Error>> {
    let recipe = generator.recipe()?;
    let reloaded = Recipe::from_json(&recipe.to_json()?)?;
    let image = source.train.images().index_axis(Axis(0), 0);
    let key = SampleKey { seed: 3, epoch: 1, index: 0 };
    let pixels = |recipe: &Recipe| recipe.draw(key, image.dim())?.apply(image);
    Ok(Check::equal(
        "tutorial: the recipe stored as JSON gives the same bits",
        pixels(recipe)? == pixels(&reloaded)?,
        true,
    ))
}
