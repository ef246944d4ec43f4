//! Keras' channel shift.

use mizumashi::ndarray::ArrayViewMut3;
use mizumashi::transform::{Draw, Error, Operation, Step, Transform, serde, typetag};

/// Adds a number to all values of a sample, which then stay within the range that they had.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(crate = "mizumashi::transform::serde")]
pub(crate) struct ChannelShift {
    /// Indexed by the sample's place in the batch; 0 for those beyond.
    pub(crate) intensities: Vec<f64>,
}

/// The shift of one sample.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(crate = "mizumashi::transform::serde")]
struct Shift {
    intensity: f64,
}

#[typetag::serde(name = "python_channel_shift")]
impl Transform for ChannelShift {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let index = draw.key().index as usize;
        let intensity = self.intensities.get(index).copied().unwrap_or(0.0);
        Ok(Step::owned_operation(Shift { intensity }))
    }
}

#[typetag::serde(name = "python_channel_shift")]
impl Operation for Shift {
    fn apply(&self, mut image: ArrayViewMut3<'_, f32>, _: &mut Vec<f32>) -> Result<(), Error> {
        let widen = |(low, high): (f32, f32), &value: &f32| (low.min(value), high.max(value));
        let (low, high) = image.iter().fold((f32::INFINITY, f32::NEG_INFINITY), widen);
        let shift = self.intensity as f32;
        image.map_inplace(|value| *value = (*value + shift).max(low).min(high));
        Ok(())
    }
}
