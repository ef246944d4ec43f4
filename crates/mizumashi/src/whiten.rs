//! Whitening as a step of a recipe.

use std::sync::Arc;

use mizumashi_stats::Layout;
use mizumashi_transform::{
    BatchOperation, Draw, Error, ImageShape, Operation, Step, Transform, serde, typetag,
};
use mizumashi_whitening::{ImageWhitening, Scope};
use ndarray::{ArrayViewMut3, ArrayViewMut4, Axis};
use serde::{Deserialize, Serialize};

/// Whitens every image by a fitted [`ImageWhitening`].
///
/// It is the same for every sample and runs as a product of matrices on whole batches. In a
/// recipe file it is stored whole, matrix and all: for the pixels of larger pictures the file is as
/// large as the matrix.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Whiten {
    whitening: Arc<ImageWhitening>,
}

impl Whiten {
    /// The step that whitens by `whitening`.
    pub fn new(whitening: impl Into<Arc<ImageWhitening>>) -> Self {
        Self { whitening: whitening.into() }
    }

    fn whiten(&self, batch: ArrayViewMut4<'_, f32>) -> Result<(), Error> {
        self.whitening
            .apply_inplace(batch, Layout::Nhwc)
            .map_err(|source| Error::Custom { transform: "whiten", source: source.into() })
    }
}

#[typetag::serde(name = "whiten")]
impl Transform for Whiten {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let [height, width, channels] = self.whitening.shape();
        let expected = match self.whitening.scope() {
            Scope::Channels => ImageShape { channels, ..draw.shape() },
            _ => ImageShape { height, width, channels },
        };
        if draw.shape() != expected {
            return Err(Error::Shape { what: "image to whiten", expected, found: draw.shape() });
        }
        Ok(Step::operation(self))
    }

    fn batch_operation(&self) -> Option<&dyn BatchOperation> {
        Some(self)
    }
}

#[typetag::serde(name = "whiten")]
impl Operation for Whiten {
    fn apply(&self, image: ArrayViewMut3<'_, f32>, _: &mut Vec<f32>) -> Result<(), Error> {
        self.whiten(image.insert_axis(Axis(0)))
    }
}

impl BatchOperation for Whiten {
    fn apply_batch(&self, batch: ArrayViewMut4<'_, f32>) -> Result<(), Error> {
        self.whiten(batch)
    }
}
