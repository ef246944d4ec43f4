//! The images that the checks and the pictures of the documentation are made from.

use std::fmt;
use std::path::Path;

use mizumashi::data::{Dataset, Error, Synthetic, cifar, to_categorical};
use ndarray::Array2;

/// A training set with one-hot labels, and a test set.
pub(crate) struct Source {
    /// What the images are called.
    pub(crate) name: &'static str,
    pub(crate) train: Dataset,
    pub(crate) one_hot: Array2<f32>,
    pub(crate) test: Dataset,
}

impl Source {
    /// CIFAR-10 from `directory`, or a set of `generated` images.
    pub(crate) fn open(directory: Option<&Path>, generated: usize) -> Result<Self, Error> {
        let (name, data) = match directory {
            Some(directory) => ("CIFAR-10", cifar::open_cifar10(directory)?),
            None => ("generated", Synthetic { train: generated, ..Default::default() }.generate()?),
        };
        let train = data.train;
        let one_hot = to_categorical(train.labels().view(), train.class_count())?;
        Ok(Self { name, train, one_hot, test: data.test })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} training images", self.name, self.train.len())
    }
}
