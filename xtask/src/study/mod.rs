//! `cargo xtask study`: what each technique of the tutorial is worth to a small network.

mod design;
mod input;
mod material;
mod network;
mod results;
mod training;
mod trial;

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use design::Design;
use material::Material;
use results::{Header, Results};
use training::Training;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What `cargo xtask study` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A folder with CIFAR-10 in its binary format; without it, a generated set is used.
    #[arg(long, value_name = "DIR", env = "MIZUMASHI_CIFAR10")]
    cifar: Option<PathBuf>,
    /// A few seconds' study instead of the full one, and no files.
    #[arg(long)]
    quick: bool,
    /// How many times each network is trained, with other weights, order and augmentation.
    #[arg(long, value_name = "N", default_value_t = 3)]
    seeds: u64,
    /// Begin no training after this time; the same command later goes on where this one stopped.
    #[arg(long, value_name = "N")]
    minutes: Option<f64>,
    /// The file of results, which are added to it one by one and not computed again.
    #[arg(long, value_name = "FILE", default_value = "target/study/results.jsonl")]
    results: PathBuf,
}

/// Trains what has no result yet; true when all is done.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let start = Instant::now();
    let design = if options.quick { Design::quick(options.seeds) } else { Design::full(options.seeds) };
    let material = Material::open(options.cifar.as_deref(), design.sizes)?;
    let header = Header { data: material.name.into(), sizes: design.sizes };
    let mut results = if options.quick {
        Results::new(header)
    } else {
        Results::open(&options.results, header)?
    };
    let progress = ProgressBar::new(design.length())
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}")?);
    progress.set_position(results.len() as u64);
    let minutes = options.minutes.map(|minutes| Duration::from_secs_f64(60.0 * minutes));
    let training = Training {
        design: &design,
        material: &material,
        deadline: minutes.map(|minutes| start + minutes),
        progress: &progress,
    };
    let finished = training.run(&mut results)?;
    progress.finish_and_clear();
    Ok(finished)
}
