//! The command line as a whole.

use clap::{Args, Parser, Subcommand};
use rayon::ThreadPoolBuilder;

use crate::commands::{
    augment, completions, fit, hist, inspect, man, merge, preview, standardize, stretch, whiten,
};
use crate::error::Error;
use crate::report;

/// Histograms, normalisation, whitening and augmentation of pictures.
///
/// Commands take pictures, folders of pictures, and folders of CIFAR-10 or CIFAR-100 in the binary
/// version. The same seed gives the same output, whatever the number of threads.
#[derive(Debug, Parser)]
#[command(name = "mizumashi", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

/// Where manuals list the options that go with every command: behind its own, before `--help`.
const LAST: usize = 900;

/// What goes with every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
struct Common {
    /// Print one JSON object instead of text
    #[arg(long, global = true, display_order = LAST)]
    json: bool,
    /// Threads to work with; all cores unless set
    #[arg(long, global = true, display_order = LAST, value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Hist(hist::Options),
    Stretch(stretch::Options),
    Standardize(standardize::Options),
    Whiten(whiten::Options),
    Augment(augment::Options),
    Preview(preview::Options),
    Fit(fit::Options),
    Merge(merge::Options),
    Inspect(inspect::Options),
    Completions(completions::Options),
    Man(man::Options),
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Error> {
        let Common { json, threads } = self.common;
        if let Some(threads) = threads {
            let pool = ThreadPoolBuilder::new().num_threads(threads.into());
            pool.build_global().map_err(|error| Error::Threads { source: error.into() })?;
        }
        match self.command {
            Command::Hist(options) => report::print(&hist::run(options)?, json),
            Command::Stretch(options) => report::print(&stretch::run(options)?, json),
            Command::Standardize(options) => report::print(&standardize::run(options)?, json),
            Command::Whiten(options) => report::print(&whiten::run(options)?, json),
            Command::Augment(options) => report::print(&augment::run(options)?, json),
            Command::Preview(options) => report::print(&preview::run(options)?, json),
            Command::Fit(options) => report::print(&fit::run(options)?, json),
            Command::Merge(options) => report::print(&merge::run(options)?, json),
            Command::Inspect(options) => report::print(&inspect::run(options)?, json),
            Command::Completions(options) => completions::run(&options),
            Command::Man(options) => man::run(&options),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn no_two_options_are_in_each_other_s_way() {
        Arguments::command().debug_assert();
    }
}
