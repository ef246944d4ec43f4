//! Recipes: what the user writes, stores and draws plans from.

use serde::{Deserialize, Serialize};

use crate::transform::BatchOperation;
use crate::{Draw, Error, Fidelity, ImageShape, Plan, Program, SampleKey, Step, Transform};

/// The version written into recipe and plan files. It is raised when the same file would give
/// other pixels.
pub const VERSION: u32 = 1;

/// An ordered list of transforms with their ranges and probabilities.
///
/// [`draw`](Self::draw) turns it into a [`Plan`] for one sample. It is stored as JSON:
///
/// ```
/// use mizumashi_transform::{Recipe, transforms::{RandomAffine, Rescale}};
///
/// let recipe = Recipe::new().then(RandomAffine::rotation(20.0)?).then(Rescale::new(1.0 / 255.0)?);
/// let json = recipe.to_json()?;
/// assert_eq!(Recipe::from_json(&json)?.to_json()?, json);
/// # Ok::<(), mizumashi_transform::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "RecipeFile<Vec<Box<dyn Transform>>>")]
pub struct Recipe {
    transforms: Vec<Box<dyn Transform>>,
    fidelity: Fidelity,
}

impl Recipe {
    /// A recipe that leaves every image as it is.
    pub fn new() -> Self {
        Self::default()
    }

    /// The recipe with one more transform at its end.
    #[must_use]
    pub fn then(mut self, transform: impl Transform + 'static) -> Self {
        self.transforms.push(Box::new(transform));
        self
    }

    /// The recipe with the transforms of another one at its end; the fidelity stays.
    #[must_use]
    pub fn append(mut self, other: Self) -> Self {
        self.transforms.extend(other.transforms);
        self
    }

    /// The recipe run at this fidelity.
    #[must_use]
    pub fn fidelity(mut self, fidelity: Fidelity) -> Self {
        self.fidelity = fidelity;
        self
    }

    /// The transforms in order.
    pub fn transforms(&self) -> &[Box<dyn Transform>] {
        &self.transforms
    }

    /// Checks every transform's parameters.
    ///
    /// # Errors
    /// The first parameter that is outside what it can mean.
    pub fn validate(&self) -> Result<(), Error> {
        self.transforms.iter().try_for_each(|transform| transform.validate())
    }

    /// Fixes every random number for one sample of the shape `(height, width, channels)`.
    ///
    /// # Errors
    /// Whatever a transform says of its parameters or of the shape.
    pub fn draw(&self, key: SampleKey, shape: (usize, usize, usize)) -> Result<Plan<'_>, Error> {
        let input = ImageShape::new(shape);
        let mut steps = Vec::with_capacity(self.transforms.len());
        self.draw_steps(0..self.transforms.len(), key, input, |step| {
            steps.push(step);
            Ok(())
        })?;
        Ok(Plan::new(input, steps, self.fidelity))
    }

    /// Cuts the recipe where a transform wants whole batches.
    ///
    /// The first stage is always one of samples, if need be an empty one that only converts the
    /// pixels; a recipe without a batch operation has no other. Running the stages in order over a
    /// batch gives the pixels that [`draw`](Self::draw) and [`Plan::apply`] give one by one, up
    /// to the rounding of the batch operations.
    pub fn stages(&self) -> Vec<Stage<'_>> {
        let mut stages = Vec::new();
        let mut start = 0;
        for (position, transform) in self.transforms.iter().enumerate() {
            if let Some(operation) = transform.batch_operation() {
                if start < position || stages.is_empty() {
                    stages.push(Stage::Samples(SampleStage { recipe: self, start, end: position }));
                }
                stages.push(Stage::Batch(operation));
                start = position + 1;
            }
        }
        if start < self.transforms.len() || stages.is_empty() {
            let end = self.transforms.len();
            stages.push(Stage::Samples(SampleStage { recipe: self, start, end }));
        }
        stages
    }

    /// The recipe as JSON.
    ///
    /// # Errors
    /// [`Error::Json`] when a transform's own serialisation fails.
    pub fn to_json(&self) -> Result<String, Error> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// Reads and validates a recipe from JSON.
    ///
    /// # Errors
    /// [`Error::Json`] for anything that is not a recipe or names an unknown transform,
    /// [`Error::Version`] for another version, and what [`validate`](Self::validate) finds.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        check_version_of(json)?;
        serde_json::from_str::<RecipeFile<Vec<Box<dyn Transform>>>>(json)?.try_into()
    }

    /// Draws the transforms in `range` and hands each step to `take`; returns the final shape.
    fn draw_steps<'r>(
        &'r self,
        range: std::ops::Range<usize>,
        key: SampleKey,
        mut shape: ImageShape,
        mut take: impl FnMut(Step<'r>) -> Result<(), Error>,
    ) -> Result<ImageShape, Error> {
        for position in range {
            let step = self.transforms[position].draw(&mut Draw::new(key, position, shape))?;
            shape = step.output_shape(shape)?;
            take(step)?;
        }
        Ok(shape)
    }
}

/// A run of a recipe's transforms that is done sample by sample, or one done by the batch.
#[derive(Debug, Clone, Copy)]
pub enum Stage<'r> {
    /// Transforms drawn, fused and run for each sample alone.
    Samples(SampleStage<'r>),
    /// An operation that is the same for every sample, run over the whole batch.
    Batch(&'r dyn BatchOperation),
}

/// Neighbouring transforms of a recipe that are run sample by sample.
#[derive(Debug, Clone, Copy)]
pub struct SampleStage<'r> {
    recipe: &'r Recipe,
    start: usize,
    end: usize,
}

impl<'r> SampleStage<'r> {
    /// Draws the stage for one sample straight into a fused program, reusing its memory.
    ///
    /// # Errors
    /// Whatever a transform says of its parameters or of the shape.
    pub fn draw_into(
        &self,
        key: SampleKey,
        input: ImageShape,
        program: &mut Program<'r>,
    ) -> Result<ImageShape, Error> {
        program.restart(input, self.recipe.fidelity);
        self.recipe.draw_steps(self.start..self.end, key, input, |step| program.push(step))
    }
}

/// The form of a recipe file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipeFile<T> {
    version: u32,
    #[serde(default)]
    fidelity: Fidelity,
    transforms: T,
}

impl Serialize for Recipe {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RecipeFile { version: VERSION, fidelity: self.fidelity, transforms: &self.transforms }
            .serialize(serializer)
    }
}

impl TryFrom<RecipeFile<Vec<Box<dyn Transform>>>> for Recipe {
    type Error = Error;

    fn try_from(file: RecipeFile<Vec<Box<dyn Transform>>>) -> Result<Self, Error> {
        check_version(file.version)?;
        let recipe = Self { transforms: file.transforms, fidelity: file.fidelity };
        recipe.validate()?;
        Ok(recipe)
    }
}

/// Refuses a file of another version, whatever else is in it.
pub(crate) fn check_version_of(json: &str) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Header {
        version: u32,
    }
    let Header { version } = serde_json::from_str(json)?;
    check_version(version)
}

/// Refuses another version.
pub(crate) fn check_version(found: u32) -> Result<(), Error> {
    if found == VERSION { Ok(()) } else { Err(Error::Version { found, supported: VERSION }) }
}
