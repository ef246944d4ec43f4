//! The transforms that come with the crate, a file each, on the public
//! [`Transform`](crate::Transform) trait.

mod affine;
mod blur;
mod brightness;
mod channel_shift;
mod extremes;
mod featurewise;
mod function;
mod rescale;
mod samplewise;
mod stretch;

pub use affine::{Center, RandomAffine};
pub use blur::BoxBlur;
pub use brightness::{BrightnessRule, RandomBrightness};
pub use channel_shift::RandomChannelShift;
pub use featurewise::FeaturewiseStandardise;
pub use function::Function;
pub use rescale::Rescale;
pub use samplewise::SamplewiseStandardise;
pub use stretch::Stretch;
