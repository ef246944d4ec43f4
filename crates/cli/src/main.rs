//! The `mizumashi` command line: what the library does, to pictures, from a shell.
//!
//! A file per command in `commands`, which does no arithmetic of its own: it reads its options,
//! calls the library, and gives back a [report](report::Report) that is printed as text or as JSON.

#![forbid(unsafe_code)]

mod arguments;
mod bars;
mod bounds;
mod canvas;
mod change;
mod chart;
mod commands;
mod counted;
mod decimals;
mod display;
mod drawn;
mod error;
mod figures;
mod file;
mod file_kind;
mod histogram;
mod inputs;
mod json_file;
mod named;
mod output;
mod pictures;
mod recipe_options;
mod report;
mod sheet;
mod statistics_file;
mod whitening_file;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error.line());
            error.status()
        }
    }
}
