//! The arguments of a generator, under the names that Keras gave them.

use mizumashi_affine::{Border, Interpolation, RandomAffine, Shift};
use mizumashi_stats::Layout;
use mizumashi_transform::transforms::{BrightnessRule, Center, Function};
use mizumashi_transform::{Fidelity, Recipe, Transform, transforms};
use mizumashi_whitening::{Centring, Regularisation, Remainder, Scope, Whitener};
use ndarray::ArrayViewMut3;

use crate::generator::Settings;
use crate::parameters::Manner;
use crate::{Error, ImageDataGenerator};

/// Collects the arguments of an [`ImageDataGenerator`].
///
/// Every argument is off until it is set. The order of the calls does not matter: a batch is
/// always made in the order random affine map, channel shift, brightness, own augmentation, own
/// preprocessing, rescaling, samplewise standardisation, featurewise standardisation, whitening.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ImageDataGeneratorBuilder {
    ranges: RandomAffine,
    interpolation: Option<Result<Interpolation, mizumashi_affine::Error>>,
    border: Option<Border>,
    channel_shift: f64,
    brightness: Option<(f64, f64)>,
    augmentation: Recipe,
    preprocessing: Recipe,
    rescale: Option<f32>,
    samplewise_center: bool,
    samplewise_std_normalization: bool,
    featurewise_center: bool,
    featurewise_std_normalization: bool,
    whitening: Option<Whitening>,
    zca_epsilon: Option<f64>,
    fidelity: Fidelity,
    layout: Layout,
    keras_compat: bool,
}

/// Which whitening was asked for.
#[derive(Debug, Clone)]
enum Whitening {
    /// Keras' switch.
    Zca,
    Own(Whitener, Scope),
}

impl ImageDataGeneratorBuilder {
    /// Rotates by a random angle within ± `degrees`.
    pub fn rotation_range(mut self, degrees: f64) -> Self {
        self.ranges.rotation = degrees;
        self
    }

    /// Shifts across by a random distance. A number below 1 is a fraction of the width, from 1 on
    /// of pixels; a whole number and a list are [`Shift::Pixels`] and [`Shift::Choice`].
    pub fn width_shift_range(mut self, shift: impl Into<Shift>) -> Self {
        self.ranges.width_shift = shift.into();
        self
    }

    /// Shifts down by a random distance. A number below 1 is a fraction of the height, from 1 on of
    /// pixels; a whole number and a list are [`Shift::Pixels`] and [`Shift::Choice`].
    pub fn height_shift_range(mut self, shift: impl Into<Shift>) -> Self {
        self.ranges.height_shift = shift.into();
        self
    }

    /// Shears by a random angle within ± `degrees`.
    pub fn shear_range(mut self, degrees: f64) -> Self {
        self.ranges.shear = degrees;
        self
    }

    /// Zooms height and width by factors drawn independently from a range: `(low, high)`, or one
    /// number z for `(1 - z, 1 + z)`.
    ///
    /// As in Keras the factor is the part of the picture that is seen: 0.5 shows half of it, at
    /// twice the size; 2.0 shows it at half its size.
    pub fn zoom_range(mut self, range: impl Into<ZoomRange>) -> Self {
        let ZoomRange { low, high } = range.into();
        self.ranges.height_zoom = (low, high);
        self.ranges.width_zoom = (low, high);
        self
    }

    /// Mirrors left and right in half of the samples.
    pub fn horizontal_flip(mut self, flip: bool) -> Self {
        self.ranges.horizontal_flip = flip;
        self
    }

    /// Mirrors top and bottom in half of the samples.
    pub fn vertical_flip(mut self, flip: bool) -> Self {
        self.ranges.vertical_flip = flip;
        self
    }

    /// What is seen beyond the edge of a picture; [`Border::Nearest`] unless set.
    pub fn fill_mode(mut self, border: Border) -> Self {
        self.border = Some(border);
        self
    }

    /// How values between pixels are found; [`Interpolation::Bilinear`] unless set.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = Some(Ok(interpolation));
        self
    }

    /// The same by Keras' numbers: 0 is [`Interpolation::Nearest`], 1 (the default)
    /// [`Interpolation::Bilinear`], and 2 to 5 are [splines](Interpolation::Spline) of that order.
    /// Of this and [`interpolation`](Self::interpolation), the last call counts.
    pub fn interpolation_order(mut self, order: u8) -> Self {
        self.interpolation = Some(Interpolation::from_order(order));
        self
    }

    /// Adds a random number within ± `range` to every value, clipped to the range that the image
    /// has: see [`RandomChannelShift`](transforms::RandomChannelShift).
    pub fn channel_shift_range(mut self, range: f64) -> Self {
        self.channel_shift = range;
        self
    }

    /// Multiplies every value by a random factor from `low..high`; 1 leaves it alone. Unlike Keras
    /// it neither stretches the image first nor rounds it to bytes: see
    /// [`RandomBrightness`](transforms::RandomBrightness).
    pub fn brightness_range(mut self, low: f64, high: f64) -> Self {
        self.brightness = Some((low, high));
        self
    }

    /// Adds a random transform of your own, run after brightness; a fit without
    /// augmentation leaves it out.
    pub fn augment(mut self, transform: impl Transform + 'static) -> Self {
        self.augmentation = self.augmentation.then(transform);
        self
    }

    /// Adds a transform that prepares every image alike, run after the augmentation and before
    /// rescaling; a fit sees its result.
    pub fn preprocess(mut self, transform: impl Transform + 'static) -> Self {
        self.preprocessing = self.preprocessing.then(transform);
        self
    }

    /// The same with a function, Keras' `preprocessing_function`: it changes the image, indexed
    /// (height, width, channels), in place. A recipe with one cannot be stored; see
    /// [`Function`].
    pub fn preprocessing_function(
        self,
        function: impl Fn(ArrayViewMut3<'_, f32>) + Send + Sync + 'static,
    ) -> Self {
        self.preprocess(Function::new(function))
    }

    /// Multiplies every value by this factor.
    pub fn rescale(mut self, factor: f32) -> Self {
        self.rescale = Some(factor);
        self
    }

    /// Gives each image mean 0, over all its values.
    pub fn samplewise_center(mut self, center: bool) -> Self {
        self.samplewise_center = center;
        self
    }

    /// Gives each image mean 0 and standard deviation 1, over all its values; centres too, as in
    /// Keras, whatever [`samplewise_center`](Self::samplewise_center) says.
    pub fn samplewise_std_normalization(mut self, normalization: bool) -> Self {
        self.samplewise_std_normalization = normalization;
        self
    }

    /// Gives the data set mean 0 in each channel; needs a fit.
    pub fn featurewise_center(mut self, center: bool) -> Self {
        self.featurewise_center = center;
        self
    }

    /// Gives the data set mean 0 and standard deviation 1 in each channel; needs a fit. Centres
    /// too, as in Keras, whatever [`featurewise_center`](Self::featurewise_center) says.
    pub fn featurewise_std_normalization(mut self, normalization: bool) -> Self {
        self.featurewise_std_normalization = normalization;
        self
    }

    /// Whitens all values of an image against each other by ZCA, after everything else; needs a
    /// fit. The same as [`whitening`](Self::whitening) with `Whitener::zca()` over pixels.
    pub fn zca_whitening(mut self, whitening: bool) -> Self {
        self.whitening = whitening.then_some(Whitening::Zca);
        self
    }

    /// What [`zca_whitening`](Self::zca_whitening) adds to the variances that it divides by; 1e-6
    /// unless set. See [`Regularisation::Eigenvalue`].
    pub fn zca_epsilon(mut self, epsilon: f64) -> Self {
        self.zca_epsilon = Some(epsilon);
        self
    }

    /// Whitens by this whitener, between all values of an image or between its channels, after
    /// everything else; needs a fit.
    pub fn whitening(mut self, whitener: Whitener, scope: Scope) -> Self {
        self.whitening = Some(Whitening::Own(whitener, scope));
        self
    }

    /// Whether neighbouring steps may be merged; [`Fidelity::Fused`] unless set.
    pub fn fidelity(mut self, fidelity: Fidelity) -> Self {
        self.fidelity = fidelity;
        self
    }

    /// Whether images come, and batches go, with the channels last (the default) or first.
    pub fn data_format(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Whether to repeat what keras-preprocessing 1.1.2 does where it surprises; off unless set.
    ///
    /// Then pictures are turned, sheared and zoomed about [`Center::Keras`]; brightness goes by
    /// [`BrightnessRule::Pil`]; [`zca_whitening`](Self::zca_whitening) turns featurewise centring on
    /// and featurewise standard deviations off, and takes second moments about the mean of each
    /// channel instead of each value; directions in which nothing varied are multiplied by
    /// `1 / sqrt(zca_epsilon)` ([`Remainder::Amplified`]), not dropped; and a generator that was not
    /// fitted serves images without the steps that need it, where it is an error otherwise. Random
    /// numbers stay our own.
    pub fn keras_compat(mut self, compat: bool) -> Self {
        self.keras_compat = compat;
        self
    }

    /// Checks the arguments and makes the generator.
    ///
    /// # Errors
    /// [`Error::Transform`] that names the first argument outside what it can mean.
    pub fn build(self) -> Result<ImageDataGenerator, Error> {
        let mut affine = transforms::RandomAffine::new(self.ranges.clone())?;
        if let Some(interpolation) = self.interpolation {
            affine = affine.interpolation(interpolation.map_err(mizumashi_transform::Error::from)?);
        }
        if let Some(border) = self.border {
            affine = affine.border(border);
        }
        if self.keras_compat {
            affine = affine.center(Center::Keras);
        }
        affine.validate()?;
        let keras_zca = self.keras_compat && matches!(self.whitening, Some(Whitening::Zca));
        let whitening = match self.whitening {
            Some(Whitening::Own(whitener, scope)) => Some((whitener, scope)),
            Some(Whitening::Zca) => {
                let mut whitener = Whitener::zca();
                if let Some(epsilon) = self.zca_epsilon {
                    whitener = whitener.regularisation(Regularisation::Eigenvalue(epsilon));
                }
                if keras_zca {
                    whitener = whitener.centring(Centring::None).remainder(Remainder::Amplified);
                }
                Some((whitener, Scope::Pixels))
            }
            None => None,
        };
        if let Some((whitener, Scope::Pixels)) = &whitening
            && whitener.kind().yields_components()
        {
            return Err(Error::Argument {
                argument: "whitening",
                value: "PCA over pixels".into(),
                mend: "its output is no image: use ZCA, or PCA over channels",
            });
        }
        let manner = Manner {
            affine,
            brightness: match self.keras_compat {
                true => BrightnessRule::Pil,
                false => BrightnessRule::Multiply,
            },
            fidelity: self.fidelity,
        };
        let mut augmentation = Recipe::new().fidelity(self.fidelity);
        if self.ranges != RandomAffine::default() {
            augmentation = augmentation.then(manner.affine.clone());
        }
        if self.channel_shift != 0.0 {
            augmentation =
                augmentation.then(transforms::RandomChannelShift::new(self.channel_shift)?);
        }
        if let Some((low, high)) = self.brightness {
            let brightness = transforms::RandomBrightness::new(low, high)?;
            augmentation = augmentation.then(brightness.rule(manner.brightness));
        }
        augmentation = augmentation.append(self.augmentation);

        let samplewise = self.samplewise_center || self.samplewise_std_normalization;
        let exact_scale = (self.preprocessing.transforms().is_empty() && !samplewise)
            .then(|| f64::from(self.rescale.unwrap_or(1.0)));
        let mut preparation = self.preprocessing.fidelity(self.fidelity);
        if let Some(factor) = self.rescale {
            preparation = preparation.then(transforms::Rescale::new(factor)?);
        }
        if self.samplewise_std_normalization {
            preparation = preparation.then(transforms::SamplewiseStandardise::new());
        } else if self.samplewise_center {
            preparation = preparation.then(transforms::SamplewiseStandardise::centre_only());
        }
        augmentation.validate()?;
        preparation.validate()?;

        Ok(ImageDataGenerator::new(Settings {
            manner,
            augmentation,
            preparation,
            exact_scale,
            featurewise_center: self.featurewise_center || keras_zca,
            featurewise_std_normalization: self.featurewise_std_normalization && !keras_zca,
            whitening,
            layout: self.layout,
            serves_unfitted: self.keras_compat,
        }))
    }
}

/// The factors that a zoom is drawn from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZoomRange {
    /// The smallest, which magnifies most.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

/// Keras' reading of one number: as far below 1 as above it.
impl From<f64> for ZoomRange {
    fn from(reach: f64) -> Self {
        Self { low: 1.0 - reach, high: 1.0 + reach }
    }
}

/// The bounds themselves, the lower one first.
impl From<(f64, f64)> for ZoomRange {
    fn from((low, high): (f64, f64)) -> Self {
        Self { low, high }
    }
}
