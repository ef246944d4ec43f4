//! How many images a second this machine makes, on the images and in the run of the other checks.

use std::error::Error;
use std::time::Duration;

use mizumashi::{Batch, ImageDataGenerator};
use ndarray::{ArrayView4, s};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::check::Check;
use super::findings::{Bar, Exhibit, Findings};
use super::generator::{BATCH, tutorial};
use crate::bench::timing::{Schedule, Side, median, on, take_turns};
use crate::source::Source;

const IMAGES: usize = 5000;
const SCHEDULE: Schedule = Schedule { rounds: 3, repetition: Duration::from_millis(80) };

pub(super) fn findings(source: &Source) -> Result<Findings, Box<dyn Error>> {
    let images = source.train.images();
    let images = images.slice(s![..IMAGES.min(images.dim().0), .., .., ..]);
    let plain = ImageDataGenerator::builder().build()?;
    let mut standardising = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .build()?;
    standardising.fit(&images)?;
    let mut fitted = standardising.clone();
    let mut augmenting = tutorial()?;
    augmenting.fit(&images)?;

    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build();
    let (all, one) = (pool(rayon::current_num_threads())?, pool(1)?);
    let fit = on(&all, images.dim().0, || Ok(fitted.fit(&images)?));
    let times = take_turns(
        [
            fit,
            epochs(&all, &plain, &images)?,
            epochs(&all, &standardising, &images)?,
            epochs(&all, &augmenting, &images)?,
            epochs(&one, &augmenting, &images)?,
        ],
        SCHEDULE,
    )
    .map_err(|error| -> Box<dyn Error> { error })?;

    let names = [
        "fit: mean and deviation",
        "flow: images as they are",
        "flow: standardised",
        "flow: the tutorial's recipe",
        "the same on one thread",
    ];
    let bars: Vec<_> = names
        .into_iter()
        .zip(&times)
        .map(|(name, seconds)| Bar { name, images_per_second: median(seconds).recip() })
        .collect();
    let checks = bars.iter().map(|bar| {
        Check::information(
            format!("throughput, {}", bar.name),
            format!("{:.0} images/s", bar.images_per_second),
        )
    });
    let (count, height, width, _) = images.dim();
    let words = format!(
        "{count} images of {height}x{width} pixels as bytes, made into batches of {BATCH} of \
         32-bit floats in memory that is used again; on {} threads where none are named, median of \
         {} turns.",
        all.current_num_threads(),
        SCHEDULE.rounds
    );
    Ok(Findings {
        checks: checks.collect(),
        exhibits: vec![Exhibit { heading: "Images per second", words, bars, ..Exhibit::default() }],
    })
}

/// One epoch a run.
fn epochs<'a>(
    pool: &'a ThreadPool,
    generator: &'a ImageDataGenerator,
    images: &'a ArrayView4<'a, u8>,
) -> Result<Side<'a>, Box<dyn Error>> {
    let mut flow = generator.flow(images, (), BATCH)?;
    let mut batch = Batch::default();
    let steps = flow.steps_per_epoch();
    Ok(on(pool, images.dim().0, move || {
        for _ in 0..steps {
            flow.next_batch_into(&mut batch)?;
        }
        Ok(())
    }))
}
