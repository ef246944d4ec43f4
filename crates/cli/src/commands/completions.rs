//! `mizumashi completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::report;

/// Print what a shell needs to complete commands and options
///
/// For bash: mizumashi completions bash > ~/.local/share/bash-completion/completions/mizumashi
#[derive(Debug, Args)]
pub(crate) struct Options {
    shell: Shell,
}

pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "mizumashi", &mut script);
    report::write(&script)
}
