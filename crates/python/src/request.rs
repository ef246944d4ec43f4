//! What is asked of a flow for one batch.

use std::sync::atomic::AtomicBool;

use mizumashi::ndarray::ArrayView4;
use mizumashi::stats::Layout;
use mizumashi::transform::Recipe;
use mizumashi::{Batch, Error, Flow, Pixel, Source};

use crate::narrowed::Narrowed;
use crate::picked::Picked;

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
    /// Serves it from the images at `indices`, or from all of them.
    pub(crate) fn serve<P: Served>(
        &self,
        images: ArrayView4<'_, P>,
        indices: Option<&[usize]>,
    ) -> Result<Batch<()>, Error> {
        P::serve(self, Picked { images: self.layout.to_nhwc(images), indices })
    }

    fn serve_from(&self, source: impl Source) -> Result<Batch<()>, Error> {
        Flow::from_source(self.recipe, self.layout, source, (), self.batch_size)?
            .shuffle(self.shuffle)
            .seed(self.seed)
            .resume_at(self.epoch, self.position)?
            .next_batch()
    }
}

/// A type of values that images come in.
pub(crate) trait Served: Pixel {
    fn serve(request: &Request<'_>, images: Picked<'_, Self>) -> Result<Batch<()>, Error>;
}

impl Served for u8 {
    fn serve(request: &Request<'_>, images: Picked<'_, u8>) -> Result<Batch<()>, Error> {
        request.serve_from(images)
    }
}

impl Served for f32 {
    fn serve(request: &Request<'_>, images: Picked<'_, f32>) -> Result<Batch<()>, Error> {
        let refused = AtomicBool::new(false);
        match request.serve_from(Narrowed::new(images, &refused)) {
            Err(_) if refused.into_inner() => request.serve_from(images),
            served => served,
        }
    }
}
