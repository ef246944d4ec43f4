use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Point};

/// An affine map of the plane, as a 2x3 matrix that acts on points (x, y).
///
/// ```text
/// | a b c |      x' = a x + b y + c
/// | d e f |      y' = d x + e y + f
/// ```
///
/// x counts columns to the right and y counts rows downwards; pixel centres lie at integers, so
/// that the top left pixel has its centre at (0, 0).
///
/// When an image is resampled, the map takes **output** pixel coordinates to **input** pixel
/// coordinates: to show the picture moved to the right by 2, the map is `translation(-2.0, 0.0)`.
///
/// Serialised as its rows, `[[a, b, c], [d, e, f]]`.
///
/// ```
/// use mizumashi_affine::{Affine, Point};
///
/// let map = Affine::scale(2.0, 3.0).then(&Affine::translation(1.0, 0.0));
/// assert_eq!(map, Affine::new([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0]]));
/// assert_eq!(map.map(Point { x: 1.0, y: 1.0 }), Point { x: 3.0, y: 3.0 });
/// assert_eq!(map.then(&map.inverse()?), Affine::IDENTITY);
/// # Ok::<(), mizumashi_affine::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Affine {
    rows: [[f64; 3]; 2],
}

impl Affine {
    /// The map that leaves every point where it is.
    pub const IDENTITY: Self = Self::new([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);

    /// The map with the given rows, `[[a, b, c], [d, e, f]]`.
    pub const fn new(rows: [[f64; 3]; 2]) -> Self {
        Self { rows }
    }

    /// The rows of the matrix, `[[a, b, c], [d, e, f]]`.
    pub const fn rows(&self) -> [[f64; 3]; 2] {
        self.rows
    }

    /// Moves points by `dx` to the right and by `dy` downwards.
    ///
    /// ```text
    /// | 1 0 dx |
    /// | 0 1 dy |
    /// ```
    pub const fn translation(dx: f64, dy: f64) -> Self {
        Self::new([[1.0, 0.0, dx], [0.0, 1.0, dy]])
    }

    /// Turns points about the origin by an angle in degrees, from the x axis towards the y axis:
    /// as y points downwards, a positive angle turns *clockwise* on the screen.
    ///
    /// ```text
    /// | cos -sin 0 |
    /// | sin  cos 0 |
    /// ```
    ///
    /// Multiples of 90 degrees are exact: their coefficients are 0, 1 and -1. Other angles go
    /// through the `libm` crate, hence have the same bits on every machine.
    pub fn rotation(degrees: f64) -> Self {
        let (sin, cos) = sin_cos(degrees);
        Self::new([[cos, -sin, 0.0], [sin, cos, 0.0]])
    }

    /// Stretches points away from the origin, by `sx` along x and by `sy` along y.
    ///
    /// ```text
    /// | sx 0  0 |
    /// | 0  sy 0 |
    /// ```
    pub const fn scale(sx: f64, sy: f64) -> Self {
        Self::new([[sx, 0.0, 0.0], [0.0, sy, 0.0]])
    }

    /// Slides points along each axis in proportion to the other coordinate: by `kx` y to the
    /// right and by `ky` x downwards.
    ///
    /// ```text
    /// | 1  kx 0 |
    /// | ky 1  0 |
    /// ```
    pub const fn shear(kx: f64, ky: f64) -> Self {
        Self::new([[1.0, kx, 0.0], [ky, 1.0, 0.0]])
    }

    /// Mirrors an image of `width` columns left to right: x becomes width - 1 - x.
    ///
    /// ```text
    /// | -1 0 width-1 |
    /// |  0 1 0       |
    /// ```
    pub const fn flip_horizontal(width: usize) -> Self {
        Self::new([[-1.0, 0.0, width as f64 - 1.0], [0.0, 1.0, 0.0]])
    }

    /// Mirrors an image of `height` rows top to bottom: y becomes height - 1 - y.
    ///
    /// ```text
    /// | 1  0 0        |
    /// | 0 -1 height-1 |
    /// ```
    pub const fn flip_vertical(height: usize) -> Self {
        Self::new([[1.0, 0.0, 0.0], [0.0, -1.0, height as f64 - 1.0]])
    }

    /// Takes an image of size `from` onto one of size `to`, both (height, width), so that their
    /// outer *edges* coincide.
    ///
    /// ```text
    /// | sx 0  (sx-1)/2 |      sx = to width  / from width
    /// | 0  sy (sy-1)/2 |      sy = to height / from height
    /// ```
    ///
    /// To resize by resampling, `from` is the size of the output and `to` that of the input. A
    /// side of 0 in `from` gives a map that is not finite.
    pub const fn resize(from: (usize, usize), to: (usize, usize)) -> Self {
        let sx = to.1 as f64 / from.1 as f64;
        let sy = to.0 as f64 / from.0 as f64;
        Self::new([[sx, 0.0, (sx - 1.0) * 0.5], [0.0, sy, (sy - 1.0) * 0.5]])
    }

    /// The same map with `center` in the role of the origin: move `center` to the origin, apply
    /// `self`, move back.
    #[must_use]
    pub fn about(&self, center: Point) -> Self {
        // The translation is corrected rather than recomputed, so that the part of it which does
        // not depend on the centre is never rounded.
        let [[a, b, c], [d, e, f]] = self.rows;
        let Point { x, y } = center;
        Self::new([[a, b, c + (x - (a * x + b * y))], [d, e, f + (y - (d * x + e * y))]])
    }

    /// This map followed by `next`: the matrix product next · self.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let [[a, b, c], [d, e, f]] = self.rows;
        Self::new(next.rows.map(|[p, q, r]| [p * a + q * d, p * b + q * e, (p * c + q * f) + r]))
    }

    /// The map that undoes this one.
    ///
    /// # Errors
    /// [`Error::NotInvertible`] when the determinant is 0 or a coefficient of the inverse is not
    /// finite.
    pub fn inverse(&self) -> Result<Self, Error> {
        let [[a, b, c], [d, e, f]] = self.rows;
        let determinant = self.determinant();
        let [p, q, r, s] = [e, -b, -d, a].map(|cofactor| cofactor / determinant);
        let inverse = Self::new([[p, q, -(p * c + q * f)], [r, s, -(r * c + s * f)]]);
        if determinant != 0.0 && inverse.is_finite() {
            Ok(inverse)
        } else {
            Err(Error::NotInvertible { map: *self, determinant })
        }
    }

    /// The determinant a e - b d of the linear part: the factor by which areas grow, negative
    /// when the map mirrors.
    pub fn determinant(&self) -> f64 {
        let [[a, b, _], [d, e, _]] = self.rows;
        a * e - b * d
    }

    /// Where the map takes a point.
    pub fn map(&self, point: Point) -> Point {
        let [x, y] = self.rows.map(|[p, q, r]| p * point.x + (q * point.y + r));
        Point { x, y }
    }

    /// Whether all six coefficients are finite.
    pub fn is_finite(&self) -> bool {
        self.rows.as_flattened().iter().all(|v| v.is_finite())
    }

    /// Whether this is exactly the identity.
    pub fn is_identity(&self) -> bool {
        *self == Self::IDENTITY
    }
}

/// The identity.
impl Default for Affine {
    fn default() -> Self {
        Self::IDENTITY
    }
}

/// Prints the rows on one line, `[[a, b, c], [d, e, f]]`; a precision such as `{:.3}` applies to
/// each coefficient.
impl fmt::Display for Affine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.rows.as_flattened().iter().enumerate() {
            formatter.write_str(["[[", ", ", ", ", "], [", ", ", ", "][index])?;
            fmt::Display::fmt(value, formatter)?;
        }
        formatter.write_str("]]")
    }
}

/// Sine and cosine of an angle in degrees, exact at multiples of 90.
pub(crate) fn sin_cos(degrees: f64) -> (f64, f64) {
    // Both the remainder and the distance to the nearest quarter turn are exact.
    let degrees = degrees % 360.0;
    let quarters = (degrees / 90.0).round();
    let (sin, cos) = libm::sincos((degrees - 90.0 * quarters) * (std::f64::consts::PI / 180.0));
    match (quarters as i32).rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}
