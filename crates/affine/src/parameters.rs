use serde::{Deserialize, Serialize};

use crate::affine::sin_cos;
use crate::{Affine, Point};

/// The numbers of one affine change of an image, each by its name.
///
/// They mean what Keras' `ImageDataGenerator.apply_transform` makes of them, which is given here in
/// (row, column) coordinates and from output to input, relative to the centre of the image:
///
/// ```text
///          rotation           shift      shear         zoom
/// | row' |   | cos -sin |   | 1 0 tx |   | 1 -sin s |   | zx 0  |   | row |
/// | col' | = | sin  cos | · | 0 1 ty | · | 0  cos s | · | 0  zy | · | col |
/// ```
///
/// The default changes nothing.
///
/// ```
/// use mizumashi_affine::{AffineParameters, Point};
///
/// let parameters = AffineParameters { width_shift: 3.0, ..AffineParameters::default() };
/// let map = parameters.to_affine(32, 32);
/// assert_eq!(map.map(Point { x: 10.0, y: 5.0 }), Point { x: 13.0, y: 5.0 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AffineParameters {
    /// Rotation in degrees; positive turns the picture clockwise. Keras: `theta`.
    pub rotation: f64,
    /// Shift along the rows in pixels; positive moves the picture up. Keras: `tx`.
    pub height_shift: f64,
    /// Shift along the columns in pixels; positive moves the picture left. Keras: `ty`.
    pub width_shift: f64,
    /// Shear angle s in degrees. Keras: `shear`.
    pub shear: f64,
    /// Zoom along the rows; above 1 the picture gets smaller. Keras: `zx`.
    pub height_zoom: f64,
    /// Zoom along the columns; above 1 the picture gets smaller. Keras: `zy`.
    pub width_zoom: f64,
    /// Whether the result is then mirrored left to right. Keras: `flip_horizontal`.
    pub horizontal_flip: bool,
    /// Whether the result is then mirrored top to bottom. Keras: `flip_vertical`.
    pub vertical_flip: bool,
}

impl AffineParameters {
    /// The map from output to input for an image of `height` rows and `width` columns, about its
    /// true centre ((width - 1) / 2, (height - 1) / 2), flips included.
    pub fn to_affine(&self, height: usize, width: usize) -> Affine {
        self.to_affine_about(Point::center_of(height, width), height, width)
    }

    /// The map from output to input for an image of `height` rows and `width` columns, about
    /// `center`; flips, which mirror the whole frame, included.
    pub fn to_affine_about(&self, center: Point, height: usize, width: usize) -> Affine {
        let mut map = Affine::IDENTITY;
        if self.horizontal_flip {
            map = map.then(&Affine::flip_horizontal(width));
        }
        if self.vertical_flip {
            map = map.then(&Affine::flip_vertical(height));
        }
        map.then(&self.matrix().about(center))
    }

    /// The map from output to input about the origin, flips left out.
    ///
    /// For any centre, and without flips: `parameters.matrix().about(center)`.
    pub fn matrix(&self) -> Affine {
        let (sin, cos) = sin_cos(self.shear);
        // The matrices above act on (row, column): seen from (x, y), the rotation turns the other
        // way round and the shear is transposed.
        Affine::scale(self.width_zoom, self.height_zoom)
            .then(&Affine::new([[cos, 0.0, 0.0], [-sin, 1.0, 0.0]]))
            .then(&Affine::translation(self.width_shift, self.height_shift))
            .then(&Affine::rotation(-self.rotation))
    }
}

impl Default for AffineParameters {
    fn default() -> Self {
        Self {
            rotation: 0.0,
            height_shift: 0.0,
            width_shift: 0.0,
            shear: 0.0,
            height_zoom: 1.0,
            width_zoom: 1.0,
            horizontal_flip: false,
            vertical_flip: false,
        }
    }
}
