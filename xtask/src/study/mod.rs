//! `cargo xtask study`: what each technique of the tutorial is worth to a small network.
//!
//! A [`Design`] says which [`trial`]s there are; [`Training`] runs those that [`Results`] has no
//! outcome of; [`page`] and [`pictures`] make `docs/study.md` of the outcomes.

mod design;
mod input;
mod material;
mod network;
mod page;
mod pictures;
mod quick;
mod results;
mod summary;
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

pub(crate) use quick::{Ordering, orderings};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What `cargo xtask study` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A folder with CIFAR-10 in its binary format; without it, a generated set is used.
    #[arg(long, value_name = "DIR", env = "MIZUMASHI_CIFAR10")]
    cifar: Option<PathBuf>,
    /// The study of a few seconds that `cargo xtask verify` runs, and no files.
    #[arg(long, conflicts_with_all = ["minutes", "results", "docs"])]
    quick: bool,
    /// How many times each network is trained, with other weights, order and augmentation.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Begin no training after this time; the same command goes on later where this one stopped.
    #[arg(long, value_name = "N")]
    minutes: Option<u32>,
    /// The file of results: they are added one by one, and what is there is not trained again.
    #[arg(long, value_name = "FILE", default_value = "target/study/results.jsonl")]
    results: PathBuf,
    /// Write the tables into DIR/study.md and draw the pictures into DIR/study.
    #[arg(long, value_name = "DIR")]
    docs: Option<PathBuf>,
}

/// Trains what has no result yet, and prints the tables when all is done.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let start = Instant::now();
    let design = match options.quick {
        true => Design::quick(options.seeds),
        false => Design::full(options.seeds),
    };
    let material = Material::open(options.cifar.as_deref(), design.sizes)?;
    let header = Header { data: material.name.into(), sizes: design.sizes };
    println!("data: {}, {:?}", header.data, header.sizes);
    let mut results = match options.quick {
        true => Results::new(),
        false => Results::open(&options.results, &header)?,
    };
    let trainings = design.length();
    let progress = ProgressBar::new(trainings)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}")?);
    progress.set_position(results.len() as u64);
    let minutes = options.minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes)));
    let training = Training {
        design: &design,
        material: &material,
        deadline: minutes.map(|minutes| start + minutes),
        progress: &progress,
    };
    let finished = training.run(&mut results)?;
    progress.finish_and_clear();
    if !finished {
        println!("{} of {trainings} trainings are done: the same again goes on", results.len());
    }
    println!("{}", page::tables(&design, &results)?);
    if let Some(docs) = &options.docs {
        page::write(&design, &results, &docs.join("study.md"))?;
        pictures::draw(&design, &results, &docs.join("study"))?;
    }
    Ok(true)
}
