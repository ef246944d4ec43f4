//! `cargo xtask pages`: pages opened in a real browser, wide and narrow, light and dark.

mod browser;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::verify::{REPORT, Summary};
use browser::{Browser, Tab};

/// What `cargo xtask pages` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// HTML files; without any, the report of `cargo xtask verify`.
    #[arg(value_name = "PAGE", default_value = REPORT)]
    pages: Vec<PathBuf>,
    /// Chromium or Chrome; without it, the first that is found in the usual places.
    #[arg(long, value_name = "PROGRAM", env = "MIZUMASHI_BROWSER")]
    browser: Option<PathBuf>,
    /// Write what each page looks like into this folder, as PNG and as printed.
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
}

/// Widths in CSS pixels, of a desktop and a phone.
const WIDTHS: [u32; 2] = [1280, 390];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// What the script finds in a page.
#[derive(Debug, Deserialize)]
struct Found {
    /// What is wrong, one sentence each.
    problems: Vec<String>,
    pictures: usize,
    /// The address of the JSON with the same checks, where the page names one.
    json: Option<String>,
    /// Whether the page says that all is well, where it says so.
    passed: Option<String>,
    /// Name, limit, figure, verdict, and the word that is seen for it.
    checks: Vec<[String; 5]>,
}

/// Opens every page; true when none has anything wrong with it, or when there is no browser.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let Some(program) = options.browser.clone().or_else(browser::find) else {
        println!(
            "skipped: no Chromium in PATH, hence no page was opened (Debian: apt-get install \
             chromium), or name one with --browser"
        );
        return Ok(true);
    };
    let mut browser = Browser::start(&program)?;
    let mut all_well = true;
    for page in &options.pages {
        let page = fs::canonicalize(page)
            .map_err(|error| format!("cannot open {}: {error}", page.display()))?;
        let (looks, problems) = look_at(&mut browser, &page, options.screenshots.as_deref())?;
        println!("{}: {looks}", page.display());
        for problem in &problems {
            println!("  {problem}");
        }
        all_well &= problems.is_empty();
    }
    Ok(all_well)
}

/// What was seen of a page, and what is wrong with it.
fn look_at(
    browser: &mut Browser,
    page: &Path,
    screenshots: Option<&Path>,
) -> Result<(String, Vec<String>), Box<dyn Error>> {
    let mut problems = Vec::new();
    let (mut pictures, mut checks) = (0, 0);
    let mut tab = browser.open_tab()?;
    for width in WIDTHS {
        for scheme in SCHEMES {
            show(&mut tab, page, width, scheme)?;
            let found = tab.evaluate(include_str!("look.js"))?;
            let found: Found = serde_json::from_value(found)?;
            (pictures, checks) = (found.pictures, found.checks.len());
            let mut here = tab.complaints();
            here.extend(disagreements(&found, page)?);
            here.extend(found.problems);
            problems.extend(here.into_iter().map(|it| format!("{width} px, {scheme}: {it}")));
            if let Some(folder) = screenshots {
                let picture = tab.screenshot()?;
                save(folder, page, &format!("{width}-{scheme}.png"), &picture)?;
            }
        }
    }
    let printed = tab.print()?;
    if !printed.starts_with(b"%PDF") {
        problems.push("cannot be printed".into());
    }
    if let Some(folder) = screenshots {
        save(folder, page, "printed.pdf", &printed)?;
    }
    let looks = format!(
        "{pictures} pictures, {checks} checks, at {WIDTHS:?} px, {SCHEMES:?} and printed: {}",
        match problems.len() {
            0 => "all well".to_owned(),
            count => format!("{count} problems"),
        }
    );
    Ok((looks, problems))
}

fn show(tab: &mut Tab<'_>, page: &Path, width: u32, scheme: &str) -> Result<(), Box<dyn Error>> {
    let narrow = width < 600;
    let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1 + u8::from(narrow), "mobile": narrow});
    tab.call("Emulation.setDeviceMetricsOverride", screen)?;
    let preference: Value = json!([{"name": "prefers-color-scheme", "value": scheme}]);
    tab.call("Emulation.setEmulatedMedia", json!({"features": preference}))?;
    tab.go_to(page)
}

/// Where a page that names a JSON of checks says something else than that.
fn disagreements(found: &Found, page: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let Some(json) = &found.json else { return Ok(Vec::new()) };
    let json = page.with_file_name(json);
    let text = fs::read_to_string(&json)
        .map_err(|error| format!("cannot read {}: {error}", json.display()))?;
    let summary: Summary = serde_json::from_str(&text)?;
    let mut wrong = Vec::new();
    if found.passed.as_deref() != Some(summary.passed.to_string().as_str()) {
        wrong.push(format!("says {:?}, the JSON {}", found.passed, summary.passed));
    }
    let expected: Vec<_> = summary
        .checks
        .into_iter()
        .map(|check| {
            let verdict = check.verdict;
            [check.name, check.expected, check.measured]
                .into_iter()
                .chain([verdict.slug(), verdict.word()].map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect();
    if expected.len() != found.checks.len() {
        wrong.push(format!("{} checks, the JSON has {}", found.checks.len(), expected.len()));
    }
    for (shown, expected) in found.checks.iter().zip(&expected) {
        if shown.as_slice() != expected.as_slice() {
            wrong.push(format!("shows {shown:?}, the JSON has {expected:?}"));
        }
    }
    Ok(wrong)
}

/// Writes `NAME-SUFFIX`, with the name of the page.
fn save(folder: &Path, page: &Path, suffix: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let name = page.file_stem().unwrap_or_default().to_string_lossy();
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("{name}-{suffix}"));
    fs::write(&path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!DOCTYPE html><html lang="en"><title>Wrong</title>
        <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
        <p style="color: #999; background: #fff">faint</p>
        <img src="missing.png" alt="gone"><img src="https://example.invalid/far.png" alt="far">
        <svg width="0" height="0"></svg><div style="width: 2000px">wide</div>
        <script>console.error("loud"); throw new Error("thrown");</script></html>"#;

    #[test]
    fn what_is_wrong_with_a_page_is_found() {
        let Some(program) = browser::find() else {
            println!("skipped: no Chromium in PATH");
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.html");
        fs::write(&page, PAGE).unwrap();
        let mut browser = Browser::start(&program).unwrap();
        let (_, problems) = look_at(&mut browser, &page, None).unwrap();
        for wrong in [
            "390 px, dark: is 2008 px wide",
            "has a contrast of 2.8",
            "is broken: <img src=\"missing.png\"",
            "takes no room: <svg",
            "has no alt text: <svg",
            "loud",
            "thrown",
            "asks the network for https://example.invalid/far.png",
        ] {
            let is_found = problems.iter().any(|problem| problem.contains(wrong));
            assert!(is_found, "not found: {wrong}, in {problems:#?}");
        }
    }

    #[test]
    fn a_verdict_that_is_not_in_the_json_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.html");
        let json = json!({"data": "", "passed": false, "checks": [
            {"name": "a", "expected": "1", "measured": "2", "verdict": "failed"}
        ]});
        fs::write(folder.path().join("checks.json"), json.to_string()).unwrap();
        let found = |passed: &str, slug: &str, word: &str| Found {
            problems: Vec::new(),
            pictures: 0,
            json: Some("checks.json".into()),
            passed: Some(passed.into()),
            checks: vec![["a", "1", "2", slug, word].map(str::to_owned)],
        };
        let wrong = |found| disagreements(&found, &page).unwrap().len();
        assert_eq!(wrong(found("false", "failed", "FAIL")), 0);
        assert_eq!(wrong(found("false", "failed", "pass")), 1);
        assert_eq!(wrong(found("false", "passed", "pass")), 1);
        assert_eq!(wrong(found("true", "failed", "FAIL")), 1);
        assert_eq!(wrong(Found { checks: Vec::new(), ..found("false", "failed", "FAIL") }), 1);
    }
}
