//! Links and pictures: that they lead somewhere, and that every page is in the book.

use std::error::Error;
use std::path::{Component, Path, PathBuf};

use super::page::Page;

const BOOK: &str = "docs";
const SUMMARY: &str = "docs/SUMMARY.md";

/// What is wrong with links and pictures, a line each.
pub(super) fn faults(root: &Path, pages: &[Page]) -> Result<Vec<String>, Box<dyn Error>> {
    let mut faults = Vec::new();
    for page in pages {
        let name = page.path.display();
        for link in page.links.iter().filter(|link| !is_elsewhere(link)) {
            faults.extend(fault(root, pages, page, link).map(|fault| format!("{name}: {fault}")));
        }
        for picture in &page.pictures {
            if !root.join(target(page, &picture.path)).is_file() {
                faults.push(format!("{name}: the picture {} is not there", picture.path));
            }
            if picture.alt.trim().is_empty() {
                faults.push(format!("{name}: say in words what {} shows", picture.path));
            }
        }
    }
    let summary = pages
        .iter()
        .find(|page| page.path == Path::new(SUMMARY))
        .ok_or_else(|| format!("{SUMMARY} is not there"))?;
    for page in pages.iter().filter(|page| page.path.starts_with(BOOK)) {
        let listed = summary.links.iter().any(|link| target(summary, link) == page.path);
        if !listed && page.path != summary.path {
            faults.push(format!("{SUMMARY}: {} is not in it", page.path.display()));
        }
    }
    Ok(faults)
}

fn fault(root: &Path, pages: &[Page], page: &Page, link: &str) -> Option<String> {
    let (path, anchor) =
        link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() { page.path.clone() } else { target(page, path) };
    if !root.join(&target).exists() {
        return Some(format!("{link} leads to {}, which is not there", target.display()));
    }
    if page.path.starts_with(BOOK) && !target.starts_with(BOOK) {
        return Some(format!(
            "{link} leads out of {BOOK}, which is a site by itself; name the file instead"
        ));
    }
    let anchor = anchor?;
    let found = pages.iter().find(|page| page.path == target)?;
    (!found.anchors.iter().any(|known| known == anchor))
        .then(|| format!("{link}: {} has no heading #{anchor}", target.display()))
}

/// Where a link of a page leads, from the root; `..` is resolved.
fn target(page: &Page, link: &str) -> PathBuf {
    let mut target = PathBuf::new();
    for component in page.folder().join(link).components() {
        match component {
            Component::ParentDir => {
                target.pop();
            }
            Component::CurDir => {}
            other => target.push(other),
        }
    }
    target
}

/// On the web: not looked up, since a check must not depend on others' servers.
fn is_elsewhere(link: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|scheme| link.starts_with(scheme))
}
