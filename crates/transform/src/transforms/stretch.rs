//! Min-max normalisation: the contrast stretch.

use ndarray::{ArrayViewMut, ArrayViewMut3, Axis, Dimension};
use serde::{Deserialize, Serialize};

use super::extremes::extremes;
use crate::{Draw, Error, Operation, Step, Transform};

/// Stretches each image so that its least value becomes `low` and its greatest `high`, both
/// exactly.
///
/// `low + (x - min) / (max - min) * (high - low)`. The extremes are those of the whole image, or
/// of each channel alone; with [`quantiles`](Self::quantiles), what lies beyond two quantiles is cut
/// to them first. A constant image (or channel) has no contrast to stretch and becomes `low`.
///
/// ```
/// use mizumashi_transform::{Recipe, SampleKey, transforms::Stretch};
/// use ndarray::array;
///
/// // A dark picture with one dead pixel.
/// let image = array![[[10_u8], [20]], [[30], [255]]];
/// let stretched = |stretch: Stretch| {
///     let recipe = Recipe::new().then(stretch);
///     recipe.draw(SampleKey { seed: 0, epoch: 0, index: 0 }, image.dim())?.apply(image.view())
/// };
/// let least_and_greatest = Stretch::new(0.0, 245.0)?;
/// assert_eq!(stretched(least_and_greatest)?, array![[[0.0], [10.0]], [[20.0], [245.0]]]);
/// let cut = Stretch::new(0.0, 100.0)?.quantiles(0.0, 2.0 / 3.0)?;
/// assert_eq!(stretched(cut)?, array![[[0.0], [50.0]], [[100.0], [100.0]]]);
/// # Ok::<(), mizumashi_transform::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Stretch {
    low: f32,
    high: f32,
    per_channel: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantiles: Option<(f64, f64)>,
}

impl Stretch {
    /// A stretch to `low..=high`, over the whole image.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the bounds are not in rising order or not a finite distance apart.
    pub fn new(low: f32, high: f32) -> Result<Self, Error> {
        let stretch = Self { low, high, per_channel: false, quantiles: None };
        stretch.validate()?;
        Ok(stretch)
    }

    /// The same for each channel alone.
    #[must_use]
    pub fn per_channel(self) -> Self {
        Self { per_channel: true, ..self }
    }

    /// The same between two quantiles, as fractions from 0 to 1, instead of the extremes: values
    /// beyond them become `low` and `high`. Quantiles are numpy's by the `linear` rule.
    ///
    /// # Errors
    /// [`Error::Parameter`] when they are not in rising order within 0 to 1.
    pub fn quantiles(self, lower: f64, upper: f64) -> Result<Self, Error> {
        let stretch = Self { quantiles: Some((lower, upper)), ..self };
        stretch.validate()?;
        Ok(stretch)
    }

    fn stretch<D: Dimension>(&self, mut values: ArrayViewMut<'_, f32, D>, scratch: &mut Vec<f32>) {
        let (min, max) = match self.quantiles {
            Some((lower, upper)) if !values.is_empty() => {
                scratch.clear();
                scratch.extend(&values);
                (quantile(scratch, lower), quantile(scratch, upper))
            }
            _ => extremes(values.view()),
        };
        let span = max - min;
        if span > 0.0 {
            // Rounding may carry the sum to either side of `high`.
            let range = self.high - self.low;
            values.map_inplace(|x| {
                let stretched = self.low + (x.max(min) - min) / span * range;
                *x = if *x >= max { self.high } else { stretched.min(self.high) };
            });
        } else {
            values.fill(self.low);
        }
    }
}

/// The quantile `q` of values of which there is at least one, by numpy's `linear` rule; their order
/// is lost.
fn quantile(values: &mut [f32], q: f64) -> f32 {
    let position = q * (values.len() - 1) as f64;
    let (_, &mut below, rest) = values.select_nth_unstable_by(position as usize, f32::total_cmp);
    let above = rest.iter().copied().min_by(f32::total_cmp).unwrap_or(below);
    let (below, above, weight) = (f64::from(below), f64::from(above), position.fract());
    let span = above - below;
    (if weight < 0.5 { below + span * weight } else { above - span * (1.0 - weight) }) as f32
}

#[typetag::serde(name = "stretch")]
impl Transform for Stretch {
    fn draw(&self, _: &mut Draw) -> Result<Step<'_>, Error> {
        Ok(Step::operation(self))
    }

    fn validate(&self) -> Result<(), Error> {
        if let Some((lower, upper)) = self.quantiles
            && !(0.0 <= lower && lower < upper && upper <= 1.0)
        {
            return Err(Error::Parameter {
                transform: "stretch",
                parameter: "quantiles",
                value: format!("{lower} and {upper}"),
                mend: "they must be fractions from 0 to 1, the lower one first",
            });
        }
        if self.low < self.high && (self.high - self.low).is_finite() {
            return Ok(());
        }
        Err(Error::Parameter {
            transform: "stretch",
            parameter: "range",
            value: format!("{}..={}", self.low, self.high),
            mend: "the bounds must be in rising order and a finite distance apart",
        })
    }
}

#[typetag::serde(name = "stretch")]
impl Operation for Stretch {
    fn apply(&self, mut image: ArrayViewMut3<'_, f32>, old: &mut Vec<f32>) -> Result<(), Error> {
        if self.per_channel {
            image.axis_iter_mut(Axis(2)).for_each(|plane| self.stretch(plane, old));
        } else {
            self.stretch(image, old);
        }
        Ok(())
    }
}

/// A [`Stretch`] as stored, before its bounds are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    low: f32,
    high: f32,
    #[serde(default)]
    per_channel: bool,
    #[serde(default)]
    quantiles: Option<(f64, f64)>,
}

impl TryFrom<Unchecked> for Stretch {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        let Unchecked { low, high, per_channel, quantiles } = stored;
        let stretch = Self { low, high, per_channel, quantiles };
        stretch.validate()?;
        Ok(stretch)
    }
}
