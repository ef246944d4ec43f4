//! Batches of the tutorial's recipe.

use std::hint::black_box;

use mizumashi::ImageDataGenerator;
use mizumashi::affine::{Affine, AffineParameters};
use mizumashi::transform::{Fidelity, Plan, SampleKey, Step};
use ndarray::{Array4, ArrayD, ArrayView3, Axis};
use serde::Serialize;
use serde_json::{Value, json};

use crate::bench::case::{Case, Distance, Parity, Ready, Result, Unit};
use crate::bench::inputs::Inputs;
use crate::bench::peers::Peer;

pub(crate) const BATCH: usize = 32;
const ROTATION: f64 = 20.0;
const SHIFT: f64 = 0.2;

/// Featurewise centre and deviation, rotation by 20 degrees, shifts by a fifth, mirrored.
pub(crate) fn tutorial() -> Result<ImageDataGenerator> {
    Ok(ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .rotation_range(ROTATION)
        .width_shift_range(SHIFT)
        .height_shift_range(SHIFT)
        .horizontal_flip(true)
        .build()?)
}

pub(crate) struct Flow;

impl Case for Flow {
    fn name(&self) -> String {
        "flow".into()
    }

    fn work(&self) -> String {
        "tutorial recipe: standardise, rotate 20, shift 0.2, mirror; u8 to f32 batches of 32".into()
    }

    fn unit(&self) -> Unit {
        Unit::ImagesPerSecond
    }

    fn family(&self) -> &'static str {
        "flow"
    }

    fn peers(&self) -> Vec<Peer> {
        vec![
            Peer::new("keras-preprocessing"),
            Peer::new("torchvision").black_border(),
            Peer::new("albumentations"),
            Peer::new("augrs"),
            Peer::new("kornia-rs").black_border(),
            Peer::new("tf.data + Keras").extra(),
            Peer::new("DALI").extra(),
        ]
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        let mut generator = tutorial()?;
        generator.fit(&inputs.images)?;
        let told = json!({ "rotation": ROTATION, "shift": SHIFT, "samples": SAMPLES });
        let compare: Comparison = |epochs, peer, theirs| epochs.compare_fixed(peer, theirs);
        Ok(Box::new(Epochs { inputs, generator, epoch: 0, told, compare }))
    }
}

/// Epochs of the set, served into one batch's memory on the pool's threads and no others: `prefetch`
/// would make batches on those of the global pool.
pub(super) struct Epochs<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) generator: ImageDataGenerator,
    pub(super) epoch: u64,
    /// What a peer is told besides.
    pub(super) told: Value,
    pub(super) compare: Comparison,
}

pub(super) type Comparison = fn(&Epochs<'_>, &Peer, ArrayD<f32>) -> Result<Parity>;

impl Ready for Epochs<'_> {
    fn items(&self) -> usize {
        self.inputs.images.dim().0
    }

    fn run(&mut self) -> Result<()> {
        let Inputs { images, one_hot, .. } = self.inputs;
        let mut flow = self.generator.flow(images, one_hot, BATCH)?.resume_at(self.epoch, 0)?;
        self.epoch += 1;
        let mut batch = flow.next_batch()?;
        for _ in 1..flow.steps_per_epoch() {
            flow.next_batch_into(&mut batch)?;
            black_box(&batch);
        }
        Ok(())
    }

    fn parameters(&self) -> Result<Value> {
        let mut parameters = json!({
            "images": self.inputs.file("images", &self.inputs.images)?,
            "labels": self.inputs.file("labels", &self.inputs.one_hot)?,
            "mean": self.generator.mean(),
            "std": self.generator.std(),
            "batch": BATCH,
            "peer_batches": self.inputs.choose(320, 20),
        });
        if let (Some(all), Some(more)) = (parameters.as_object_mut(), self.told.as_object()) {
            all.extend(more.clone());
        }
        Ok(parameters)
    }

    fn compare(&mut self, peer: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        (self.compare)(self, peer, theirs)
    }
}

impl Epochs<'_> {
    /// In grey levels of 255: several peers round to whole ones before they standardise.
    fn compare_fixed(&self, peer: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        let theirs: Array4<f32> = theirs.into_dimensionality()?;
        let std = self.generator.std().ok_or("the generator is not fitted")?;
        let mut distances = Vec::new();
        for (index, (sample, theirs)) in SAMPLES.iter().zip(theirs.outer_iter()).enumerate() {
            let image = self.inputs.images.index_axis(Axis(0), index);
            let (ours, map) = self.fixed(sample, image)?;
            for (place, &value) in ours.indexed_iter() {
                let (row, column, channel) = place;
                if !peer.black_border || sees_inside(&map, column, row, image.dim(), 1.0) {
                    distances.push(f64::from((value - theirs[place]).abs()) * std[channel]);
                }
            }
        }
        Ok(Distance::of(distances).within(1.0, 0.5, "levels"))
    }

    /// What the generator makes of an image when these numbers are drawn.
    fn fixed(
        &self,
        sample: &FixedSample,
        image: ArrayView3<'_, u8>,
    ) -> Result<(ndarray::Array3<f32>, Affine)> {
        let (height, width, _) = image.dim();
        let key = SampleKey { seed: 0, epoch: 0, index: 0 };
        let drawn = self.generator.recipe()?.draw(key, image.dim())?;
        let map = sample.parameters().to_affine(height, width);
        let mut steps = drawn.steps().to_vec();
        let Some(Step::Geometric(step)) = steps.first_mut() else {
            return Err("the recipe does not begin with its affine map".into());
        };
        step.warp.map = map;
        let plan = Plan::new(drawn.input_shape(), steps, Fidelity::Fused);
        Ok((plan.apply(image)?, map))
    }
}

/// Whether an output pixel shows a place that is `margin` pixels or more within the input.
pub(super) fn sees_inside(
    output_to_input: &Affine,
    column: usize,
    row: usize,
    (height, width, _): (usize, usize, usize),
    margin: f64,
) -> bool {
    let place = output_to_input.map(mizumashi::affine::Point { x: column as f64, y: row as f64 });
    let within = |place: f64, side: usize| place >= margin && place <= side as f64 - 1.0 - margin;
    within(place.x, width) && within(place.y, height)
}

/// Numbers that any library can be given: a whole number of pixels among them.
#[derive(Serialize)]
struct FixedSample {
    /// Degrees clockwise.
    angle: f64,
    /// Pixels that the picture moves to the right, after it was turned.
    right: i32,
    /// Pixels that the picture moves down.
    down: i32,
    /// Whether it is then mirrored.
    flip: bool,
}

impl FixedSample {
    fn parameters(&self) -> AffineParameters {
        AffineParameters {
            rotation: self.angle,
            width_shift: -f64::from(self.right),
            height_shift: -f64::from(self.down),
            horizontal_flip: self.flip,
            ..AffineParameters::default()
        }
    }
}

const SAMPLES: [FixedSample; 6] = [
    FixedSample { angle: 0.0, right: 0, down: 0, flip: false },
    FixedSample { angle: 0.0, right: 3, down: -6, flip: true },
    FixedSample { angle: 13.0, right: 3, down: -2, flip: false },
    FixedSample { angle: -20.0, right: -6, down: 6, flip: true },
    FixedSample { angle: 7.5, right: 0, down: 4, flip: true },
    FixedSample { angle: -1.25, right: -1, down: -1, flip: false },
];
