//! End-to-end checks, each with the figure it expects and the figure it measured.

mod batchnorm;
mod check;
mod generator;
mod normalisation;
mod serving;
mod sheet;
mod study;
mod whitening;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use peak_alloc::PeakAlloc;
use serde::Serialize;

use crate::source::Source;
use check::{Check, Verdict};

/// Counts the bytes in use, so that a check can state the memory something took.
#[global_allocator]
pub(crate) static MEMORY: PeakAlloc = PeakAlloc;

/// What `cargo xtask verify` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A folder with CIFAR-10 in its binary format; without it, a generated set is used.
    #[arg(long, value_name = "DIR", env = "MIZUMASHI_CIFAR10")]
    cifar: Option<PathBuf>,
    /// Write the checks to this file as JSON, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where to write a contact sheet of the augmented pictures, as PNG.
    #[arg(long, value_name = "FILE", default_value = "target/verify/augmented.png")]
    sheet: PathBuf,
}

/// Generated images: more than the 3,072 values of one, so that pixel whitening has full rank.
const GENERATED: usize = 5000;

/// A group of checks on the same subject.
type Group = fn(&Source) -> Result<Vec<Check>, Box<dyn Error>>;

const GROUPS: [(&str, Group); 6] = [
    ("normalisation", normalisation::checks),
    ("generator", generator::checks),
    ("serving", serving::checks),
    ("whitening", whitening::checks),
    ("batch normalisation", batchnorm::checks),
    ("study", study::checks),
];

/// Runs all checks; true when none failed.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let start = Instant::now();
    let source = Source::open(options.cifar.as_deref(), GENERATED)?;
    println!("data: {source}");

    let progress = ProgressBar::new(GROUPS.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let mut checks = Vec::new();
    for (group, run) in GROUPS {
        progress.set_message(group);
        // An error is a failed check like any other: the rest is still worth knowing.
        checks
            .extend(run(&source).unwrap_or_else(|error| vec![Check::error(group, error.as_ref())]));
        progress.inc(1);
    }
    progress.finish_and_clear();

    println!("{}", table(&checks));
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let failed = count(Verdict::Failed);
    println!(
        "verify: {} passed, {failed} failed, {} for information, in {:.1} s",
        count(Verdict::Passed),
        count(Verdict::Information),
        start.elapsed().as_secs_f64()
    );
    sheet::write(&source, &options.sheet)
        .map_err(|error| format!("cannot write {}: {error}", options.sheet.display()))?;
    println!("pictures: {}", options.sheet.display());
    if let Some(path) = &options.json {
        let report = Report { data: source.to_string(), passed: failed == 0, checks: &checks };
        fs::write(path, serde_json::to_string_pretty(&report)?)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(failed == 0)
}

#[derive(Serialize)]
struct Report<'a> {
    data: String,
    passed: bool,
    checks: &'a [Check],
}

fn table(checks: &[Check]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["check", "expected", "measured", "verdict"]);
    for check in checks {
        table.add_row([
            check.name.as_str(),
            &check.expected,
            &check.measured,
            check.verdict.word(),
        ]);
    }
    table
}
