//! `cargo xtask whitening`: the pictures and figures of `docs/whitening.md`.

mod accuracy;
pub(crate) mod covariance;
pub(crate) mod filters;
mod memory;
mod samples;
mod single;
mod spectrum;
mod stages;
mod views;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use crate::source::Source;
use views::Views;

/// What `cargo xtask whitening` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A folder with CIFAR-10 in its binary format; without it, a generated set is used.
    #[arg(long, value_name = "DIR", env = "MIZUMASHI_CIFAR10")]
    cifar: Option<PathBuf>,
    /// Where to write the pictures, each with the name of its source in its own.
    #[arg(long, value_name = "DIR", default_value = "target/whitening")]
    out: PathBuf,
    /// Values of a row, for the table of accuracy.
    #[arg(long, value_name = "D,…", value_delimiter = ',', default_values_t = [3, 48, 192])]
    accuracy: Vec<usize>,
}

/// Draws one picture and says in Markdown what it shows in figures, where that is not all in it.
type Draw = fn(&Views, &Path) -> Result<String, Box<dyn Error>>;

const FIGURES: [(&str, Draw); 8] = [
    ("pictures", stages::steps),
    ("kinds", stages::kinds),
    ("covariance", covariance::draw),
    ("filters", filters::draw),
    ("spectrum", spectrum::draw),
    ("samples", samples::draw),
    ("single", single::draw),
    ("memory", memory::draw),
];

/// Draws every picture of the page and prints the figures that stand in its text.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let start = Instant::now();
    let progress = ProgressBar::new(FIGURES.len() as u64 + 2)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    progress.set_message("fits");
    let source = Source::open(options.cifar.as_deref(), views::SAMPLES)?;
    let views = Views::of(&source)?;
    progress.inc(1);

    let mut words = Vec::new();
    for (name, draw) in FIGURES {
        progress.set_message(name);
        let slug = source.name.to_lowercase();
        let path = options.out.join(format!("{name}-{slug}.svg"));
        let said = draw(&views, &path)
            .map_err(|error| format!("cannot draw {}: {error}", path.display()))?;
        words.push(format!("{}\n{said}", path.display()));
        progress.inc(1);
    }
    progress.set_message("accuracy");
    words.push(accuracy::table(&options.accuracy)?);
    progress.finish_and_clear();

    println!("data: {source}, of which {} are used\n", views.rows());
    println!("{}", words.join("\n"));
    println!("whitening: {} pictures in {:.1} s", FIGURES.len(), start.elapsed().as_secs_f64());
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::FIGURES;

    #[test]
    fn the_page_shows_every_picture() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let page = fs::read_to_string(docs.join("whitening.md")).unwrap();
        for (name, _) in FIGURES {
            let shown = ["generated", "cifar-10"]
                .map(|source| format!("whitening/{name}-{source}.svg"))
                .into_iter()
                .find(|path| page.contains(path))
                .unwrap_or_else(|| panic!("{name} is not on the page"));
            assert!(docs.join(&shown).is_file(), "{shown} is not there");
        }
    }
}
