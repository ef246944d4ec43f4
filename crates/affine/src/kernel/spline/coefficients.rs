//! Images of B-spline coefficients.

use fearless_simd::{Level, dispatch};

use super::super::pixels::Pixels;
use super::filter::{Symmetry, filter};
use crate::{Border, Error, SplineOrder};

/// How wide the frame around the filtered image is: twice as far as the taps of a place reach, so
/// that those of a place [`REACH`] outside see nothing but the frame.
const FRAME: usize = 2 * REACH as usize;

/// So far beyond the pixels on either side of a place its taps may reach.
pub(super) const REACH: i32 = 3;

/// How often the edge is repeated before the image is filtered with [`Border::Nearest`], as in
/// scipy. Beyond, where the spline has all but come to rest, its last coefficient is repeated.
pub(super) const REPEATED: usize = 12;

/// How many rows are filtered along x at a time, side by side.
const ROWS: usize = 8;

/// The memory for the coefficients of up to four channels, and what they are made with.
#[derive(Debug)]
pub(super) struct Workshop {
    level: Level,
    order: SplineOrder,
    symmetry: Symmetry,
    /// By how many pixels the image is extended on every side before it is filtered.
    repeated: usize,
    /// Height and width of the image.
    size: (usize, usize),
    image: Vec<f64>,
    rows: Vec<f64>,
}

/// The coefficients of `C` channels of an image and of a frame around it, wide enough for the taps
/// of every place that can be asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coefficients<'w, const C: usize> {
    /// Row by row.
    pub(super) pixels: &'w [[f64; C]],
    /// How many there are in a row.
    pub(super) columns: usize,
    /// The row and the column where those of the first pixel are.
    pub(super) origin: usize,
}

impl Workshop {
    /// Memory for images of this height, width and number of channels.
    ///
    /// # Errors
    /// [`Error::SplineMemory`] where there is not enough.
    pub(super) fn new(
        level: Level,
        order: SplineOrder,
        border: Border,
        (height, width, channels): (usize, usize, usize),
    ) -> Result<Self, Error> {
        let symmetry = match border {
            Border::Constant(_) | Border::Wrap => Symmetry::AtCentres,
            Border::Nearest | Border::Reflect => Symmetry::AtEdges,
        };
        let repeated = if border == Border::Nearest { REPEATED } else { 0 };
        let channels = channels.min(4);
        let framed = |side: usize| side + 2 * (repeated + FRAME);
        let count = framed(width)
            .checked_mul(framed(height))
            .and_then(|pixels| pixels.checked_mul(channels))
            .unwrap_or(usize::MAX);
        let (mut image, mut rows) = (Vec::new(), Vec::new());
        image
            .try_reserve_exact(count)
            .and_then(|()| rows.try_reserve_exact(framed(width) * ROWS * channels))
            .map_err(|_| Error::SplineMemory { height, width, coefficients: count })?;
        image.resize(count, 0.0);
        rows.resize(framed(width) * ROWS * channels, 0.0);
        Ok(Self { level, order, symmetry, repeated, size: (height, width), image, rows })
    }

    /// The coefficients of `C` channels of an image, from channel `first` on.
    pub(super) fn make<const C: usize>(
        &mut self,
        source: &impl Pixels,
        first: usize,
    ) -> Coefficients<'_, C> {
        let (height, width) = self.size;
        let (level, order, symmetry) = (self.level, self.order, self.symmetry);
        let origin = self.repeated + FRAME;
        let extended = |side: usize| side + 2 * self.repeated;
        let columns = width + 2 * origin;
        // What the frame shows.
        let shown = |place: usize, len: usize| {
            let (index, len) = (place as i32 - FRAME as i32, len as i32);
            let index =
                if origin > FRAME { index.clamp(0, len - 1) } else { symmetry.sample(index, len) };
            index as usize
        };
        let (image, _) = self.image.as_chunks_mut::<C>();
        let (rows, _) = self.rows.as_chunks_mut::<C>();

        // Along x, with rows side by side.
        for top in (0..height).step_by(ROWS) {
            let count = ROWS.min(height - top);
            let lines = &mut rows[..extended(width) * count];
            for (column, pixels) in lines.chunks_exact_mut(count).enumerate() {
                let column = column.saturating_sub(self.repeated).min(width - 1);
                for (row, pixel) in pixels.iter_mut().enumerate() {
                    *pixel = source.read::<C>(top + row, column, first).map(f64::from);
                }
            }
            let samples = lines.as_flattened_mut();
            dispatch!(level, simd => filter(simd, samples, count * C, order, symmetry));
            for row in 0..count {
                let to = &mut image[(origin + top + row) * columns..][..columns];
                for (place, pixel) in to.iter_mut().enumerate() {
                    *pixel = lines[shown(place, extended(width)) * count + row];
                }
            }
        }
        let mut copy_row = |from: usize, to: usize| {
            image.copy_within(from * columns..(from + 1) * columns, to * columns);
        };
        let last = origin + height - 1;
        for place in 0..self.repeated {
            copy_row(origin, FRAME + place);
            copy_row(last, last + 1 + place);
        }

        // Along y, with columns side by side.
        let samples = &mut image[FRAME * columns..][..extended(height) * columns];
        let samples = samples.as_flattened_mut();
        dispatch!(level, simd => filter(simd, samples, columns * C, order, symmetry));
        for place in 0..FRAME {
            for row in [place, FRAME + extended(height) + place] {
                let from = (FRAME + shown(row, extended(height))) * columns;
                image.copy_within(from..from + columns, row * columns);
            }
        }
        let rows = height + 2 * origin;
        Coefficients { pixels: &image[..rows * columns], columns, origin }
    }
}
