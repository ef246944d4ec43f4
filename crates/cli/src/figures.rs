//! The figures of a picture.

use std::fmt;

use mizumashi::stats::{Accumulator, Moments, Summary};
use serde::{Serialize, Serializer};

use crate::decimals::decimals;

/// Deviation, mean and extremes of all values of a picture, or of several.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures(Moments);

impl Figures {
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a f32>) -> Self {
        let values: Vec<f32> = values.into_iter().copied().collect();
        let mut moments = Moments::default();
        moments.push_all(&values);
        Self(moments)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    /// Deviation and mean alone.
    pub(crate) fn spread(&self) -> String {
        let [std, ave] = [self.0.std(), self.0.mean()].map(|figure| decimals(figure, 7));
        format!("std: {std}  ave: {ave}")
    }

    pub(crate) fn min(&self) -> f64 {
        self.0.min()
    }

    pub(crate) fn max(&self) -> f64 {
        self.0.max()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [min, max] = [self.min(), self.max()].map(|figure| decimals(figure, 7));
        write!(f, "{}  min: {min}  max: {max}", self.spread())
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Plain {
            std: f64,
            ave: f64,
            min: f64,
            max: f64,
        }
        let (std, ave) = (self.0.std(), self.0.mean());
        Plain { std, ave, min: self.min(), max: self.max() }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::Figures;

    #[test]
    fn figures_have_seven_decimals_and_no_negative_zero() {
        let text = Figures::of(&[1.0, 3.0, -1e-9, -4.0]).to_string();
        assert_eq!(text, "std: 2.5495098  ave: 0.0000000  min: -4.0000000  max: 3.0000000");
    }
}
