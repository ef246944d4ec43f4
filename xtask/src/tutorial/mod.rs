//! `cargo xtask tutorial`: the pictures and figures of `docs/tutorial.md`.

mod affine;
mod batchnorm;
mod fitted;
mod levels;
mod single;

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::source::Source;

/// What `cargo xtask tutorial` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A folder with CIFAR-10 in its binary format; without it, a generated set is used.
    #[arg(long, value_name = "DIR", env = "MIZUMASHI_CIFAR10")]
    cifar: Option<PathBuf>,
    /// Where to write the pictures, each with the name of its source in its own.
    #[arg(long, value_name = "DIR", default_value = "target/tutorial")]
    out: PathBuf,
}

/// Draws one picture and says what it shows in figures, where that is not all in it.
type Draw = fn(&Source, &Path) -> Result<String, Box<dyn Error>>;

const FIGURES: [(&str, Draw); 8] = [
    ("affine", affine::one_by_one),
    ("borders", affine::borders),
    ("recipe", affine::recipe),
    ("stretch", single::stretch),
    ("rescale", single::rescale),
    ("samplewise", single::samplewise),
    ("featurewise", fitted::draw),
    ("batchnorm", batchnorm::draw),
];

/// Images of a fit.
const SAMPLES: usize = 2_000;

/// Draws every picture of the page and prints the figures that stand in its text.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let source = Source::open(options.cifar.as_deref(), SAMPLES)?;
    println!("data: {source}");
    for (name, draw) in FIGURES {
        let path = options.out.join(format!("{name}-{}.svg", source.name.to_lowercase()));
        let said = draw(&source, &path)
            .map_err(|error| format!("cannot draw {}: {error}", path.display()))?;
        println!("\n{}\n{}", path.display(), said.trim_end());
    }
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
        let page = fs::read_to_string(docs.join("tutorial.md")).unwrap();
        for (name, _) in FIGURES {
            let shown = format!("tutorial/{name}-generated.svg");
            assert!(page.contains(&shown), "{shown} is not on the page");
            assert!(docs.join(&shown).is_file(), "{shown} is not there");
        }
    }
}
