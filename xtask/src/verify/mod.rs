//! End-to-end checks, each with the figure it expects and the figure it measured, and a page with
//! pictures of what was checked.

mod batchnorm;
mod check;
mod distribution;
mod findings;
mod generator;
mod normalisation;
mod page;
mod serving;
mod study;
mod throughput;
mod whitening;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use peak_alloc::PeakAlloc;
use serde::{Deserialize, Serialize};

use crate::source::Source;
pub(crate) use check::{Check, Verdict};
use findings::{Exhibit, Findings};

/// Counts the bytes in use, so that a check can state the memory something took.
#[global_allocator]
pub(crate) static MEMORY: PeakAlloc = PeakAlloc;

/// What `cargo xtask verify` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A folder with CIFAR-10 in its binary format; without it, a generated set is used.
    #[arg(long, value_name = "DIR", env = "MIZUMASHI_CIFAR10")]
    cifar: Option<PathBuf>,
    /// Where to write the report: `index.html`, which is all in one file, and `checks.json`.
    #[arg(long, value_name = "DIR", default_value = "target/verify")]
    out: PathBuf,
}

/// The page, unless told otherwise.
pub(crate) const REPORT: &str = "target/verify/index.html";
/// The checks for programs, beside the page.
const JSON: &str = "checks.json";

/// Generated images: more than the 3,072 values of one, so that pixel whitening has full rank.
const GENERATED: usize = 5000;

/// Looks into one subject.
type Look = fn(&Source) -> Result<Findings, Box<dyn Error>>;

const SUBJECTS: [(&str, Look); 7] = [
    ("normalisation", normalisation::findings),
    ("generator", generator::findings),
    ("serving", serving::findings),
    ("whitening", whitening::findings),
    ("batch normalisation", batchnorm::findings),
    ("study", study::findings),
    ("throughput", throughput::findings),
];

/// Runs all checks; true when none failed.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let start = Instant::now();
    let source = Source::open(options.cifar.as_deref(), GENERATED)?;
    println!("data: {source}");

    let progress = ProgressBar::new(SUBJECTS.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let mut subjects = Vec::new();
    for (name, look) in SUBJECTS {
        progress.set_message(name);
        // An error is a failed check like any other: the rest is still worth knowing.
        let findings =
            look(&source).unwrap_or_else(|error| vec![Check::error(name, error.as_ref())].into());
        subjects.push(Subject { name, checks: findings.checks, exhibits: findings.exhibits });
        progress.inc(1);
    }
    progress.finish_and_clear();

    let report = Report::new(source.to_string(), subjects, start.elapsed().as_secs_f64());
    println!("{}", table(report.checks()));
    println!(
        "verify: {} passed, {} failed, {} for information, in {:.1} s",
        report.count(Verdict::Passed),
        report.count(Verdict::Failed),
        report.count(Verdict::Information),
        report.seconds
    );
    let page = report.write(&options.out)?;
    println!("report: {}", page.display());
    Ok(report.passed)
}

/// All that a run found.
struct Report {
    data: String,
    passed: bool,
    seconds: f64,
    threads: usize,
    subjects: Vec<Subject>,
}

/// A section of the report.
struct Subject {
    name: &'static str,
    checks: Vec<Check>,
    exhibits: Vec<Exhibit>,
}

/// The part of a report that programs read.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) data: String,
    /// Whether no check failed.
    pub(crate) passed: bool,
    /// In the order of the page.
    pub(crate) checks: Vec<Check>,
}

impl Report {
    fn new(data: String, subjects: Vec<Subject>, seconds: f64) -> Self {
        let threads = rayon::current_num_threads();
        let mut report = Self { data, passed: true, seconds, threads, subjects };
        report.passed = report.count(Verdict::Failed) == 0;
        report
    }

    fn checks(&self) -> impl Iterator<Item = &Check> {
        self.subjects.iter().flat_map(|subject| &subject.checks)
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.checks().filter(|check| check.verdict == verdict).count()
    }

    /// Writes the page and the JSON into a folder; gives the page.
    fn write(&self, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let summary = Summary {
            data: self.data.clone(),
            passed: self.passed,
            checks: self.checks().cloned().collect(),
        };
        let page = folder.join("index.html");
        let write = |path: &Path, text: String| {
            fs::write(path, text)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))
        };
        fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        write(&folder.join(JSON), serde_json::to_string_pretty(&summary)?)?;
        write(&page, page::page(self, JSON)?)?;
        Ok(page)
    }
}

fn table<'a>(checks: impl Iterator<Item = &'a Check>) -> Table {
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
