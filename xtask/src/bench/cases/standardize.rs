//! Batches that are standardised and not moved: what a flow costs beside its resampling.

use mizumashi::ImageDataGenerator;
use ndarray::{ArrayD, s};
use serde_json::json;

use super::flow::Epochs;
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
        let told = json!({ "compared": COMPARED });
        Ok(Box::new(Epochs { inputs, generator, epoch: 0, told, compare }))
    }
}

fn compare(epochs: &Epochs<'_>, _: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
    let Epochs { inputs, generator, .. } = epochs;
    let ours = generator.standardize(&inputs.images.slice(s![..COMPARED, .., .., ..]))?;
    if theirs.shape() != ours.shape() {
        return Err(format!("images of {:?}, not {:?}", theirs.shape(), ours.shape()).into());
    }
    let pairs = ours.iter().zip(&theirs);
    let apart = pairs.map(|(ours, theirs)| f64::from((ours - theirs).abs()));
    Ok(Distance::of(apart).at_most(1e-5, "deviations"))
}
