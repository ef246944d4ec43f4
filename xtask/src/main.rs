//! The chores of the workspace; `cargo xtask help` lists them.

mod bench;
mod chart;
mod docs;
mod figure;
mod fuzz;
mod illustrated;
mod layers;
mod pages;
mod pictures;
mod plot;
mod python;
mod safety;
mod sheet;
mod source;
mod study;
mod tutorial;
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
    /// Run the end-to-end checks, print figures and verdicts, and write a page with pictures.
    Verify(verify::Options),
    /// Open pages in Chromium and see that all is well in them.
    Pages(pages::Options),
    /// Time every piece of work, beside others that do the same, and print a table.
    Bench(bench::Options),
    /// Draw the pictures of docs/whitening.md and print its figures.
    Whitening(whitening::Options),
    /// Check the links, pictures and listings of the documentation, and run the shell listings.
    Docs(docs::Options),
    /// Draw the pictures of docs/tutorial.md and print its figures.
    Tutorial(illustrated::Options),
    /// Train small networks on every kind of input, and see what each technique is worth.
    Study(study::Options),
    /// Build the Python wheel, install it in a virtual environment and run its tests.
    Python(python::Options),
    /// Install the wheel beside Ray and run its tests on clusters of several nodes on this machine.
    Ray(python::RayOptions),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Layers => layers::check(),
        Chore::Safety => safety::check(),
        Chore::Fuzz(options) => fuzz::run(&options),
        Chore::Verify(options) => verify::run(&options),
        Chore::Pages(options) => pages::run(&options),
        Chore::Whitening(options) => whitening::run(&options),
        Chore::Docs(options) => docs::run(&options),
        Chore::Tutorial(options) => tutorial::run(&options),
        Chore::Python(options) => python::run(&options),
        Chore::Ray(options) => python::run_ray(&options),
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
