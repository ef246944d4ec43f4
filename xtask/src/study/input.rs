//! What the network is given: the pixels as they are, or one of the tutorial's normalisations.

use mizumashi::transform::transforms::Stretch;
use mizumashi::whitening::{Regularisation, Scope, Whitener};
use mizumashi::{ImageDataGenerator, ImageDataGeneratorBuilder};
use serde::{Deserialize, Serialize};

use super::Result;

/// A way to prepare images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Input {
    Raw,
    Rescaled,
    MinMax,
    Samplewise,
    Featurewise,
    Colours,
    Zca,
    ZcaSmooth,
}

/// What [`Input::ZcaSmooth`] adds to the variances, where those of the channels are 1.
const SMOOTH: f64 = 0.1;

impl Input {
    pub(super) const ALL: [Self; 8] = [
        Self::Raw,
        Self::Rescaled,
        Self::MinMax,
        Self::Samplewise,
        Self::Featurewise,
        Self::Colours,
        Self::Zca,
        Self::ZcaSmooth,
    ];

    /// What tables and pictures call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw bytes",
            Self::Rescaled => "/255",
            Self::MinMax => "min-max",
            Self::Samplewise => "samplewise",
            Self::Featurewise => "featurewise",
            Self::Colours => "colours whitened",
            Self::Zca => "ZCA, ε = 1e-6",
            Self::ZcaSmooth => "ZCA, ε = 0.1",
        }
    }

    /// Whether all values of an image are whitened against each other: a product with a matrix of
    /// 3072x3072, for each augmented image anew, that costs more than the networks do.
    pub(super) fn whitens_pixels(self) -> bool {
        matches!(self, Self::Zca | Self::ZcaSmooth)
    }

    /// The generator that augments as the tutorial does and then prepares, without its fit.
    pub(super) fn generator(self) -> Result<ImageDataGenerator> {
        let tutorial = ImageDataGenerator::builder()
            .rotation_range(20.0)
            .width_shift_range(0.2)
            .height_shift_range(0.2)
            .horizontal_flip(true);
        Ok(self.prepare(tutorial)?.build()?)
    }

    fn prepare(self, generator: ImageDataGeneratorBuilder) -> Result<ImageDataGeneratorBuilder> {
        let featurewise = |generator: ImageDataGeneratorBuilder| {
            generator.featurewise_center(true).featurewise_std_normalization(true)
        };
        Ok(match self {
            Self::Raw => generator,
            Self::Rescaled => generator.rescale(1.0 / 255.0),
            Self::MinMax => generator.preprocess(Stretch::new(0.0, 1.0)?),
            Self::Samplewise => {
                generator.samplewise_center(true).samplewise_std_normalization(true)
            }
            Self::Featurewise => featurewise(generator),
            Self::Colours => featurewise(generator).whitening(Whitener::zca(), Scope::Channels),
            Self::Zca => featurewise(generator).zca_whitening(true),
            Self::ZcaSmooth => featurewise(generator).whitening(
                Whitener::zca().regularisation(Regularisation::Eigenvalue(SMOOTH)),
                Scope::Pixels,
            ),
        })
    }
}
