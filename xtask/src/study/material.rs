//! The images that the study learns from and is judged by.

use std::ops::Range;
use std::path::Path;

use mizumashi::ImageDataGenerator;
use mizumashi::data::{Dataset, Synthetic, TrainTest, cifar};
use ndarray::{Array1, Array4, ArrayView1, ArrayView4, s};

use super::Result;
use super::input::Input;

/// How many images of each part there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) train: usize,
    pub(super) validation: usize,
    pub(super) test: usize,
}

/// The three parts. Training and validation are both of the source's training images.
pub(super) struct Material {
    name: &'static str,
    sizes: Sizes,
    data: TrainTest,
}

impl Material {
    /// CIFAR-10 from a folder, or the generated set: the first images of each part.
    pub(super) fn open(cifar10: Option<&Path>, sizes: Sizes) -> Result<Self> {
        let Sizes { train, validation, test } = sizes;
        let (name, data) = match cifar10 {
            Some(folder) => ("CIFAR-10", cifar::open_cifar10(folder)?),
            None => {
                let set = Synthetic { train: train + validation, test, ..Default::default() };
                ("generated pictures", set.generate()?)
            }
        };
        for (part, found, wanted) in
            [("training", data.train.len(), train + validation), ("test", data.test.len(), test)]
        {
            if found < wanted {
                return Err(format!(
                    "{name}: {found} {part} images, of {wanted} that are needed; use more batches"
                )
                .into());
            }
        }
        Ok(Self { name, sizes, data })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn classes(&self) -> usize {
        self.data.train.class_count()
    }

    /// Fits an input to the training images and prepares all parts.
    pub(super) fn prepare(&self, input: Input) -> Result<Prepared<'_>> {
        let Sizes { train, validation, test } = self.sizes;
        let (images, labels) = part(&self.data.train, 0..train);
        let mut generator = input.generator()?;
        generator.fit(&images)?;
        let ready = |(images, labels): Part<'_>| -> Result<_> {
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
