//! The generator: arguments, fit, flow.

use std::path::PathBuf;
use std::sync::Arc;

use mizumashi_data::files::{ImageFolder, Table};
use mizumashi_stats::Layout;
use mizumashi_transform::transforms::FeaturewiseStandardise;
use mizumashi_transform::{ImageShape, Plan, Recipe, SampleKey};
use mizumashi_whitening::{ImageWhitening, Scope, Whitener};
use ndarray::{Array3, Array4, ArrayRef, ArrayView4, Axis, Ix3, Ix4};

use crate::batch::Runner;
use crate::fit::TrainingSet;
use crate::fitted::Fitted;
use crate::parameters::{Manner, TransformParameters};
use crate::source::check_source;
use crate::whiten::Whiten;
use crate::{Error, Flow, FlowFromFiles, ImageDataGeneratorBuilder, Labels, Pixel, Rows, Source};

/// Keras' `ImageDataGenerator`: augmentation and normalisation, fitted to a data set and served
/// as endless shuffled batches.
///
/// ```
/// use mizumashi::ImageDataGenerator;
/// use mizumashi::data::{Synthetic, to_categorical};
///
/// let cifar = Synthetic { train: 100, test: 10, ..Default::default() }.generate()?;
/// let x_train = cifar.train.images();
/// let y_train = to_categorical(cifar.train.labels().view(), 10)?;
///
/// let mut datagen = ImageDataGenerator::builder()
///     .featurewise_center(true)
///     .featurewise_std_normalization(true)
///     .rotation_range(20.0)
///     .width_shift_range(0.2)
///     .height_shift_range(0.2)
///     .horizontal_flip(true)
///     .build()?;
/// datagen.fit(x_train)?;
///
/// let flow = datagen.flow(x_train, &y_train, 32)?;
/// let steps = flow.steps_per_epoch();
/// for batch in flow.take(steps) {
///     let batch = batch?;
///     assert_eq!(batch.x.dim().0, batch.y.dim().0);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ImageDataGenerator {
    pub(crate) settings: Settings,
    fitted: Option<Fitted>,
    recipe: Option<Recipe>,
}

/// What the builder made of its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How augmentations are carried out.
    pub(crate) manner: Manner,
    /// The random part, left out of a fit unless asked for.
    pub(crate) augmentation: Recipe,
    /// What every image goes through before the figures of the set are used.
    pub(crate) preparation: Recipe,
    /// The factor, where all that preparation does is to multiply by one.
    pub(crate) exact_scale: Option<f64>,
    pub(crate) featurewise_center: bool,
    pub(crate) featurewise_std_normalization: bool,
    pub(crate) whitening: Option<(Whitener, Scope)>,
    pub(crate) layout: Layout,
    /// Whether a generator without the fit it needs leaves out what needs it.
    pub(crate) serves_unfitted: bool,
}

impl ImageDataGenerator {
    /// A generator with every argument off.
    pub fn builder() -> ImageDataGeneratorBuilder {
        ImageDataGeneratorBuilder::default()
    }

    pub(crate) fn new(settings: Settings) -> Self {
        let mut generator = Self { settings, fitted: None, recipe: None };
        if generator.needs_fit().is_none() || generator.settings.serves_unfitted {
            generator.recipe = Some(generator.augmentation_and_preparation());
        }
        generator
    }

    /// Learns the figures that featurewise standardisation and whitening need, from images
    /// without augmentation.
    ///
    /// The figures are those of the images as they arrive at that step: after own preprocessing,
    /// rescaling and samplewise standardisation. For `u8` images that are at most rescaled they
    /// are exact. A second fit replaces the first.
    ///
    /// # Errors
    /// For an empty set, a value that is not finite, and a set too small to whiten by.
    pub fn fit<P: Pixel>(&mut self, x: &ArrayRef<P, Ix4>) -> Result<(), Error> {
        self.fit_source(&self.settings.layout.to_nhwc(x.view()))
    }

    /// Learns the figures from the images of any source, files on disk for one, in one pass that
    /// holds some of them at a time; a generator that whitens makes a second pass.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit), and [`Error::Data`] for a file that cannot be read.
    pub fn fit_source<S: Source>(&mut self, source: &S) -> Result<(), Error> {
        let before = self.settings.preparation.clone();
        self.fit_recipe(source, &before, self.settings.exact_scale, 1, 0)
    }

    /// Learns the figures from augmented images, `rounds` times through the set.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit), and [`Error::Rounds`] for no rounds.
    pub fn fit_augmented<P: Pixel>(
        &mut self,
        x: &ArrayRef<P, Ix4>,
        rounds: u64,
        seed: u64,
    ) -> Result<(), Error> {
        if rounds == 0 {
            return Err(Error::Rounds);
        }
        let source = self.settings.layout.to_nhwc(x.view());
        self.fit_recipe(&source, &self.augmentation_and_preparation(), None, rounds, seed)
    }

    /// Endless batches of the images `x` and the labels `y`, shuffled.
    ///
    /// `x` is borrowed, never copied. `y` is anything with one entry per image along its first
    /// axis; see [`Labels`]. Pass `()` for images alone.
    ///
    /// # Errors
    /// [`Error::NotFitted`] when the arguments need a fit that has not been made, and for an
    /// empty set, another number of labels than images, a batch size of 0, and `f32` pixels that
    /// are not finite.
    pub fn flow<'a, P: Pixel, Y: Labels>(
        &'a self,
        x: &'a ArrayRef<P, Ix4>,
        y: Y,
        batch_size: usize,
    ) -> Result<Flow<'a, ArrayView4<'a, P>, Y>, Error> {
        Flow::from_recipe(self.recipe()?, self.settings.layout, x, y, batch_size)
    }

    /// Endless batches of the images of any source and the labels `y`, shuffled: what
    /// [`flow`](Self::flow) is for an array. The images are read as they are needed, by the threads
    /// that make a batch of them, so no more of them are in memory than are being worked on.
    ///
    /// # Errors
    /// Those of [`flow`](Self::flow).
    pub fn flow_source<S: Source, Y: Labels>(
        &self,
        source: S,
        y: Y,
        batch_size: usize,
    ) -> Result<Flow<'_, S, Y>, Error> {
        Flow::from_source(self.recipe()?, self.settings.layout, source, y, batch_size)
    }

    /// Batches of the pictures in a folder, a class per subfolder: see [`FlowFromFiles`] for the
    /// options.
    pub fn flow_from_directory(&self, root: impl Into<PathBuf>) -> FlowFromFiles<'_, ImageFolder> {
        FlowFromFiles::new(self, ImageFolder::new(root))
    }

    /// Batches of the pictures that the rows of a table name, as Keras' `flow_from_dataframe`: see
    /// [`FlowFromFiles`] for the options.
    pub fn flow_from_rows(&self, table: Table) -> FlowFromFiles<'_, Rows> {
        FlowFromFiles::new(self, Rows::new(table))
    }

    /// Normalises images without augmentation, in their own order: what a model is tested on.
    ///
    /// # Errors
    /// Those of [`flow`](Self::flow).
    pub fn standardize<P: Pixel>(&self, x: &ArrayRef<P, Ix4>) -> Result<Array4<f32>, Error> {
        let layout = self.settings.layout;
        self.recipe()?;
        let images = layout.to_nhwc(x.view());
        check_source(&images)?;
        let preparation = self.settings.preparation.clone();
        let recipe = match &self.fitted {
            Some(fitted) => self.with_figures(preparation, fitted)?,
            None => preparation,
        };
        let indices: Vec<usize> = (0..x.len_of(Axis(0))).collect();
        let key = |index| SampleKey { seed: 0, epoch: 0, index: index as u64 };
        Runner::new(&recipe, layout).run(&images, &indices, key)
    }

    /// What chance makes of one image of `shape` (height, width, channels): the augmentation, which
    /// can be printed, stored, and applied to the image, its mask and its points. Keras'
    /// `get_random_transform`; [`apply_transform`](Self::apply_transform) takes numbers of your own.
    ///
    /// ```
    /// use mizumashi::ImageDataGenerator;
    /// use mizumashi::transform::SampleKey;
    /// use ndarray::Array3;
    ///
    /// let generator = ImageDataGenerator::builder().rotation_range(20.0).build()?;
    /// let (image, mask) = (Array3::<u8>::zeros((8, 8, 3)), Array3::<u8>::zeros((8, 8, 1)));
    /// let key = SampleKey { seed: 1, epoch: 0, index: 7 };
    /// let plan = generator.get_random_transform(image.dim(), key)?;
    /// assert_eq!(plan.apply(image.view())?, generator.random_transform(&image, key)?);
    /// let mask = plan.apply_mask(mask.view(), 0)?;
    /// assert_eq!(mask.dim(), (8, 8, 1));
    /// # Ok::<(), mizumashi::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a transform cannot work on images of this shape.
    pub fn get_random_transform(
        &self,
        shape: (usize, usize, usize),
        key: SampleKey,
    ) -> Result<Plan<'_>, Error> {
        Ok(self.settings.augmentation.draw(key, shape)?)
    }

    /// One image, augmented and nothing else. Laid out as the generator's data format says, before
    /// and after.
    ///
    /// # Errors
    /// Those of [`get_random_transform`](Self::get_random_transform).
    pub fn random_transform<P: Pixel>(
        &self,
        image: &ArrayRef<P, Ix3>,
        key: SampleKey,
    ) -> Result<Array3<f32>, Error> {
        let image = self.settings.layout.to_hwc(image.view());
        let augmented = self.get_random_transform(image.dim(), key)?.apply(image)?;
        Ok(self.laid_out(augmented))
    }

    /// One image, augmented by these numbers with the generator's interpolation and border, and
    /// nothing else: Keras' `apply_transform`. Laid out as the generator's data format says, before
    /// and after.
    ///
    /// # Errors
    /// [`Error::Argument`] or [`Error::Transform`] that names a number outside what it can mean.
    pub fn apply_transform<P: Pixel>(
        &self,
        image: &ArrayRef<P, Ix3>,
        parameters: &TransformParameters,
    ) -> Result<Array3<f32>, Error> {
        let image = self.settings.layout.to_hwc(image.view());
        let plan = self.settings.manner.plan(parameters, ImageShape::new(image.dim()))?;
        Ok(self.laid_out(plan.apply(image)?))
    }

    /// An image indexed (height, width, channels) in the generator's data format.
    fn laid_out(&self, image: Array3<f32>) -> Array3<f32> {
        match self.settings.layout {
            Layout::Nhwc => image,
            Layout::Nchw => image.permuted_axes([2, 0, 1]).as_standard_layout().into_owned(),
        }
    }

    /// The whole recipe, fitted figures and all: what [`flow`](Self::flow) runs.
    ///
    /// # Errors
    /// [`Error::NotFitted`] when the arguments need a fit that has not been made.
    pub fn recipe(&self) -> Result<&Recipe, Error> {
        self.recipe
            .as_ref()
            .ok_or(Error::NotFitted { needs: self.needs_fit().unwrap_or("the generator") })
    }

    /// What the last fit found, to be stored or given to [`restore`](Self::restore).
    pub fn fitted(&self) -> Option<&Fitted> {
        self.fitted.as_ref()
    }

    /// Takes over what another generator with the same arguments found in its fit.
    ///
    /// # Errors
    /// [`Error::Argument`] when one of the two whitens and the other does not, or they do so over
    /// another scope, and [`Error::Transform`] for figures that are none. The generator is then as
    /// before.
    pub fn restore(&mut self, fitted: Fitted) -> Result<(), Error> {
        let asked = self.settings.whitening.as_ref().map(|(_, scope)| *scope);
        let found = fitted.whitening().map(ImageWhitening::scope);
        let keeps_shape = fitted.whitening().is_none_or(|found| {
            let found = found.whitening();
            found.outputs() == found.features()
        });
        if asked != found || !keeps_shape {
            let name = |scope: Option<Scope>| match scope {
                Some(scope) => format!("whitening over {scope:?}"),
                None => "no whitening".to_owned(),
            };
            let kept = if keeps_shape { "" } else { ", of which no images come" };
            return Err(Error::Argument {
                argument: "the whitening of a fit",
                value: format!("{}{kept}, for {}", name(found), name(asked)),
                mend: "it must be that of a generator with the same arguments",
            });
        }
        self.recipe = Some(self.with_figures(self.augmentation_and_preparation(), &fitted)?);
        self.fitted = Some(fitted);
        Ok(())
    }

    /// The means per channel, after a fit.
    pub fn mean(&self) -> Option<&[f64]> {
        self.fitted().map(Fitted::mean)
    }

    /// The population standard deviations per channel, after a fit.
    pub fn std(&self) -> Option<&[f64]> {
        self.fitted().map(Fitted::std)
    }

    /// The whitening, after a fit of a generator that whitens.
    pub fn whitening(&self) -> Option<&ImageWhitening> {
        self.fitted()?.whitening()
    }

    fn needs_fit(&self) -> Option<&'static str> {
        let Settings { featurewise_center, featurewise_std_normalization, whitening, .. } =
            &self.settings;
        [
            (*featurewise_center, "featurewise_center"),
            (*featurewise_std_normalization, "featurewise_std_normalization"),
            (whitening.is_some(), "whitening"),
        ]
        .into_iter()
        .find_map(|(needed, name)| needed.then_some(name))
    }

    fn augmentation_and_preparation(&self) -> Recipe {
        self.settings.augmentation.clone().append(self.settings.preparation.clone())
    }

    /// Fits on what `before` makes of the images, which is to multiply them by `exact_scale` where
    /// that is given; on an error the old fit stays.
    fn fit_recipe<S: Source>(
        &mut self,
        source: &S,
        before: &Recipe,
        exact_scale: Option<f64>,
        rounds: u64,
        seed: u64,
    ) -> Result<(), Error> {
        let layout = self.settings.layout;
        check_source(source)?;
        let set = TrainingSet { source, layout, rounds, seed };
        let (mean, std) = match exact_scale {
            Some(factor) => {
                let (mut mean, mut std) = set.exact_channel_figures()?;
                mean.iter_mut().for_each(|mean| *mean *= factor);
                std.iter_mut().for_each(|std| *std *= factor.abs());
                (mean, std)
            }
            None => set.channel_figures(before)?,
        };
        let mut fitted = Fitted { mean, std, whitening: None };
        if let Some((whitener, scope)) = &self.settings.whitening {
            let standardised = self.with_figures(before.clone(), &fitted)?;
            fitted.whitening = Some(Arc::new(set.whitening(whitener, *scope, &standardised)?));
        }
        self.restore(fitted)
    }

    /// The featurewise standardisation by these figures, where the generator does any.
    pub(crate) fn standardisation(
        &self,
        fitted: &Fitted,
    ) -> Result<Option<FeaturewiseStandardise>, Error> {
        let settings = &self.settings;
        if !settings.featurewise_center && !settings.featurewise_std_normalization {
            return Ok(None);
        }
        Ok(Some(FeaturewiseStandardise::new(
            Some(fitted.mean.clone()),
            settings.featurewise_std_normalization.then(|| fitted.std.clone()),
        )?))
    }

    /// `recipe` followed by the steps that need the figures of a fit, as far as they are known.
    fn with_figures(&self, recipe: Recipe, fitted: &Fitted) -> Result<Recipe, Error> {
        let mut recipe = recipe;
        if let Some(standardise) = self.standardisation(fitted)? {
            recipe = recipe.then(standardise);
        }
        if let Some(whitening) = &fitted.whitening {
            recipe = recipe.then(Whiten::new(Arc::clone(whitening)));
        }
        Ok(recipe)
    }
}
