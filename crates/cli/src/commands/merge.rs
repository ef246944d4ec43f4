//! `mizumashi merge`.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::counted::counted;
use crate::error::Error;
use crate::output::Output;
use crate::statistics_file::StatisticsFile;

/// Merge the statistics of parts of a data set into those of the whole
///
/// Takes what fit wrote, with --partial or without. The figures are exact: the file is that of one fit
/// of all pictures, whichever way they were parted and in whichever order the parts are given.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Files of fit, of pictures that no two of them share
    #[arg(required = true, value_name = "FILE")]
    parts: Vec<PathBuf>,
    /// Write the statistics to this file, as JSON: for standardize --statistics
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the histograms alone, as compact bytes: to be merged again
    #[arg(long, requires = "output")]
    partial: bool,
    #[command(flatten)]
    writing: Output,
}

/// What the parts come to.
#[derive(Debug, Serialize)]
pub(crate) struct Merged {
    #[serde(flatten)]
    statistics: StatisticsFile,
    parts: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<PathBuf>,
}

pub(crate) fn run(options: Options) -> Result<Merged, Error> {
    options.writing.check(options.output.as_deref())?;
    let statistics = StatisticsFile::merge(&options.parts)?;
    if let Some(path) = &options.output {
        statistics.save(path, options.partial, options.writing)?;
    }
    Ok(Merged { statistics, parts: options.parts.len(), output: options.output })
}

impl fmt::Display for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}", counted(self.parts as u64, "part"), self.statistics)?;
        match &self.output {
            Some(path) => writeln!(f, "written: {}", path.display()),
            None => Ok(()),
        }
    }
}
