//! The extension point: what a transform is.

use std::fmt::Debug;

use dyn_clone::DynClone;
use ndarray::{ArrayViewMut3, ArrayViewMut4};

use crate::{Draw, Error, Step};

/// One line of a [`Recipe`](crate::Recipe): a change of the image, with its ranges and
/// probabilities.
///
/// The one required method fixes the chance for one sample and says what is left to do as a
/// [`Step`]. A geometric step moves masks, points and boxes along, and fuses with its geometric
/// neighbours; a channel step fuses into the resampling; an [`Operation`] may do anything to the
/// pixels. Replay, determinism and serialisation follow from the step being plain data.
///
/// ```
/// use mizumashi_transform::{Draw, Error, Recipe, SampleKey, Step, Transform, serde, typetag};
/// use ndarray::Array3;
///
/// /// Multiplies all values by a random factor in `low..high`.
/// #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
/// #[serde(crate = "mizumashi_transform::serde")]
/// struct Exposure {
///     low: f64,
///     high: f64,
/// }
///
/// #[typetag::serde(name = "exposure")]
/// impl Transform for Exposure {
///     fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
///         let factor = draw.uniform(self.low, self.high)? as f32;
///         Ok(Step::rescale(factor, 0.0, draw.shape().channels))
///     }
/// }
///
/// let recipe = Recipe::new().then(Exposure { low: 0.5, high: 1.5 });
/// let image = Array3::from_elem((4, 4, 3), 100u8);
/// let plan = recipe.draw(SampleKey { seed: 1, epoch: 0, index: 7 }, image.dim())?;
/// let exposed = plan.apply(image.view())?;
/// assert!(exposed[[0, 0, 0]] >= 50.0 && exposed[[0, 0, 0]] < 150.0);
/// # Ok::<(), Error>(())
/// ```
#[typetag::serde(tag = "transform")]
pub trait Transform: Debug + DynClone + Send + Sync {
    /// Fixes this transform for one sample.
    ///
    /// # Errors
    /// When the parameters, or the image's shape, leave nothing sensible to do.
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error>;

    /// Checks the parameters once, before any sample is drawn.
    ///
    /// # Errors
    /// The first parameter that is outside what it can mean.
    fn validate(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The transform as an operation on whole batches, where it is the same for every sample
    /// and faster that way (a product with a large matrix, say). Its step must be an [`Operation`],
    /// so that nothing is merged across it.
    fn batch_operation(&self) -> Option<&dyn BatchOperation> {
        None
    }
}

dyn_clone::clone_trait_object!(Transform);

/// A change of a whole image that is neither a resampling nor a multiply-add per channel.
///
/// Transforms that need one return [`Step::operation`] from their draw: with themselves where
/// nothing is random, or with a value that holds the drawn numbers. Its `Deserialize` reads it from
/// plan files and must refuse parameters that [`apply`](Self::apply) cannot work with.
#[typetag::serde]
pub trait Operation: Debug + DynClone + Send + Sync {
    /// Changes the image in place.
    ///
    /// `image` is indexed (height, width, channels) and may have any strides: it is often a slot
    /// of an NCHW batch. `scratch` is a buffer of unspecified length and content that is kept
    /// between calls; use it instead of allocating.
    ///
    /// # Errors
    /// When the image cannot be processed; the image is then unspecified.
    fn apply(&self, image: ArrayViewMut3<'_, f32>, scratch: &mut Vec<f32>) -> Result<(), Error>;
}

dyn_clone::clone_trait_object!(Operation);

/// A change of a whole batch, the same for every sample in it.
pub trait BatchOperation: Debug + Send + Sync {
    /// Changes the batch in place.
    ///
    /// `batch` is indexed (sample, height, width, channels) and may have any strides. The pixels
    /// of a sample must not depend on which others are in the batch, nor on the number of
    /// threads.
    ///
    /// # Errors
    /// When the batch cannot be processed; it is then unspecified.
    fn apply_batch(&self, batch: ArrayViewMut4<'_, f32>) -> Result<(), Error>;
}

impl ToOwned for dyn Operation {
    type Owned = Box<dyn Operation>;

    fn to_owned(&self) -> Self::Owned {
        dyn_clone::clone_box(self)
    }
}
