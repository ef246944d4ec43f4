//! Pages of `docs` whose pictures and figures a chore draws: the tutorial and the one on whitening.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::source::Source;

/// What such a chore takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A folder with CIFAR-10 in its binary format; without it, a generated set is used.
    #[arg(long, value_name = "DIR", env = "MIZUMASHI_CIFAR10")]
    pub(crate) cifar: Option<PathBuf>,
    /// Where to write the pictures, each with the name of its source in its own; or in a folder of
    /// the page's name under target.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A page, and its pictures, drawn from a view of the data.
pub(crate) struct Page<V: 'static> {
    /// Of the page in `docs`, without its ending, and of its folder of pictures.
    pub(crate) name: &'static str,
    pub(crate) figures: &'static [(&'static str, Draw<V>)],
}

/// Draws one picture and says in Markdown what it shows in figures, where that is not all in it.
type Draw<V> = fn(&V, &Path) -> Result<String, Box<dyn Error>>;

impl<V> Page<V> {
    /// Draws every picture and prints the figures that stand in the page's text.
    pub(crate) fn draw(
        &self,
        options: &Options,
        source: &Source,
        view: &V,
    ) -> Result<(), Box<dyn Error>> {
        let folder = match &options.out {
            Some(folder) => folder.clone(),
            None => Path::new("target").join(self.name),
        };
        let progress = ProgressBar::new(self.figures.len() as u64)
            .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
        println!("data: {source}");
        for (name, draw) in self.figures {
            progress.set_message(*name);
            let path = folder.join(format!("{name}-{}.svg", source.name.to_lowercase()));
            let said = draw(view, &path)
                .map_err(|error| format!("cannot draw {}: {error}", path.display()))?;
            progress.suspend(|| println!("\n{}\n{}", path.display(), said.trim_end()));
            progress.inc(1);
        }
        progress.finish_and_clear();
        Ok(())
    }
}

/// Does work that is over a second, and says on a terminal that it goes on.
pub(crate) fn waiting<T>(message: &'static str, work: impl FnOnce() -> T) -> T {
    let spinner = ProgressBar::new_spinner().with_message(message);
    spinner.enable_steady_tick(Duration::from_millis(100));
    let done = work();
    spinner.finish_and_clear();
    done
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::Page;
    use crate::{tutorial, whitening};

    fn shows_every_picture<V>(page: &Page<V>, sources: &[&str]) {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let text = fs::read_to_string(docs.join(page.name).with_extension("md")).unwrap();
        for (figure, _) in page.figures {
            let shown = sources
                .iter()
                .map(|source| format!("{}/{figure}-{source}.svg", page.name))
                .find(|path| text.contains(path))
                .unwrap_or_else(|| panic!("{figure} is not on the page of {}", page.name));
            assert!(docs.join(&shown).is_file(), "{shown} is not there");
        }
    }

    #[test]
    fn the_pages_show_every_picture() {
        shows_every_picture(&tutorial::PAGE, &["generated"]);
        shows_every_picture(&whitening::PAGE, &["generated", "cifar-10"]);
    }
}
