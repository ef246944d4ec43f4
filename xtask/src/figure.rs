//! An SVG of pictures and words: pictures as PNG inside it, words as text.

use std::error::Error;
use std::fs;
use std::path::Path;

use image::{DynamicImage, Rgb};
use svg::Document;
use svg::node::element::{Image, Polyline, Rectangle, Text};

use crate::pictures::data_uri;
use crate::plot::{INK, PAPER, css};

/// A page on white, so that it can be read on any background.
pub(crate) struct Figure {
    document: Document,
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Figure {
    /// An empty page; all lengths are in pixels.
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let paper =
            Rectangle::new().set("width", width).set("height", height).set("fill", css(PAPER));
        let document = Document::new()
            .set("viewBox", (0, 0, width, height))
            .set("width", width)
            .set("height", height)
            .add(paper);
        Self { document }
    }

    /// Text with its baseline at `y`.
    pub(crate) fn text(
        &mut self,
        place: (u32, u32),
        anchor: Anchor,
        size: u32,
        text: impl Into<String>,
    ) {
        self.coloured_text(place, anchor, size, css(INK), text.into());
    }

    /// Text about `x` on ground of this colour, whatever the page may be shown on.
    pub(crate) fn text_on(
        &mut self,
        ground: Rgb<u8>,
        place: (u32, u32),
        size: u32,
        text: impl Into<String>,
    ) {
        let [red, green, blue] = ground.0.map(f64::from);
        let light = 0.299 * red + 0.587 * green + 0.114 * blue > 128.0;
        let colour = if light { "black" } else { "white" };
        self.coloured_text(place, Anchor::Middle, size, colour.into(), text.into());
    }

    fn coloured_text(
        &mut self,
        (x, y): (u32, u32),
        anchor: Anchor,
        size: u32,
        colour: String,
        text: String,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = Text::new(text)
            .set("x", x)
            .set("y", y)
            .set("text-anchor", anchor)
            .set("font-family", "sans-serif")
            .set("font-size", size)
            .set("fill", colour);
        self.add(text);
    }

    /// A rectangle of one colour.
    pub(crate) fn rectangle(
        &mut self,
        (x, y): (u32, u32),
        (width, height): (u32, u32),
        fill: Rgb<u8>,
    ) {
        let rectangle = Rectangle::new()
            .set("x", x)
            .set("y", y)
            .set("width", width)
            .set("height", height)
            .set("fill", css(fill.0));
        self.add(rectangle);
    }

    /// A line through points, `width` pixels wide.
    pub(crate) fn line(&mut self, points: &[(f64, f64)], colour: [u8; 3], width: u32) {
        let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let line = Polyline::new()
            .set("points", points.join(" "))
            .set("fill", "none")
            .set("stroke", css(colour))
            .set("stroke-width", width);
        self.add(line);
    }

    /// A picture with its upper left corner here, each of its pixels `zoom` pixels of the page.
    pub(crate) fn picture(
        &mut self,
        (x, y): (u32, u32),
        zoom: u32,
        picture: &DynamicImage,
    ) -> Result<(), Box<dyn Error>> {
        let image = Image::new()
            .set("x", x)
            .set("y", y)
            .set("width", picture.width() * zoom)
            .set("height", picture.height() * zoom)
            .set("style", "image-rendering: pixelated")
            .set("href", data_uri(picture)?);
        self.add(image);
        Ok(())
    }

    /// Writes the page to a file, whose folder is made where it is not there.
    pub(crate) fn save(self, path: &Path) -> Result<(), Box<dyn Error>> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        svg::save(path, &self.document)?;
        Ok(())
    }

    /// The page as the text of an SVG file.
    pub(crate) fn svg(&self) -> String {
        self.document.to_string()
    }

    fn add(&mut self, node: impl Into<Box<dyn svg::Node>>) {
        let document = std::mem::replace(&mut self.document, Document::new());
        self.document = document.add(node);
    }
}
