//! `mizumashi man`.

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::report;

/// Print the manual page of the program, or of one of its commands
///
/// To read it: mizumashi man whiten | man -l -
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The command to tell of
    command: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let mut program = Arguments::command();
    program.build();
    let page = match &options.command {
        None => Man::new(program),
        Some(name) => {
            let command = program.find_subcommand(name).cloned().ok_or_else(|| {
                Error::Usage(format!("there is no command {name:?}; mizumashi help lists them"))
            })?;
            Man::new(command.display_name(format!("mizumashi-{name}")))
        }
    };
    let mut text = Vec::new();
    page.render(&mut text).map_err(|source| Error::Print { source })?;
    report::write(&text)
}
