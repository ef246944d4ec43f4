//! An SVG of pictures and words: pictures as PNG inside it, words as text.

use std::error::Error;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, Rgb, RgbImage};
use svg::Document;
use svg::node::element::{Image, Rectangle, Text};

const INK: &str = "#3c3c3c";

/// A page on white, so that it can be read on any background.
pub(super) struct Figure {
    document: Document,
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Figure {
    /// An empty page; all lengths are in pixels.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let paper = Rectangle::new().set("width", width).set("height", height).set("fill", "white");
        let document = Document::new()
            .set("viewBox", (0, 0, width, height))
            .set("width", width)
            .set("height", height)
            .add(paper);
        Self { document }
    }

    /// Text with its baseline at `y`.
    pub(super) fn text(
        &mut self,
        place: (u32, u32),
        anchor: Anchor,
        size: u32,
        text: impl Into<String>,
    ) {
        self.coloured_text(place, anchor, size, INK, text.into());
    }

    /// White text about `x`, for dark ground.
    pub(super) fn light_text(&mut self, place: (u32, u32), size: u32, text: impl Into<String>) {
        self.coloured_text(place, Anchor::Middle, size, "white", text.into());
    }

    fn coloured_text(
        &mut self,
        (x, y): (u32, u32),
        anchor: Anchor,
        size: u32,
        colour: &str,
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
    pub(super) fn rectangle(
        &mut self,
        (x, y): (u32, u32),
        (width, height): (u32, u32),
        fill: Rgb<u8>,
    ) {
        let [red, green, blue] = fill.0;
        let rectangle = Rectangle::new()
            .set("x", x)
            .set("y", y)
            .set("width", width)
            .set("height", height)
            .set("fill", format!("rgb({red},{green},{blue})"));
        self.add(rectangle);
    }

    /// A picture with its upper left corner here, each of its pixels `zoom` pixels of the page.
    pub(super) fn picture(
        &mut self,
        (x, y): (u32, u32),
        zoom: u32,
        picture: &RgbImage,
    ) -> Result<(), Box<dyn Error>> {
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png)?;
        let href = format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner()));
        let image = Image::new()
            .set("x", x)
            .set("y", y)
            .set("width", picture.width() * zoom)
            .set("height", picture.height() * zoom)
            .set("style", "image-rendering: pixelated")
            .set("href", href);
        self.add(image);
        Ok(())
    }

    /// Writes the page to a file, whose folder is made where it is not there.
    pub(super) fn save(self, path: &Path) -> Result<(), Box<dyn Error>> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        svg::save(path, &self.document)?;
        Ok(())
    }

    fn add(&mut self, node: impl Into<Box<dyn svg::Node>>) {
        let document = std::mem::replace(&mut self.document, Document::new());
        self.document = document.add(node);
    }
}
