//! A bitmap to draw on, with text in a font of its own: the same letters on every machine.

use std::convert::Infallible;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::RgbImage;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use crate::error::Error;

/// A picture that `plotters` draws into.
pub(crate) struct Canvas<'p> {
    picture: &'p mut RgbImage,
    font: FontRef<'static>,
}

impl<'p> Canvas<'p> {
    pub(crate) fn new(picture: &'p mut RgbImage) -> Result<Self, Error> {
        let font = FontRef::try_from_slice(epaint_default_fonts::HACK_REGULAR)
            .map_err(|source| Error::Draw { source: source.into() })?;
        Ok(Self { picture, font })
    }

    /// Writes a line of text whose upper left corner is at `(x, y)`.
    pub(crate) fn text(&mut self, text: &str, size: f32, (x, y): (i32, i32), rgb: (u8, u8, u8)) {
        let scale = PxScale::from(size);
        self.glyphs(text, scale, |dx, dy, alpha| ((x + dx, y + dy), alpha), rgb);
    }

    /// Width of a line of text in pixels.
    pub(crate) fn width(&self, text: &str, size: f32) -> u32 {
        let font = self.font.as_scaled(PxScale::from(size));
        text.chars().map(|letter| font.h_advance(font.glyph_id(letter))).sum::<f32>().ceil() as u32
    }

    /// Draws every glyph, each of its pixels where `place` puts it.
    fn glyphs(
        &mut self,
        text: &str,
        scale: PxScale,
        place: impl Fn(i32, i32, f32) -> (BackendCoord, f32),
        rgb: (u8, u8, u8),
    ) {
        let font = self.font.clone();
        let scaled = font.as_scaled(scale);
        let mut x = 0.0;
        for letter in text.chars() {
            let id = scaled.glyph_id(letter);
            let glyph = id.with_scale_and_position(scale, point(x, scaled.ascent()));
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, coverage| {
                    let (dx, dy) = (corner.x as i32 + dx as i32, corner.y as i32 + dy as i32);
                    let (at, alpha) = place(dx, dy, coverage.min(1.0));
                    self.blend(at, alpha, rgb);
                });
            }
            x += scaled.h_advance(id);
        }
    }

    fn blend(&mut self, (x, y): BackendCoord, alpha: f32, (red, green, blue): (u8, u8, u8)) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        let Some(pixel) = self.picture.get_pixel_mut_checked(x, y) else { return };
        for (value, ink) in pixel.0.iter_mut().zip([red, green, blue]) {
            let mixed = f32::from(*value) * (1.0 - alpha) + f32::from(ink) * alpha;
            *value = mixed.round() as u8;
        }
    }
}

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.picture.dimensions()
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        at: BackendCoord,
        color: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.blend(at, color.alpha as f32, color.rgb);
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size() as f32;
        Ok((self.width(text, size), size.ceil() as u32))
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (width, height) = self.estimate_text_size(text, style)?;
        let (width, height) = (width as i32, height as i32);
        let left = match style.anchor().h_pos {
            HPos::Left => 0,
            HPos::Center => -width / 2,
            HPos::Right => -width,
        };
        let top = match style.anchor().v_pos {
            VPos::Top => 0,
            VPos::Center => -height / 2,
            VPos::Bottom => -height,
        };
        let (turn, color) = (style.transform(), style.color());
        let place = |dx: i32, dy: i32, coverage: f32| {
            let (dx, dy) = turn.transform(left + dx, top + dy);
            ((x + dx, y + dy), coverage * color.alpha as f32)
        };
        self.glyphs(text, PxScale::from(style.size() as f32), place, color.rgb);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::Canvas;

    #[test]
    fn text_stays_within_its_box() {
        let mut picture = RgbImage::from_pixel(200, 40, Rgb([255; 3]));
        let mut canvas = Canvas::new(&mut picture).unwrap();
        canvas.text("Rotation -12.5\u{b0}", 14.0, (10, 10), (0, 0, 0));
        let width = canvas.width("Rotation -12.5\u{b0}", 14.0);
        let inked: Vec<(u32, u32)> = picture
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0[0] < 200)
            .map(|(x, y, _)| (x, y))
            .collect();
        assert!(inked.len() > 100, "{} pixels", inked.len());
        let within = |&(x, y): &(u32, u32)| (10..=10 + width).contains(&x) && (10..26).contains(&y);
        assert!(inked.iter().all(within));
    }
}
