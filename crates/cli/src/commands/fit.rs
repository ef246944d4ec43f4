//! `mizumashi fit`.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::change::write_skipped;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::output::Output;
use crate::pictures::Skipped;
use crate::statistics_file::StatisticsFile;

/// Learn mean, deviation and histogram of each channel of a data set
///
/// The figures are exact, so that the order of the pictures and the number of threads do not show.
/// The file holds the histograms that they come from.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Write the statistics to this file, as JSON: for standardize --statistics
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the histograms alone, as compact bytes: a part of a set, for merge
    #[arg(long, requires = "output")]
    partial: bool,
    #[command(flatten)]
    writing: Output,
    #[command(flatten)]
    inputs: Inputs,
}

/// What was learnt.
#[derive(Debug, Serialize)]
pub(crate) struct Fitted {
    #[serde(flatten)]
    statistics: StatisticsFile,
    skipped: Vec<Skipped>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<PathBuf>,
}

pub(crate) fn run(options: Options) -> Result<Fitted, Error> {
    options.writing.check(options.output.as_deref())?;
    let mut pictures = options.inputs.list()?;
    pictures.refuse_outputs(options.output.as_deref())?;
    let statistics = StatisticsFile::learn(&mut pictures)?;
    if let Some(path) = &options.output {
        statistics.save(path, options.partial, options.writing)?;
    }
    Ok(Fitted { statistics, skipped: pictures.skipped().to_vec(), output: options.output })
}

impl fmt::Display for Fitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.statistics)?;
        if let Some(path) = &self.output {
            writeln!(f, "written: {}", path.display())?;
        }
        write_skipped(f, &self.skipped)
    }
}
