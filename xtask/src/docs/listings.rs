//! That every listing has a language, and one that is run by somebody.

use std::error::Error;
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::page::Page;
use super::sorted;

/// Languages of listings that are not run as such: what is printed, what is stored.
const DATA: [&str; 4] = ["text", "json", "toml", "csv"];

/// Listings that no test would run, a line each.
pub(super) fn faults(root: &Path, pages: &[Page]) -> Result<Vec<String>, Box<dyn Error>> {
    let sources = texts(root, "src")?;
    let tests = texts(root, "tests")?;
    let mut faults = Vec::new();
    for page in pages {
        let name = page.path.to_string_lossy();
        let in_crate = page.folder().starts_with("crates");
        let included = match in_crate {
            true => texts_of(&root.join(page.folder()), "src")?
                .contains("include_str!(\"../README.md\")"),
            false => sources.contains(&format!("include_str!(\"../../../{name}\")")),
        };
        for listing in &page.listings {
            let fault = match listing.language.split(',').next().unwrap_or_default() {
                "rust" if !included => {
                    "no doctest runs it: add the page to crates/mizumashi/src/pages.rs"
                }
                // `crates/python/tests/test_documentation.py` takes every page of these.
                "python"
                    if !in_crate && !page.path.starts_with("docs") && listing.not_run.is_none() =>
                {
                    "Python listings are run of docs and crates alone"
                }
                // What is typed and what is printed, as the tests of the command line compare it.
                "console" if !tests.contains(&*name) => "no test of a crate names the page",
                "rust" | "python" | "console" | "sh" => continue,
                language if DATA.contains(&language) => continue,
                _ => "give it the language that it is run as (rust, python, sh, console), or text",
            };
            faults.push(format!("{name}:{}: {fault}", listing.line));
        }
    }
    Ok(faults)
}

/// The files of this folder of every crate, one after the other.
fn texts(root: &Path, folder: &str) -> Result<String, Box<dyn Error>> {
    let crates = sorted(&root.join("crates"))?;
    crates.iter().map(|member| texts_of(member, folder)).collect()
}

/// All Rust below a folder of a crate, one file after the other.
fn texts_of(member: &Path, folder: &str) -> Result<String, Box<dyn Error>> {
    let folder = member.join(folder);
    if !folder.is_dir() {
        return Ok(String::new());
    }
    let mut text = String::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.path().extension().is_some_and(|kind| kind == "rs") {
            text += &fs::read_to_string(entry.path())?;
        }
    }
    Ok(text)
}
