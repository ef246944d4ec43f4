//! `cargo xtask docs`: links, pictures and listings of the documentation pages.
//!
//! Rust listings are compiled and run by `cargo test` and Python listings by `cargo xtask python`;
//! here it is checked that none is left out, and shell listings are run.

mod links;
mod listings;
mod page;
mod shell;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

use page::Page;

/// What `cargo xtask docs` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Check links, pictures and the list of pages alone; run no listing.
    #[arg(long)]
    links_only: bool,
}

/// Checks every page; true when nothing is wrong.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let root = metadata.workspace_root.as_std_path();
    let pages = pages(root)?;
    let mut faults = links::faults(root, &pages)?;
    faults.extend(listings::faults(root, &pages)?);
    let mut run = 0;
    if !options.links_only {
        let (listings, failures) = shell::run(root, &metadata, &pages)?;
        run = listings;
        faults.extend(failures);
    }
    for fault in &faults {
        eprintln!("{fault}");
    }
    let (links, pictures) = pages.iter().fold((0, 0), |(links, pictures), page| {
        (links + page.links.len(), pictures + page.pictures.len())
    });
    println!(
        "docs: {} pages, {links} links, {pictures} pictures, {run} shell listings run, {} faults",
        pages.len(),
        faults.len()
    );
    Ok(faults.is_empty())
}

/// The pages for people: those of the root and of `docs`, and the READMEs of crates and examples.
fn pages(root: &Path) -> Result<Vec<Page>, Box<dyn Error>> {
    let mut paths = markdown(root)?;
    paths.extend(markdown(&root.join("docs"))?);
    for group in ["crates", "examples"] {
        for member in sorted(&root.join(group))? {
            paths.extend(Some(member.join("README.md")).filter(|readme| readme.is_file()));
        }
    }
    paths.iter().map(|path| Page::read(root, path)).collect()
}

fn markdown(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = sorted(folder)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    Ok(paths)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
