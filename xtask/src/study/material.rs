//! The images that the study learns from and is judged by.

use std::ops::Range;
use std::path::Path;

use mizumashi::ImageDataGenerator;
use mizumashi::data::{Dataset, Synthetic, TrainTest, cifar};
use ndarray::{Array1, Array4, ArrayView1, ArrayView4, s};
use serde::{Deserialize, Serialize};

use super::Result;
use super::input::Input;

/// The three parts. Training and validation images are both of the source's training set.
pub(super) struct Material {
    pub(super) name: &'static str,
    sizes: Sizes,
    data: TrainTest,
}

/// How many images each part has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Sizes {
    pub(super) train: usize,
    pub(super) validation: usize,
    pub(super) test: usize,
}

impl Material {
    /// CIFAR-10 from a folder, or the generated set: the first images of each.
    pub(super) fn open(cifar10: Option<&Path>, sizes: Sizes) -> Result<Self> {
        let Sizes { train, validation, test } = sizes;
        let (name, data) = match cifar10 {
            Some(folder) => ("CIFAR-10", cifar::open_cifar10(folder)?),
            None => {
                let train = train + validation;
                let set = Synthetic { train, test, ..Default::default() };
                ("generated pictures", set.generate()?)
            }
        };
        Self::of(name, data, sizes)
    }

    /// The first images of both parts of a data set.
    pub(super) fn of(name: &'static str, data: TrainTest, sizes: Sizes) -> Result<Self> {
        let learnt = sizes.train + sizes.validation;
        let parts = [("training", data.train.len(), learnt), ("test", data.test.len(), sizes.test)];
        match parts.into_iter().find(|(_, found, needed)| found < needed) {
            None => Ok(Self { name, sizes, data }),
            Some((part, found, needed)) => Err(format!(
                "{name}: {found} {part} images where the study needs {needed}; add the missing files"
            )
            .into()),
        }
    }

    pub(super) fn classes(&self) -> usize {
        self.data.train.class_count()
    }

    /// Fits an input to the first `count` training images alone, and prepares all parts.
    pub(super) fn prepare(&self, input: Input, count: usize) -> Result<Prepared<'_>> {
        let Sizes { train, validation, test } = self.sizes;
        let (images, labels) = part(&self.data.train, 0..count);
        let mut generator = input.generator()?;
        generator.fit(&images)?;
        let ready = |(images, labels): Part<'_>| -> Result<Labelled> {
            Ok((generator.standardize(&images)?, labels.to_owned()))
        };
        Ok(Prepared {
            train: ready((images, labels))?,
            validation: ready(part(&self.data.train, train..train + validation))?,
            test: ready(part(&self.data.test, 0..test))?,
            images,
            labels,
            generator,
        })
    }
}

/// Images as they came, and their labels.
type Part<'m> = (ArrayView4<'m, u8>, ArrayView1<'m, usize>);

fn part(data: &Dataset, range: Range<usize>) -> Part<'_> {
    (data.images().slice(s![range.clone(), .., .., ..]), data.labels().slice(s![range]))
}

/// Prepared images and their labels.
pub(super) type Labelled = (Array4<f32>, Array1<usize>);

/// All parts as one input shows them.
pub(super) struct Prepared<'m> {
    /// The training images, not augmented.
    pub(super) train: Labelled,
    pub(super) validation: Labelled,
    pub(super) test: Labelled,
    /// The training images as they came, for the generator to augment and prepare.
    pub(super) images: ArrayView4<'m, u8>,
    pub(super) labels: ArrayView1<'m, usize>,
    pub(super) generator: ImageDataGenerator,
}
