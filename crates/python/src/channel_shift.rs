//! Keras' channel shift.

use mizumashi::transform::transforms::RandomChannelShift;
use mizumashi::transform::{Draw, Error, Step, Transform, serde, typetag};

/// Adds a number to all values of a sample, which then stay within the range that they had.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(crate = "mizumashi::transform::serde")]
pub(crate) struct ChannelShift {
    /// Indexed by the sample's place in the batch; 0 for those beyond.
    pub(crate) intensities: Vec<f64>,
}

#[typetag::serde(name = "python_channel_shift")]
impl Transform for ChannelShift {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let index = draw.key().index as usize;
        let intensity = self.intensities.get(index).copied().unwrap_or(0.0);
        Ok(RandomChannelShift::step(intensity as f32))
    }
}
