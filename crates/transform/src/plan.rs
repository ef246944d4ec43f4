//! Plans: a recipe's steps for one sample, with nothing left to chance.

use mizumashi_affine::{Affine, Border, BoundingBox, Interpolation, Point, Warp};
use ndarray::{Array3, ArrayView3, Axis, Slice};
use serde::{Deserialize, Serialize};

use crate::program::check_shape;
use crate::recipe::{VERSION, check_version, check_version_of};
use crate::{Error, ImageShape, PixelValue, Program, Scratch, Step};

/// Whether neighbouring steps may be merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fidelity {
    /// Neighbouring geometric steps become one resampling, and neighbouring multiply-adds become
    /// one. The result is sharper than step by step, since the picture is interpolated once;
    /// and what a step moves out of the frame is still there for the next one, so a border is
    /// seen only where the combined map leaves the original picture.
    #[default]
    Fused,
    /// Every step runs on the pixels that the step before it left: for parity with libraries
    /// that work so.
    Exact,
}

/// A recipe drawn for one sample.
///
/// It can be printed, stored as JSON, replayed, and applied to the mask, points and boxes that
/// belong to the image.
///
/// ```
/// use mizumashi_transform::affine::Point;
/// use mizumashi_transform::{Plan, Recipe, SampleKey, transforms::RandomAffine};
/// use ndarray::Array3;
///
/// let recipe = Recipe::new().then(RandomAffine::rotation(30.0)?);
/// let image = Array3::from_shape_fn((8, 8, 3), |(row, column, _)| (row * 8 + column) as u8);
/// let plan = recipe.draw(SampleKey { seed: 5, epoch: 0, index: 0 }, image.dim())?;
///
/// let replayed = Plan::from_json(&plan.to_json()?)?;
/// assert_eq!(replayed.apply(image.view())?, plan.apply(image.view())?);
///
/// let centre = Point { x: 3.5, y: 3.5 };
/// let moved = plan.map_points(&[centre])?[0]; // a rotation leaves the centre where it is
/// assert!((moved.x - centre.x).abs() < 1e-9 && (moved.y - centre.y).abs() < 1e-9);
/// # Ok::<(), mizumashi_transform::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "PlanFile<Vec<Step<'static>>>")]
pub struct Plan<'r> {
    input: ImageShape,
    steps: Vec<Step<'r>>,
    fidelity: Fidelity,
}

impl<'r> Plan<'r> {
    /// A plan from its steps, for images of the shape `input`.
    pub fn new(input: ImageShape, steps: Vec<Step<'r>>, fidelity: Fidelity) -> Self {
        Self { input, steps, fidelity }
    }

    /// The shape of the images it was drawn for.
    pub fn input_shape(&self) -> ImageShape {
        self.input
    }

    /// The shape of the images it makes.
    ///
    /// # Errors
    /// When a step cannot follow on the one before it.
    pub fn output_shape(&self) -> Result<ImageShape, Error> {
        self.steps.iter().try_fold(self.input, |shape, step| step.output_shape(shape))
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step<'r>] {
        &self.steps
    }

    /// The same plan without ties to its recipe.
    pub fn into_owned(self) -> Plan<'static> {
        let steps = self.steps.into_iter().map(Step::into_owned).collect();
        Plan { input: self.input, steps, fidelity: self.fidelity }
    }

    /// Merges what can be merged.
    ///
    /// # Errors
    /// When a step cannot follow on the one before it.
    pub fn fuse(&self) -> Result<Program<'r>, Error> {
        let mut program = Program::new(self.input, self.fidelity);
        for step in &self.steps {
            program.push(step.clone())?;
        }
        Ok(program)
    }

    /// Runs the plan on an image, indexed (height, width, channels), of any strides.
    ///
    /// # Errors
    /// [`Error::Shape`] when the image has another shape than the plan was drawn for, and what
    /// an operation reports.
    pub fn apply<P: PixelValue>(&self, image: ArrayView3<'_, P>) -> Result<Array3<f32>, Error> {
        check_shape("image", self.input, ImageShape::new(image.dim()))?;
        let program = self.fuse()?;
        let mut output = program.output_shape().zeros()?;
        program.run(image, output.view_mut(), &mut Scratch::default())?;
        Ok(output)
    }

    /// Runs the geometric steps on a mask of labels: nearest neighbour, so that no label is
    /// invented, and in one resampling at either fidelity. What lies beyond the outer edges of the
    /// mask's pixels becomes `outside`, whatever border the image has.
    ///
    /// # Errors
    /// [`Error::Shape`] when height or width differ from the image's.
    pub fn apply_mask(&self, mask: ArrayView3<'_, u8>, outside: u8) -> Result<Array3<u8>, Error> {
        let found = ImageShape::new(mask.dim());
        check_shape("mask", ImageShape { channels: found.channels, ..self.input }, found)?;
        let output = ImageShape { channels: found.channels, ..self.output_shape()? };
        // `Border::Constant` begins at the centres of the outermost pixels and would cut half of
        // each off; a rim of `outside` begins at their outer edges.
        let mut framed =
            Array3::from_elem((found.height + 2, found.width + 2, found.channels), outside);
        let mut inside = framed.view_mut();
        inside.slice_axis_inplace(Axis(0), Slice::from(1..=found.height));
        inside.slice_axis_inplace(Axis(1), Slice::from(1..=found.width));
        inside.assign(&mask);
        let warp = Warp {
            map: self.output_to_input().then(&Affine::translation(1.0, 1.0)),
            interpolation: Interpolation::Nearest,
            border: Border::Nearest,
        };
        let mut moved = output.zeros()?;
        warp.apply(framed.view(), moved.view_mut())?;
        Ok(moved)
    }

    /// Moves points, in pixels with pixel centres at whole numbers, along with the image.
    ///
    /// # Errors
    /// [`Error::Affine`] when the plan flattens the picture and its map has no inverse.
    pub fn map_points(&self, points: &[Point]) -> Result<Vec<Point>, Error> {
        let forward = self.output_to_input().inverse()?;
        Ok(points.iter().map(|&point| forward.map(point)).collect())
    }

    /// Moves boxes along with the image; each becomes the upright box around its moved corners,
    /// clipped to the output. A box that left the picture is `None`, so positions are kept.
    ///
    /// # Errors
    /// [`Error::Affine`] when the plan flattens the picture and its map has no inverse.
    pub fn map_boxes(&self, boxes: &[BoundingBox]) -> Result<Vec<Option<BoundingBox>>, Error> {
        let forward = self.output_to_input().inverse()?;
        let output = self.output_shape()?;
        Ok(boxes
            .iter()
            .map(|bounds| bounds.mapped(&forward).clipped(output.height, output.width))
            .collect())
    }

    /// The geometric steps as one map from output to input coordinates.
    pub fn output_to_input(&self) -> Affine {
        self.steps.iter().fold(Affine::IDENTITY, |map, step| match step {
            Step::Geometric(step) => step.warp.map.then(&map),
            _ => map,
        })
    }

    /// The plan as JSON.
    ///
    /// # Errors
    /// [`Error::Json`] when an operation's own serialisation fails.
    pub fn to_json(&self) -> Result<String, Error> {
        Ok(serde_json::to_string_pretty(self)?)
    }
}

impl Plan<'static> {
    /// Reads a plan from JSON.
    ///
    /// # Errors
    /// [`Error::Json`] for anything that is not a plan or names an unknown operation,
    /// [`Error::Version`] for another version, and what [`output_shape`](Self::output_shape) finds.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        check_version_of(json)?;
        serde_json::from_str::<PlanFile<Vec<Step<'static>>>>(json)?.try_into()
    }
}

/// The form of a plan file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile<T> {
    version: u32,
    #[serde(default)]
    fidelity: Fidelity,
    input: ImageShape,
    steps: T,
}

impl Serialize for Plan<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PlanFile {
            version: VERSION,
            fidelity: self.fidelity,
            input: self.input,
            steps: &self.steps,
        }
        .serialize(serializer)
    }
}

impl TryFrom<PlanFile<Vec<Step<'static>>>> for Plan<'_> {
    type Error = Error;

    fn try_from(file: PlanFile<Vec<Step<'static>>>) -> Result<Self, Error> {
        check_version(file.version)?;
        let plan = Self::new(file.input, file.steps, file.fidelity);
        plan.output_shape()?;
        Ok(plan)
    }
}
