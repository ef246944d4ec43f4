use rand::{Rng, RngExt};
use rand_distr::{Distribution, Uniform};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{AffineParameters, Error};

/// Ranges from which the [`AffineParameters`] of an image are drawn.
///
/// The default changes nothing. All fields may be left out when deserialising; unknown ones are
/// refused, and so are values that [`validate`](Self::validate) refuses.
///
/// ```
/// use mizumashi_affine::{RandomAffine, Shift};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let ranges = RandomAffine {
///     rotation: 20.0,
///     width_shift: Shift::Fraction(0.2),
///     height_shift: Shift::Fraction(0.2),
///     horizontal_flip: true,
///     ..RandomAffine::default()
/// };
/// let parameters = ranges.draw(&mut ChaCha8Rng::seed_from_u64(1), 32, 32)?;
/// assert!(parameters.rotation.abs() <= 20.0);
/// assert!(parameters.width_shift.abs() <= 0.2 * 32.0);
/// assert_eq!(parameters.shear, 0.0);
/// # Ok::<(), mizumashi_affine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct RandomAffine {
    /// Rotation in degrees, drawn uniformly from -rotation..=rotation; at most 360.
    pub rotation: f64,
    /// Shift along the columns.
    pub width_shift: Shift,
    /// Shift along the rows.
    pub height_shift: Shift,
    /// Shear angle in degrees, drawn uniformly from -shear..=shear; at most 89.
    pub shear: f64,
    /// Zoom along the rows, drawn uniformly from low..=high; above 1 the picture gets smaller.
    pub height_zoom: (f64, f64),
    /// Zoom along the columns, drawn uniformly from low..=high and independently of the rows.
    pub width_zoom: (f64, f64),
    /// Whether to mirror left to right in half of the draws.
    pub horizontal_flip: bool,
    /// Whether to mirror top to bottom in half of the draws.
    pub vertical_flip: bool,
}

/// How far an image is shifted along one axis, to either side with the same chance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shift {
    /// Not at all.
    #[default]
    None,
    /// By a fraction of the image's side, drawn uniformly from -f..=f. Keras: a range
    /// below 1.
    Fraction(f64),
    /// By a real number of pixels, drawn uniformly from -d..=d. Keras: a real range of
    /// 1 or more.
    Distance(f64),
    /// By a whole number of pixels below n: one of 0, 1, ..., n - 1, with a random sign, so that 0
    /// is twice as likely as any other value. Keras: an integer `width_shift_range`.
    Pixels(u32),
    /// By one of the given values, with a random sign. When all of them are below 1 they are
    /// fractions of the image's side, otherwise pixels. Keras: a list as `width_shift_range`.
    Choice(Vec<f64>),
}

impl RandomAffine {
    /// Draws the parameters for an image of `height` rows and `width` columns.
    ///
    /// What is drawn for a given state of `rng` is part of the interface. The eight numbers are
    /// drawn in the order rotation, height shift, width shift, shear, height zoom, width zoom,
    /// horizontal flip, vertical flip. Each takes one 64-bit word (but for a redraw with odds of
    /// less than 1 in 2^31 in [`Shift::Pixels`] and [`Shift::Choice`]), whether or not it is
    /// switched on: changing one range leaves the others' numbers alone.
    ///
    /// # Errors
    /// Those of [`validate`](Self::validate).
    pub fn draw(
        &self,
        rng: &mut (impl Rng + ?Sized),
        height: usize,
        width: usize,
    ) -> Result<AffineParameters, Error> {
        self.validate()?;
        // Initialisers run in the order in which they are written: it is the order of the draws.
        Ok(AffineParameters {
            rotation: angle("rotation", self.rotation, ROTATION_LIMIT)?.sample(rng),
            height_shift: self.height_shift.draw("height_shift", rng, height)?,
            width_shift: self.width_shift.draw("width_shift", rng, width)?,
            shear: angle("shear", self.shear, SHEAR_LIMIT)?.sample(rng),
            height_zoom: zoom("height_zoom", self.height_zoom)?.sample(rng),
            width_zoom: zoom("width_zoom", self.width_zoom)?.sample(rng),
            horizontal_flip: rng.random_bool(0.5) && self.horizontal_flip,
            vertical_flip: rng.random_bool(0.5) && self.vertical_flip,
        })
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::InvalidAngle`], [`Error::InvalidShift`], [`Error::EmptyChoice`] or
    /// [`Error::InvalidZoom`], for the first field that is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        angle("rotation", self.rotation, ROTATION_LIMIT)?;
        self.height_shift.validate("height_shift")?;
        self.width_shift.validate("width_shift")?;
        angle("shear", self.shear, SHEAR_LIMIT)?;
        zoom("height_zoom", self.height_zoom)?;
        zoom("width_zoom", self.width_zoom)?;
        Ok(())
    }
}

impl Default for RandomAffine {
    fn default() -> Self {
        Self {
            rotation: 0.0,
            width_shift: Shift::None,
            height_shift: Shift::None,
            shear: 0.0,
            height_zoom: (1.0, 1.0),
            width_zoom: (1.0, 1.0),
            horizontal_flip: false,
            vertical_flip: false,
        }
    }
}

impl Serialize for RandomAffine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for RandomAffine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ranges = Self::deserialize(deserializer)?;
        ranges.validate().map_err(serde::de::Error::custom)?;
        Ok(ranges)
    }
}

/// Reads a bare number as Keras does: below 1 it is a fraction of the side, from 1 on a number of
/// pixels.
impl From<f64> for Shift {
    fn from(range: f64) -> Self {
        if range >= 1.0 { Self::Distance(range) } else { Self::Fraction(range) }
    }
}

/// Keras' reading of a whole number.
impl From<u32> for Shift {
    fn from(pixels: u32) -> Self {
        Self::Pixels(pixels)
    }
}

/// Keras' reading of a list.
impl From<Vec<f64>> for Shift {
    fn from(values: Vec<f64>) -> Self {
        Self::Choice(values)
    }
}

impl Shift {
    fn draw(
        &self,
        name: &'static str,
        rng: &mut (impl Rng + ?Sized),
        side: usize,
    ) -> Result<f64, Error> {
        let side = side as f64;
        Ok(match self {
            Self::None => spread(name, 0.0)?.sample(rng),
            Self::Fraction(fraction) => spread(name, *fraction)?.sample(rng) * side,
            Self::Distance(distance) => spread(name, *distance)?.sample(rng),
            Self::Pixels(count) => {
                let (index, sign) = signed_index(name, u64::from(*count).max(1), rng)?;
                sign * index as f64
            }
            Self::Choice(values) => {
                let (index, sign) = signed_index(name, values.len() as u64, rng)?;
                let unit = if values.iter().all(|value| *value < 1.0) { side } else { 1.0 };
                sign * values[index] * unit
            }
        })
    }

    fn validate(&self, name: &'static str) -> Result<(), Error> {
        match self {
            Self::None | Self::Pixels(_) => Ok(()),
            Self::Fraction(value) | Self::Distance(value) => spread(name, *value).map(drop),
            Self::Choice(values) if values.is_empty() => Err(Error::EmptyChoice { name }),
            Self::Choice(values) => match values.iter().find(|value| !value.is_finite()) {
                Some(value) => Err(Error::InvalidShift { name, value: *value }),
                None => Ok(()),
            },
        }
    }
}

/// More than a full turn says no more.
const ROTATION_LIMIT: f64 = 360.0;
/// At 90 degrees an image would be sheared into a line.
const SHEAR_LIMIT: f64 = 89.0;

fn angle(name: &'static str, degrees: f64, limit: f64) -> Result<Uniform<f64>, Error> {
    let error = Error::InvalidAngle { name, degrees, limit };
    if (0.0..=limit).contains(&degrees) {
        Uniform::new_inclusive(-degrees, degrees).map_err(|_| error)
    } else {
        Err(error)
    }
}

fn spread(name: &'static str, value: f64) -> Result<Uniform<f64>, Error> {
    let error = Error::InvalidShift { name, value };
    if value >= 0.0 && (2.0 * value).is_finite() {
        Uniform::new_inclusive(-value, value).map_err(|_| error)
    } else {
        Err(error)
    }
}

fn zoom(name: &'static str, (low, high): (f64, f64)) -> Result<Uniform<f64>, Error> {
    let error = Error::InvalidZoom { name, low, high };
    if low > 0.0 && high.is_finite() {
        Uniform::new_inclusive(low, high).map_err(|_| error)
    } else {
        Err(error)
    }
}

/// An index below `count` and a sign, each with the same chance, from one word.
fn signed_index(
    name: &'static str,
    count: u64,
    rng: &mut (impl Rng + ?Sized),
) -> Result<(usize, f64), Error> {
    let choices = Uniform::new(0, 2 * count).map_err(|_| Error::EmptyChoice { name })?;
    let drawn = choices.sample(rng);
    Ok(((drawn / 2) as usize, if drawn % 2 == 0 { 1.0 } else { -1.0 }))
}
