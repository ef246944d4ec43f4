//! Batches that are standardised and not moved: what a flow costs beside its resampling.

use mizumashi::ImageDataGenerator;
use ndarray::{ArrayD, s};
use serde_json::{Value, json};

use super::flow::{BATCH, serve};
use crate::bench::case::{Case, Distance, Parity, Ready, Result, Unit};
use crate::bench::inputs::Inputs;
use crate::bench::peers::Peer;

/// How many images are compared.
const COMPARED: usize = 8;

pub(super) struct Standardize;

impl Case for Standardize {
    fn name(&self) -> String {
        "standardize".into()
    }

    fn work(&self) -> String {
        "shuffled, standardised by the set's figures; u8 to f32 batches of 32".into()
    }

    fn unit(&self) -> Unit {
        Unit::ImagesPerSecond
    }

    fn family(&self) -> &'static str {
        "standardize"
    }

    fn peers(&self) -> Vec<Peer> {
        ["keras-preprocessing", "NumPy", "torchvision", "albumentations", "augrs"]
            .map(Peer::new)
            .into()
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        let mut generator = ImageDataGenerator::builder()
            .featurewise_center(true)
            .featurewise_std_normalization(true)
            .build()?;
        generator.fit(&inputs.images)?;
        Ok(Box::new(Epochs { inputs, generator, epoch: 0 }))
    }
}

struct Epochs<'a> {
    inputs: &'a Inputs,
    generator: ImageDataGenerator,
    epoch: u64,
}

impl Ready for Epochs<'_> {
    fn items(&self) -> usize {
        self.inputs.images.dim().0
    }

    fn run(&mut self) -> Result<()> {
        self.epoch += 1;
        serve(&self.generator, self.inputs, self.epoch)
    }

    fn parameters(&self) -> Result<Value> {
        Ok(json!({
            "images": self.inputs.file("images", &self.inputs.images)?,
            "labels": self.inputs.file("labels", &self.inputs.one_hot)?,
            "mean": self.generator.mean(),
            "std": self.generator.std(),
            "batch": BATCH,
            "peer_batches": self.inputs.choose(320, 20),
            "compared": COMPARED,
        }))
    }

    fn compare(&mut self, _: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        let ours =
            self.generator.standardize(&self.inputs.images.slice(s![..COMPARED, .., .., ..]))?;
        if theirs.shape() != ours.shape() {
            return Err(format!("images of {:?}, not {:?}", theirs.shape(), ours.shape()).into());
        }
        let pairs = ours.iter().zip(&theirs);
        let apart = pairs.map(|(ours, theirs)| f64::from((ours - theirs).abs()));
        Ok(Distance::of(apart).at_most(1e-5, "deviations"))
    }
}
