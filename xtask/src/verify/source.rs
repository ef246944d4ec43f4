//! The images that the checks run on.

use std::fmt;
use std::path::Path;

use mizumashi::data::{Dataset, Error, Synthetic, cifar, to_categorical};
use ndarray::Array2;

/// A training set with one-hot labels.
pub(crate) struct Source {
    description: String,
    pub(crate) train: Dataset,
    pub(crate) one_hot: Array2<f32>,
}

impl Source {
    /// CIFAR-10 from `directory`, or the generated set.
    pub(crate) fn open(directory: Option<&Path>) -> Result<Self, Error> {
        let (name, data) = match directory {
            Some(directory) => ("CIFAR-10", cifar::open_cifar10(directory)?),
            None => ("generated", Synthetic { train: GENERATED, ..Default::default() }.generate()?),
        };
        let train = data.train;
        let one_hot = to_categorical(train.labels().view(), train.class_count())?;
        let description = format!("{name}, {} training images", train.len());
        Ok(Self { description, train, one_hot })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)
    }
}

/// More than the 3,072 values of a picture, so that pixel whitening has full rank.
const GENERATED: usize = 5000;
