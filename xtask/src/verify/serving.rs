//! What is served: every sample once, with its own label, and the same bits however it is cut.

use std::error::Error;

use mizumashi::ImageDataGenerator;
use ndarray::{Array3, Axis};
use rayon::ThreadPoolBuilder;

use super::check::Check;
use super::findings::Findings;
use super::generator::tutorial;
use crate::source::Source;

pub(super) fn findings(source: &Source) -> Result<Findings, Box<dyn Error>> {
    let mut checks = once_with_own_label(source)?;
    checks.push(same_bits(source)?);
    Ok(checks.into())
}

fn once_with_own_label(source: &Source) -> Result<Vec<Check>, Box<dyn Error>> {
    let (x, labels) = (source.train.images(), source.train.labels());
    let generator = ImageDataGenerator::builder().build()?;
    let flow = generator.flow(x, labels, 32)?.seed(11);
    let steps = flow.steps_per_epoch();
    let mut served = vec![0u32; source.train.len()];
    let mut own = 0;
    for batch in flow.take(steps) {
        let batch = batch?;
        for ((pixels, label), &index) in
            batch.x.axis_iter(Axis(0)).zip(&batch.y).zip(&batch.indices)
        {
            served[index] += 1;
            let original = x.index_axis(Axis(0), index);
            let same = pixels.iter().zip(original).all(|(&a, &b)| a == f32::from(b));
            own += usize::from(same && *label == labels[index]);
        }
    }
    let all = source.train.len();
    let once = served.iter().filter(|&&times| times == 1).count();
    Ok(vec![
        Check::equal("serving: samples served exactly once in an epoch", once, all),
        Check::equal("serving: samples with their own pixels and label", own, all),
    ])
}

/// Fits and serves part of the set under other numbers of threads and batch sizes, and compares
/// every augmented, standardised sample bit for bit.
fn same_bits(source: &Source) -> Result<Check, Box<dyn Error>> {
    let samples = source.train.len().min(1000);
    let x = source.train.images().slice_axis(Axis(0), (..samples).into());
    let serve = |threads: usize, batch_size: usize| -> Result<Vec<Array3<f32>>, String> {
        let pool =
            ThreadPoolBuilder::new().num_threads(threads).build().map_err(|e| e.to_string())?;
        pool.install(|| {
            let mut generator = tutorial()?;
            generator.fit(&x)?;
            let flow = generator.flow(&x, (), batch_size)?.seed(5);
            let steps = flow.steps_per_epoch();
            let mut images = vec![Array3::default((0, 0, 0)); samples];
            for batch in flow.take(steps) {
                let batch = batch?;
                for (image, &index) in batch.x.axis_iter(Axis(0)).zip(&batch.indices) {
                    images[index] = image.to_owned();
                }
            }
            Ok(images)
        })
        .map_err(|e: mizumashi::Error| e.to_string())
    };
    let reference = serve(1, 32)?;
    let mut differing = Vec::new();
    for (threads, batch_size) in [(2, 32), (1, 1), (2, 7), (7, 100), (2, samples)] {
        if serve(threads, batch_size)? != reference {
            differing.push((threads, batch_size));
        }
    }
    Ok(Check::equal(
        "serving: (threads, batch size) with other bits than (1, 32)",
        differing,
        Vec::new(),
    ))
}
