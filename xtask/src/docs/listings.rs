//! That every listing has a language, and one that is run by somebody.

use std::error::Error;
use std::fs;
use std::path::Path;

use super::page::Page;
use super::sorted;

/// Languages of listings that are not run as such: what is printed, what is stored.
const DATA: [&str; 4] = ["text", "json", "toml", "csv"];

/// Listings that no test would run, a line each.
pub(super) fn faults(root: &Path, pages: &[Page]) -> Result<Vec<String>, Box<dyn Error>> {
    let mut sources = String::new();
    for member in sorted(&root.join("crates"))? {
        let source = member.join("src");
        for file in if source.is_dir() { sorted(&source)? } else { vec![] } {
            if file.is_file() {
                sources += &fs::read_to_string(&file)?;
            }
        }
    }
    let mut faults = Vec::new();
    for page in pages {
        let name = page.path.display();
        let include = format!("include_str!(\"../../../{name}\")");
        let own_readme =
            page.path.ends_with("README.md") && sources.contains("include_str!(\"../README.md\")");
        for listing in &page.listings {
            let place = format!("{name}:{}", listing.line);
            if listing.is_in("rust") {
                if !sources.contains(&include) && !own_readme {
                    faults.push(format!(
                        "{place}: no doctest runs it: add the page to crates/mizumashi/src/pages.rs"
                    ));
                }
            } else if listing.is_in("python") {
                // `crates/python/tests/test_documentation.py` takes every page of these.
                if !["docs", "crates"].iter().any(|folder| page.path.starts_with(folder)) {
                    faults
                        .push(format!("{place}: Python listings are run of docs and crates alone"));
                }
            } else if !listing.is_in("sh") && !DATA.iter().any(|data| listing.is_in(data)) {
                faults.push(format!(
                    "{place}: {:?} is no language that is run; use rust, python or sh, or text",
                    listing.language
                ));
            }
        }
    }
    Ok(faults)
}
