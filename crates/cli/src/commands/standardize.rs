//! `mizumashi standardize`.

use std::path::PathBuf;

use clap::Args;
use mizumashi::transform::Recipe;
use mizumashi::transform::transforms::{FeaturewiseStandardise, SamplewiseStandardise};

use crate::change::{Changes, Destination, by_recipe};
use crate::display::{Display, Offset};
use crate::error::Error;
use crate::inputs::Inputs;
use crate::statistics_file::StatisticsFile;

/// Give pictures mean 0 and standard deviation 1
///
/// Each picture by its own figures, over all its values; or each channel by the figures of a data
/// set.
#[derive(Debug, Args)]
#[command(visible_alias = "standardise")]
pub(crate) struct Options {
    /// Use the figures of each channel over all the pictures given
    #[arg(long, conflicts_with = "statistics")]
    featurewise: bool,
    /// Use the figures of each channel that fit wrote to this file
    #[arg(long, value_name = "FILE")]
    statistics: Option<PathBuf>,
    /// Only subtract the mean
    #[arg(long)]
    center_only: bool,
    #[command(flatten)]
    offset: Offset,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    destination: Destination,
}

pub(crate) fn run(options: Options) -> Result<Changes, Error> {
    let mut pictures = options.inputs.list()?;
    let planned = options.destination.plan(&pictures, None)?;
    let figures = match &options.statistics {
        Some(path) => Some(StatisticsFile::open(path)?),
        None if options.featurewise => Some(StatisticsFile::learn(&mut pictures)?),
        None => None,
    };
    let recipe = match (figures, options.center_only) {
        (Some(figures), center_only) => {
            let figures = figures.histograms();
            let std = (!center_only).then(|| figures.std());
            Recipe::new().then(FeaturewiseStandardise::new(Some(figures.mean()), std)?)
        }
        (None, true) => Recipe::new().then(SamplewiseStandardise::centre_only()),
        (None, false) => Recipe::new().then(SamplewiseStandardise::new()),
    };
    let display = Display::Signed(options.offset.offset);
    planned.change(&mut pictures, display, by_recipe(&recipe))
}
