//! What is asked of a flow for one batch.

use mizumashi::ndarray::Array4;
use mizumashi::stats::Layout;
use mizumashi::transform::Recipe;
use mizumashi::{Batch, Error, Flow, Source};

/// The batch that follows `position` samples of an epoch.
pub(crate) struct Request<'r> {
    pub(crate) recipe: &'r Recipe,
    /// Of the images and of the batch.
    pub(crate) layout: Layout,
    pub(crate) batch_size: usize,
    pub(crate) shuffle: bool,
    pub(crate) seed: u64,
    pub(crate) epoch: u64,
    pub(crate) position: usize,
}

impl Request<'_> {
    /// Serves it from the images of a source, in `memory` if that has the right shape.
    pub(crate) fn serve(
        &self,
        source: impl Source,
        memory: Array4<f32>,
    ) -> Result<Batch<()>, Error> {
        let mut batch = Batch::default();
        batch.x = memory;
        Flow::from_source(self.recipe, self.layout, source, (), self.batch_size)?
            .shuffle(self.shuffle)
            .seed(self.seed)
            .resume_at(self.epoch, self.position)?
            .next_batch_into(&mut batch)?;
        Ok(batch)
    }
}
