//! What a Markdown page holds: headings, links, pictures and listings.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A parsed page.
pub(super) struct Page {
    /// Where it is, from the root of the workspace.
    pub(super) path: PathBuf,
    /// The anchors of its headings.
    pub(super) anchors: Vec<String>,
    /// Where its links lead.
    pub(super) links: Vec<String>,
    pub(super) pictures: Vec<Picture>,
    pub(super) listings: Vec<Listing>,
}

pub(super) struct Picture {
    pub(super) path: String,
    /// What is read out in its stead.
    pub(super) alt: String,
}

/// A block of code.
pub(super) struct Listing {
    /// The first line of it, counted from 1.
    pub(super) line: usize,
    /// `rust,no_run` and the like.
    pub(super) language: String,
    pub(super) code: String,
    /// Why it is not run: what stands after `not run:` in a comment right before it.
    pub(super) not_run: Option<String>,
}

impl Page {
    /// Reads a page, whose path begins with `root`.
    pub(super) fn read(root: &Path, path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Ok(Self::parse(path.strip_prefix(root)?.to_owned(), &text))
    }

    fn parse(path: PathBuf, text: &str) -> Self {
        let mut page =
            Self { path, anchors: vec![], links: vec![], pictures: vec![], listings: vec![] };
        let mut seen = HashMap::new();
        let (mut heading, mut alt, mut not_run) = (None::<String>, None::<String>, None);
        let mut in_listing = false;
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let heading = heading.take().unwrap_or_default();
                    page.anchors.push(unique(slug(&heading), &mut seen));
                }
                Event::Start(Tag::Link { dest_url, .. }) => page.links.push(dest_url.into_string()),
                Event::Start(Tag::Image { dest_url, .. }) => {
                    page.pictures
                        .push(Picture { path: dest_url.into_string(), alt: String::new() });
                    alt = Some(String::new());
                }
                Event::End(TagEnd::Image) => {
                    if let (Some(picture), Some(alt)) = (page.pictures.last_mut(), alt.take()) {
                        picture.alt = alt;
                    }
                }
                Event::Html(html) if !html.trim().is_empty() => {
                    let comment = html.trim().strip_prefix("<!--");
                    not_run = comment
                        .and_then(|comment| comment.trim().strip_suffix("-->"))
                        .and_then(|comment| comment.trim().strip_prefix("not run:"))
                        .map(|reason| reason.trim().to_owned());
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let language = match kind {
                        CodeBlockKind::Fenced(language) => language.into_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    let line = text[..range.start].lines().count() + 1;
                    let not_run = not_run.take();
                    page.listings.push(Listing { line, language, code: String::new(), not_run });
                    in_listing = true;
                }
                Event::End(TagEnd::CodeBlock) => in_listing = false,
                Event::Text(words) if in_listing => {
                    if let Some(listing) = page.listings.last_mut() {
                        listing.code += &words;
                    }
                }
                Event::Text(words) | Event::Code(words) => {
                    for text in [&mut heading, &mut alt].into_iter().flatten() {
                        *text += &words;
                    }
                }
                Event::SoftBreak => {
                    for text in [&mut heading, &mut alt].into_iter().flatten() {
                        text.push(' ');
                    }
                }
                Event::Start(Tag::Paragraph) => not_run = None,
                _ => {}
            }
        }
        page
    }

    /// The folder that its links start from.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

impl Listing {
    /// `rust` of `rust,no_run`.
    pub(super) fn is_in(&self, language: &str) -> bool {
        self.language.split(',').next() == Some(language)
    }
}

/// The anchor that code hosts and mdBook give a heading.
fn slug(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ => letter.is_alphanumeric().then_some(letter),
        })
        .collect()
}

/// The second heading of a name gets a number.
fn unique(slug: String, seen: &mut HashMap<String, usize>) -> String {
    let times = seen.entry(slug.clone()).or_default();
    *times += 1;
    if *times == 1 { slug } else { format!("{slug}-{}", *times - 1) }
}

#[cfg(test)]
mod tests {
    use super::Page;

    const TEXT: &str = "# `fit`, and *what* it needs\n\n[there](a.md#b) ![a\nround ball](c.svg)\n\n\
        <!-- not run: takes an hour -->\n```sh\ntrain\n```\n\n```rust,no_run\nlet x;\n```\n\n## Twice\n\n## Twice\n";

    #[test]
    fn all_parts_are_found() {
        let page = Page::parse("page.md".into(), TEXT);
        assert_eq!(page.anchors, ["fit-and-what-it-needs", "twice", "twice-1"]);
        assert_eq!(page.links, ["a.md#b"]);
        assert_eq!(page.pictures[0].alt, "a round ball");
        let [shell, rust] = &page.listings[..] else { panic!("two listings") };
        assert_eq!((shell.line, shell.not_run.as_deref()), (7, Some("takes an hour")));
        assert!(rust.is_in("rust") && rust.not_run.is_none() && rust.code == "let x;\n");
    }
}
