//! One training: what it is to be, and what came of it.

use std::fmt;
use std::time::Instant;

use mizumashi::{Batch, Error, ImageDataGenerator};
use ndarray::{Array1, Axis};
use serde::{Deserialize, Serialize};

use super::Result;
use super::input::Input;
use super::material::{Labelled, Prepared};
use super::network::{Adam, Depth, Network, Plan, cross_entropy, hits};

/// Images in a batch of training, as in the tutorial.
pub(super) const BATCH: usize = 32;
/// Images that are judged at a time.
const JUDGED: usize = 100;

/// What may differ between two trainings that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) input: Input,
    pub(super) depth: Depth,
    pub(super) batch_norm: bool,
    pub(super) augmented: bool,
}

/// A training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Trial {
    #[serde(flatten)]
    pub(super) setup: Setup,
    /// How many training images.
    pub(super) images: usize,
    pub(super) epochs: usize,
    /// The learning rate of the first step; it falls to 0 on a straight line.
    pub(super) rate: f64,
    /// Of weights, order and augmentation.
    pub(super) seed: u64,
    /// Whether the test images are looked at in the end.
    pub(super) tested: bool,
}

/// What came of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    #[serde(flatten)]
    pub(super) trial: Trial,
    /// The mean loss over the training images, as they were served, of each epoch.
    pub(super) loss: Vec<f64>,
    /// The accuracy on the validation images after each epoch.
    pub(super) validation: Vec<f64>,
    /// The accuracy on the test images after the last epoch, where they were looked at.
    pub(super) test: Option<f64>,
    pub(super) seconds: f64,
}

impl Trial {
    /// Trains and judges, on the threads of the pool that it is called in; the bits do not depend on
    /// them.
    pub(super) fn run(self, images: &Prepared<'_>, classes: usize) -> Result<Outcome> {
        let start = Instant::now();
        let Setup { depth, batch_norm, augmented, .. } = self.setup;
        let (_, height, width, channels) = images.train.0.dim();
        let plan = Plan { depth, batch_norm, image: [height, width, channels], classes };
        let mut network = Network::<f32>::new(plan, self.seed)?;
        let mut adam = Adam::new();
        let plain = ImageDataGenerator::builder().build()?;
        let steps = images.labels.len().div_ceil(BATCH);
        let mut batches: Box<dyn Iterator<Item = Served>> = if augmented {
            let flow = images.generator.flow(&images.images, &images.labels, BATCH)?;
            Box::new(flow.seed(self.seed))
        } else {
            let (train, labels) = &images.train;
            Box::new(plain.flow(train, labels, BATCH)?.seed(self.seed))
        };
        let (mut loss, mut validation) = (Vec::new(), Vec::new());
        for epoch in 0..self.epochs {
            let mut sum = 0.0;
            for (step, batch) in batches.by_ref().take(steps).enumerate() {
                let Batch { x, y, .. } = batch?;
                let done = (epoch * steps + step) as f64 / (self.epochs * steps) as f64;
                let scores = network.forward(x)?;
                let (batch_loss, gradient) = cross_entropy(&scores, y.view());
                network.backward(gradient)?;
                adam.step(&mut network, self.rate * (1.0 - done))?;
                sum += batch_loss * y.len() as f64;
            }
            loss.push(rounded(sum / images.labels.len() as f64));
            validation.push(accuracy(&network, &images.validation)?);
        }
        let test = self.tested.then(|| accuracy(&network, &images.test)).transpose()?;
        let seconds = rounded(start.elapsed().as_secs_f64());
        Ok(Outcome { trial: self, loss, validation, test, seconds })
    }
}

/// To four decimals, which is more than any figure here means.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setup { input, depth, batch_norm, augmented } = self.setup;
        let with = |what, is: bool| if is { what } else { "" };
        write!(
            f,
            "{}, {depth:?}{}{}, {} images, rate {}, seed {}",
            input.name(),
            with(", batch norm", batch_norm),
            with(", augmented", augmented),
            self.images,
            self.rate,
            self.seed
        )
    }
}

type Served = std::result::Result<Batch<Array1<usize>>, Error>;

/// The part of the images whose label has the highest score.
fn accuracy(network: &Network<f32>, (images, labels): &Labelled) -> Result<f64> {
    let mut right = 0;
    for (x, labels) in
        images.axis_chunks_iter(Axis(0), JUDGED).zip(labels.axis_chunks_iter(Axis(0), JUDGED))
    {
        right += hits(&network.infer(x.to_owned())?, labels);
    }
    Ok(right as f64 / labels.len() as f64)
}

#[cfg(test)]
mod tests {
    use rayon::ThreadPoolBuilder;

    use super::super::material::{Material, Sizes};
    use super::*;

    #[test]
    fn threads_do_not_show() {
        let sizes = Sizes { train: 48, validation: 16, test: 16 };
        let material = Material::open(None, sizes).unwrap();
        let images = material.prepare(Input::Featurewise, 48).unwrap();
        let setup = Setup {
            input: Input::Featurewise,
            depth: Depth::Deep,
            batch_norm: true,
            augmented: true,
        };
        let trial = Trial { setup, images: 48, epochs: 2, rate: 3e-3, seed: 1, tested: true };
        let run = |threads| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let outcome = pool.install(|| trial.run(&images, material.classes())).unwrap();
            (outcome.loss, outcome.validation, outcome.test)
        };
        let alone = run(1);
        assert_eq!(alone, run(3));
        assert!(alone.0[1] < alone.0[0], "nothing was learnt: {:?}", alone.0);
    }
}
