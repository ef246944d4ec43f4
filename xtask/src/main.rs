//! The chores of the workspace: `cargo xtask layers`, `cargo xtask verify`, `cargo xtask bench`,
//! `cargo xtask whitening` and `cargo xtask python`.

mod bench;
mod chart;
mod fuzz;
mod layers;
mod pictures;
mod plot;
mod python;
mod safety;
mod source;
mod study;
mod verify;
mod whitening;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of the mizumashi workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Check that every crate depends only on crates of a lower floor.
    Layers,
    /// Count lines with `unsafe` and crates depended on, and check that neither grew.
    Safety,
    /// Fuzz every target of `fuzz/` for some time; needs nightly and cargo-fuzz.
    Fuzz(fuzz::Options),
    /// Run the end-to-end checks and print a table of figures and verdicts.
    Verify(verify::Options),
    /// Time every piece of work, beside others that do the same, and print a table.
    Bench(bench::Options),
    /// Draw the pictures of docs/whitening.md and print its figures.
    Whitening(whitening::Options),
    /// Train small networks on every kind of input, and see what each technique is worth.
    Study(study::Options),
    /// Build the Python wheel, install it in a virtual environment and run its tests.
    Python(python::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Layers => layers::check(),
        Chore::Safety => safety::check(),
        Chore::Fuzz(options) => fuzz::run(&options),
        Chore::Verify(options) => verify::run(&options),
        Chore::Whitening(options) => whitening::run(&options),
        Chore::Python(options) => python::run(&options),
        Chore::Study(options) => study::run(&options).map_err(|error| -> Box<dyn Error> { error }),
        Chore::Bench(options) => bench::run(&options).map_err(|error| -> Box<dyn Error> { error }),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
