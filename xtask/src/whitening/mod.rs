//! `cargo xtask whitening`: the pictures and figures of `docs/whitening.md`.

mod accuracy;
pub(crate) mod covariance;
pub(crate) mod filters;
mod memory;
mod samples;
mod single;
mod spectrum;
mod stages;
mod views;

use std::error::Error;
use std::time::Instant;

use crate::illustrated::{self, Page, waiting};
use crate::source::Source;
use views::Views;

/// What `cargo xtask whitening` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    page: illustrated::Options,
    /// Values of a row, for the table of accuracy.
    #[arg(long, value_name = "D,…", value_delimiter = ',', default_values_t = [3, 48, 192])]
    accuracy: Vec<usize>,
}

pub(crate) const PAGE: Page<Views> = Page {
    name: "whitening",
    figures: &[
        ("pictures", stages::steps),
        ("kinds", stages::kinds),
        ("covariance", covariance::draw),
        ("filters", filters::draw),
        ("spectrum", spectrum::draw),
        ("samples", samples::draw),
        ("single", single::draw),
        ("memory", memory::draw),
    ],
};

/// Draws every picture of the page and prints the figures that stand in its text.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let start = Instant::now();
    let source = Source::open(options.page.cifar.as_deref(), views::SAMPLES)?;
    let views = waiting("fits", || Views::of(source))?;
    PAGE.draw(&options.page, &views.source, &views)?;
    let accuracy = waiting("accuracy", || accuracy::table(&options.accuracy))?;
    println!("\n{accuracy}");
    let seconds = start.elapsed().as_secs_f64();
    println!("whitening: {} images used, {seconds:.1} s", views.rows());
    Ok(true)
}
