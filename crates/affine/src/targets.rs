use serde::{Deserialize, Serialize};

use crate::Affine;

/// A point of the plane, in pixels: x counts columns to the right, y counts rows downwards, and
/// the centre of the top left pixel is (0, 0).
///
/// A key point given in this frame follows the picture through the *inverse* of the resampling
/// map: `map.inverse()?.map(point)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Columns to the right.
    pub x: f64,
    /// Rows downwards.
    pub y: f64,
}

impl Point {
    /// The centre of an image, ((width - 1) / 2, (height - 1) / 2).
    pub const fn center_of(height: usize, width: usize) -> Self {
        Self { x: (width as f64 - 1.0) * 0.5, y: (height as f64 - 1.0) * 0.5 }
    }
}

/// An axis-aligned box, in pixels, measured along pixel *edges*: the box of a whole image is
/// 0, 0, width, height, and pixel (x, y) fills x..x+1 by y..y+1.
///
/// This is the convention of COCO and most data sets. Pixel centres, where an [`Affine`] counts
/// from, lie half a pixel further; [`mapped`](Self::mapped) sees to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BoundingBox {
    /// Left edge.
    pub x_min: f64,
    /// Upper edge.
    pub y_min: f64,
    /// Right edge.
    pub x_max: f64,
    /// Lower edge.
    pub y_max: f64,
}

impl BoundingBox {
    /// The smallest axis-aligned box around the four mapped corners.
    ///
    /// To follow a picture, pass the *inverse* of the resampling map.
    ///
    /// ```
    /// use mizumashi_affine::{Affine, BoundingBox};
    ///
    /// let left_half = BoundingBox { x_min: 0.0, y_min: 0.0, x_max: 4.0, y_max: 6.0 };
    /// let right_half = BoundingBox { x_min: 4.0, y_min: 0.0, x_max: 8.0, y_max: 6.0 };
    /// assert_eq!(left_half.mapped(&Affine::flip_horizontal(8)), right_half);
    /// ```
    #[must_use]
    pub fn mapped(&self, map: &Affine) -> Self {
        let corners = [
            (self.x_min, self.y_min),
            (self.x_max, self.y_min),
            (self.x_min, self.y_max),
            (self.x_max, self.y_max),
        ]
        .map(|(x, y)| map.map(Point { x: x - 0.5, y: y - 0.5 }));
        let xs = corners.map(|corner| corner.x + 0.5);
        let ys = corners.map(|corner| corner.y + 0.5);
        Self {
            x_min: xs.into_iter().fold(f64::INFINITY, f64::min),
            y_min: ys.into_iter().fold(f64::INFINITY, f64::min),
            x_max: xs.into_iter().fold(f64::NEG_INFINITY, f64::max),
            y_max: ys.into_iter().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// The part of the box that lies within an image, or `None` when no area of it does.
    pub fn clipped(&self, height: usize, width: usize) -> Option<Self> {
        let part = Self {
            x_min: self.x_min.max(0.0),
            y_min: self.y_min.max(0.0),
            x_max: self.x_max.min(width as f64),
            y_max: self.y_max.min(height as f64),
        };
        (part.x_min < part.x_max && part.y_min < part.y_max).then_some(part)
    }

    /// Width times height, in square pixels.
    pub fn area(&self) -> f64 {
        (self.x_max - self.x_min) * (self.y_max - self.y_min)
    }
}
