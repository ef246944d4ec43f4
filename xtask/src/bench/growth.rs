//! How cost grows: images per second by size and batch, and the fit of a whitening by the number
//! of values and samples, with the memory of each.

use std::fmt;
use std::hint::black_box;
use std::time::Duration;

use comfy_table::{Table, presets};
use indicatif::ProgressBar;
use mizumashi::whitening::Whitener;
use ndarray::{Array2, Array4, s};
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::Serialize;

use super::case::Result;
use super::cases::{BATCH, tutorial};
use super::inputs::Inputs;
use super::report::rounded;
use super::timing::{Schedule, median, on, take_turns};
use crate::verify::MEMORY;

pub(crate) const NAME: &str = "growth";
pub(crate) const WORK: &str =
    "flow by side and by batch size, ZCA fit by values and samples, with memory (no peers)";

/// All curves.
#[derive(Debug, Serialize)]
pub(crate) struct Growth {
    /// The tutorial's flow in batches of 32, by the side of the images.
    pub(crate) flow_by_side: Vec<FlowPoint>,
    /// The tutorial's flow over 32x32 images, by the size of the batches.
    pub(crate) flow_by_batch: Vec<FlowPoint>,
    /// ZCA fits of u8 rows.
    pub(crate) zca_fit: Vec<FitPoint>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct FlowPoint {
    pub(crate) threads: usize,
    pub(crate) side: usize,
    pub(crate) batch: usize,
    pub(crate) images_per_second: f64,
    /// Peak memory beside the data set.
    pub(crate) megabytes: f64,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct FitPoint {
    pub(crate) threads: usize,
    /// Values of a sample.
    pub(crate) values: usize,
    pub(crate) samples: usize,
    pub(crate) seconds: f64,
    /// Peak memory beside the data set.
    pub(crate) megabytes: f64,
}

pub(crate) fn measure(
    inputs: &Inputs,
    threads: &[usize],
    progress: &ProgressBar,
) -> Result<Growth> {
    let pools: Vec<ThreadPool> = threads
        .iter()
        .map(|&threads| ThreadPoolBuilder::new().num_threads(threads).build())
        .collect::<std::result::Result<_, _>>()?;
    let say = |what: String| progress.set_message(format!("{NAME}: {what}"));
    let (mut flow_by_side, mut flow_by_batch, mut zca_fit) = (vec![], vec![], vec![]);
    for side in [32, 64, 128, 224, 512] {
        say(format!("flow, side {side}"));
        // As many pixels at each size: 50 MB.
        let count = (inputs.choose(50 << 20, 4 << 20) / (side * side * 3)).max(2 * BATCH);
        let images = inputs.mosaics(count, side);
        for pool in &pools {
            flow_by_side.push(flow(inputs, &images, BATCH, pool)?);
        }
    }
    for batch in [1, 4, 16, 64, 256, 1024] {
        say(format!("flow, batches of {batch}"));
        for pool in &pools {
            flow_by_batch.push(flow(inputs, &inputs.images, batch, pool)?);
        }
    }
    let fits = pools.last().ok_or("no number of threads was given")?;
    // The first product reserves what the library of products keeps, whatever it multiplies.
    fit(inputs, 8, 300, fits)?;
    for side in inputs.choose(&[8, 12, 16, 24, 32][..], &[8, 12]) {
        for samples in [100, 300, 1_000, 3_000, 10_000, 50_000] {
            if samples <= inputs.images.dim().0 {
                say(format!("ZCA fit, {samples} images of side {side}"));
                zca_fit.push(fit(inputs, *side, samples, fits)?);
            }
        }
    }
    Ok(Growth { flow_by_side, flow_by_batch, zca_fit })
}

fn schedule(inputs: &Inputs) -> Schedule {
    Schedule {
        rounds: inputs.choose(5, 1),
        repetition: Duration::from_millis(inputs.choose(200, 2)),
    }
}

/// The tutorial's recipe over these images, each batch in the memory of the one before.
fn flow(
    inputs: &Inputs,
    images: &Array4<u8>,
    batch_size: usize,
    pool: &ThreadPool,
) -> Result<FlowPoint> {
    let mut generator = tutorial()?;
    generator.fit(images)?;
    let before = begin();
    let mut flow = generator.flow(images, (), batch_size)?;
    let mut batch = pool.install(|| flow.next_batch())?;
    // Whole epochs where they are short, so that the last batch's size counts as it should.
    let steps = flow.steps_per_epoch().min(256);
    let mut served = 0;
    for _ in 0..steps {
        pool.install(|| flow.next_batch_into(&mut batch))?;
        served += batch.indices.len();
    }
    let megabytes = megabytes_since(before);
    let epoch = || {
        for _ in 0..steps {
            flow.next_batch_into(&mut batch)?;
        }
        black_box(&batch);
        Ok(())
    };
    let [seconds] = take_turns([on(pool, served, epoch)], schedule(inputs))?;
    Ok(FlowPoint {
        threads: pool.current_num_threads(),
        side: images.dim().1,
        batch: batch_size,
        images_per_second: 1.0 / median(&seconds),
        megabytes,
    })
}

/// A fit to the middle of the first images.
fn fit(inputs: &Inputs, side: usize, samples: usize, pool: &ThreadPool) -> Result<FitPoint> {
    let middle = (32 - side) / 2..(32 + side) / 2;
    let images = inputs.images.slice(s![..samples, middle.clone(), middle, ..]);
    let values = side * side * 3;
    let rows = Array2::from_shape_vec((samples, values), images.iter().copied().collect())?;
    let before = begin();
    pool.install(|| Whitener::zca().fit(rows.view()))?;
    let megabytes = megabytes_since(before);
    let run = || {
        black_box(Whitener::zca().fit(rows.view())?);
        Ok(())
    };
    let [seconds] = take_turns([on(pool, 1, run)], schedule(inputs))?;
    let threads = pool.current_num_threads();
    Ok(FitPoint { threads, values, samples, seconds: median(&seconds), megabytes })
}

/// Lets the peak of the memory in use begin anew at what is in use now.
fn begin() -> usize {
    MEMORY.reset_peak_usage();
    MEMORY.current_usage()
}

fn megabytes_since(before: usize) -> f64 {
    MEMORY.peak_usage().saturating_sub(before) as f64 / 1e6
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut flows = Table::new();
        flows.load_style(presets::NOTHING);
        flows.set_header(["flow: side", "batch", "threads", "images/s", "MB"]);
        for point in self.flow_by_side.iter().chain(&self.flow_by_batch) {
            flows.add_row([
                point.side.to_string(),
                point.batch.to_string(),
                point.threads.to_string(),
                rounded(point.images_per_second),
                rounded(point.megabytes),
            ]);
        }
        let mut fits = Table::new();
        fits.load_style(presets::NOTHING);
        fits.set_header(["ZCA fit: values", "samples", "threads", "s", "MB"]);
        for point in &self.zca_fit {
            fits.add_row([
                point.values.to_string(),
                point.samples.to_string(),
                point.threads.to_string(),
                rounded(point.seconds),
                rounded(point.megabytes),
            ]);
        }
        write!(f, "{flows}\n\n{fits}")
    }
}
