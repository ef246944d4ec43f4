//! Batches from a folder of JPEG files: read, decoded, resized, mirrored, rescaled.

use std::path::PathBuf;

use mizumashi::data::files::{ImageFiles, ImageFolder, ImageLoader, Resampling};
use mizumashi::{Batch, ImageDataGenerator, OneHot};
use ndarray::{Array2, Array4, ArrayD};
use serde_json::{Value, json};

use crate::bench::case::{Case, Distance, Parity, Ready, Result, Unit};
use crate::bench::inputs::Inputs;
use crate::bench::peers::Peer;

use super::BATCH;

const SIDE: usize = 224;
/// The pictures that are compared.
const COMPARED: usize = 8;

/// Decodes a folder of photographs every epoch.
pub(super) struct Files;

impl Case for Files {
    fn name(&self) -> String {
        "files-224".into()
    }

    fn work(&self) -> String {
        format!("{SIDE}x{SIDE} batches of {BATCH} from a folder of JPEGs: decode, bilinear, mirror")
    }

    fn unit(&self) -> Unit {
        Unit::ImagesPerSecond
    }

    fn family(&self) -> &'static str {
        "files"
    }

    fn peers(&self) -> Vec<Peer> {
        ["keras-preprocessing", "torchvision", "albumentations"].map(Peer::new).to_vec()
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        let root = inputs.pictures()?;
        let list = ImageFolder::new(&root).list()?;
        let labels = list.labels.into_iter().map(|label| vec![label]).collect();
        let labels = OneHot::new(labels, list.class_names.len())?;
        let loader = ImageLoader::new().target_size(SIDE, SIDE).resampling(Resampling::Bilinear);
        let files = ImageFiles::new(list.paths, loader)?;
        let recipe = ImageDataGenerator::builder().rescale(1.0 / 255.0);
        let plain = recipe.clone().build()?;
        let first = plain.flow_source(&files, (), COMPARED)?.shuffle(false).next_batch()?.x;
        let generator = recipe.horizontal_flip(true).build()?;
        let batch = generator.flow_source(&files, &labels, BATCH)?.next_batch()?;
        Ok(Box::new(Folder { inputs, root, files, labels, generator, first, batch, epoch: 0 }))
    }
}

/// Serves the folder epoch by epoch, each batch in the memory of the one before.
struct Folder<'a> {
    inputs: &'a Inputs,
    root: PathBuf,
    files: ImageFiles,
    labels: OneHot,
    generator: ImageDataGenerator,
    /// The first pictures, not mirrored.
    first: Array4<f32>,
    batch: Batch<Array2<f32>>,
    epoch: u64,
}

impl Ready for Folder<'_> {
    fn items(&self) -> usize {
        self.files.len()
    }

    fn run(&mut self) -> Result<()> {
        let mut flow = self
            .generator
            .flow_source(&self.files, &self.labels, BATCH)?
            .resume_at(self.epoch, 0)?;
        for _ in 0..flow.steps_per_epoch() {
            flow.next_batch_into(&mut self.batch)?;
        }
        self.epoch += 1;
        Ok(())
    }

    fn parameters(&self) -> Result<Value> {
        Ok(json!({
            "folder": self.root,
            "compared": &self.files.paths()[..self.first.dim().0],
            "side": SIDE,
            "batch": BATCH,
            "peer_batches": self.inputs.choose(self.files.len().div_ceil(BATCH), 2),
        }))
    }

    /// In grey levels of 255. Decoders round differently, by some levels where colours are
    /// upsampled; OpenCV has no filter that widens as PIL's do, and averages areas instead.
    fn compare(&mut self, peer: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        let theirs: Array4<f32> = theirs.into_dimensionality()?;
        let pairs = self.first.iter().zip(&theirs);
        let distance = Distance::of(pairs.map(|(a, b)| 255.0 * f64::from((a - b).abs())));
        Ok(match peer.name {
            "albumentations" => distance.within(128.0, 4.0, "levels"),
            _ => distance.within(8.0, 0.5, "levels"),
        })
    }
}
