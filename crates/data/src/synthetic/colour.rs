use std::ops::{Add, Mul};

/// A colour as the eye sorts it: lightness first, then two faint differences. Photographs vary
/// most in the first, which is why their red, green and blue are so alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Colour {
    /// Dark 0 to light 1.
    pub(super) light: f32,
    /// Blue (negative) to yellow-red (positive).
    pub(super) warm: f32,
    /// Magenta (negative) to green (positive).
    pub(super) green: f32,
}

impl Colour {
    pub(super) const BLACK: Self = Self::new(0.0, 0.0, 0.0);

    pub(super) const fn new(light: f32, warm: f32, green: f32) -> Self {
        Self { light, warm, green }
    }

    /// Red, green and blue, each 0 to 1 when in gamut.
    pub(super) fn to_rgb(self) -> [f32; 3] {
        [
            self.light + self.warm - 0.5 * self.green,
            self.light + 0.5 * self.green,
            self.light - self.warm - 0.5 * self.green,
        ]
    }

    /// This colour for `share` 0, the other for `share` 1, in between for the rest.
    pub(super) fn blend(self, other: Self, share: f32) -> Self {
        self * (1.0 - share) + other * share
    }
}

impl Add for Colour {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.light + other.light, self.warm + other.warm, self.green + other.green)
    }
}

impl Mul<f32> for Colour {
    type Output = Self;

    fn mul(self, factor: f32) -> Self {
        Self::new(self.light * factor, self.warm * factor, self.green * factor)
    }
}
