//! `cargo xtask tutorial`: the pictures and figures of `docs/tutorial.md`.

mod affine;
mod batchnorm;
mod fitted;
mod levels;
mod single;

use std::error::Error;

use crate::illustrated::{Options, Page};
use crate::source::Source;

pub(crate) const PAGE: Page<Source> = Page {
    name: "tutorial",
    figures: &[
        ("affine", affine::one_by_one),
        ("borders", affine::borders),
        ("recipe", affine::recipe),
        ("stretch", single::stretch),
        ("rescale", single::rescale),
        ("samplewise", single::samplewise),
        ("featurewise", fitted::draw),
        ("batchnorm", batchnorm::draw),
    ],
};

/// Images of a fit.
const SAMPLES: usize = 2_000;

/// Draws every picture of the page and prints the figures that stand in its text.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let source = Source::open(options.cifar.as_deref(), SAMPLES)?;
    PAGE.draw(options, &source, &source)?;
    Ok(true)
}
