//! The report as a page: one file, which needs no other and no network.

use std::error::Error;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::check::{Check, Verdict};
use super::findings::{Bar, Drawing, Exhibit};
use super::{Report, Subject};
use crate::pictures::{data_uri, grid};
use crate::sheet::Row;

/// Pixels between the pictures of a strip.
const GAP: u32 = 2;

/// The page; `json` is where the same checks are for programs, seen from it.
pub(super) fn page(report: &Report, json: &str) -> Result<String, Box<dyn Error>> {
    let title = if report.passed { "all checks passed" } else { "a check failed" };
    let sections = report.subjects.iter().map(section).collect::<Result<Vec<_>, _>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "mizumashi verify: " (title) }
                link rel="alternate" type="application/json" href=(json);
                link rel="icon" href="data:,";
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                header data-passed=(report.passed) {
                    p.name { "mizumashi " (env!("CARGO_PKG_VERSION")) " · " code { "cargo xtask verify" } }
                    h1 { (title) }
                    p {
                        @for (number, verdict) in [Verdict::Passed, Verdict::Failed, Verdict::Information].into_iter().enumerate() {
                            @if number > 0 { " · " }
                            strong { (report.count(verdict)) } " " (plural(verdict))
                        }
                        (format!(" · {:.1} s on {} threads", report.seconds, report.threads))
                    }
                    p { "Data: " (report.data) }
                }
                nav aria-label="Subjects" {
                    ul { @for subject in &report.subjects { li { a href={ "#" (slug(subject)) } { (subject.name) } } } }
                }
                main { @for section in sections { (section) } }
                footer { p { "The same figures for programs: " a href=(json) { (json) } } }
            }
        }
    };
    Ok(page.into_string())
}

fn plural(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Information => "for information",
    }
}

fn slug(subject: &Subject) -> String {
    subject.name.replace(' ', "-")
}

fn section(subject: &Subject) -> Result<Markup, Box<dyn Error>> {
    let exhibits = subject.exhibits.iter().map(exhibit).collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        section id=(slug(subject)) {
            h2 { (subject.name) }
            (table(&subject.checks))
            div.exhibits { @for exhibit in exhibits { (exhibit) } }
        }
    })
}

fn table(checks: &[Check]) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { "check" } th scope="col" { "limit" } th scope="col" { "figure" } th scope="col" { "verdict" } } }
            tbody {
                @for Check { name, expected, measured, verdict } in checks {
                    tr data-verdict=(verdict.slug()) {
                        th scope="row" { (name) }
                        td data-label="limit" { (expected) }
                        td data-label="figure" { (measured) }
                        td { span.verdict { (verdict.word()) } }
                    }
                }
            }
        }
    }
}

fn exhibit(exhibit: &Exhibit) -> Result<Markup, Box<dyn Error>> {
    let strips = exhibit.strips.iter().map(strip).collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        figure {
            figcaption { h3 { (exhibit.heading) } p { (exhibit.words) } }
            @for strip in strips { (strip) }
            @if !exhibit.drawings.is_empty() {
                div.drawings { @for drawing in &exhibit.drawings { (draw(drawing)) } }
            }
            @if !exhibit.bars.is_empty() { (bars(&exhibit.bars)) }
        }
    })
}

fn draw(Drawing { svg, alt }: &Drawing) -> Markup {
    html! { div.drawing role="img" aria-label=(alt) { (PreEscaped(svg)) } }
}

/// Pictures side by side below their label, as one.
fn strip(row: &Row) -> Result<Markup, Box<dyn Error>> {
    let pictures = grid(std::slice::from_ref(&row.pictures), GAP);
    let (width, height) = pictures.dimensions();
    let alt = format!("{}, {}: {} pictures", row.label, row.remark, row.pictures.len());
    // A strip of few pictures does not grow to the width of one of many.
    let share = format!("--pictures: {}", row.pictures.len());
    let source = data_uri(&pictures.into())?;
    Ok(html! {
        div.strip {
            p { strong { (row.label) } " " span { (row.remark) } }
            img src=(source) width=(width) height=(height) alt=(alt) style=(share);
        }
    })
}

fn bars(bars: &[Bar]) -> Markup {
    let greatest = bars.iter().map(|bar| bar.images_per_second).fold(f64::MIN_POSITIVE, f64::max);
    html! {
        dl.bars {
            @for bar in bars {
                dt { (bar.name) }
                dd {
                    span.bar style=(format!("width: {:.2}%", 100.0 * bar.images_per_second / greatest)) {}
                    span { (thousands(bar.images_per_second)) }
                }
            }
        }
    }
}

/// A whole number with thin spaces between thousands.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    groups.join("\u{2009}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{GRID, INK, PAPER, css};

    #[test]
    fn the_style_sheet_knows_the_colours_of_drawings() {
        let style = include_str!("page.css");
        for colour in [INK, GRID, PAPER] {
            assert!(style.contains(&format!("=\"{}\"", css(colour))), "{}", css(colour));
        }
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(thousands(1_234_567.8), "1\u{2009}234\u{2009}568");
        assert_eq!(thousands(12.0), "12");
    }

    #[test]
    fn words_from_checks_are_escaped() {
        let page = table(&[Check::information("|C - I| < 1 & so on", "<script>")]).into_string();
        assert!(page.contains("|C - I| &lt; 1 &amp; so on"));
        assert!(!page.contains("<script>"));
    }
}
