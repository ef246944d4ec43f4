//! Images for the targets.

use mizumashi::transform::{Plan, Step};
use ndarray::Array3;

/// An image without a pattern that a bug could hide in.
pub(crate) fn bytes(shape: (usize, usize, usize), seed: u8) -> Array3<u8> {
    Array3::from_shape_fn(shape, |(row, column, channel)| {
        let mixed = row * 89 + column * column * 31 + channel * 57 + row * column * 7;
        mixed.wrapping_mul(usize::from(seed) * 2 + 1) as u8
    })
}

/// Whether every image on the way is one that a fuzzer has the time for.
pub(crate) fn is_small(plan: &Plan<'_>) -> bool {
    const PIXELS: usize = 1 << 12;
    let mut shape = plan.input_shape();
    let small = |(height, width, channels): (usize, usize, usize)| {
        height.saturating_mul(width).saturating_mul(channels.max(1)) <= PIXELS
    };
    small(shape.dim())
        && plan.steps().iter().all(|step| {
            if let Step::Geometric(step) = step {
                (shape.height, shape.width) = (step.height, step.width);
            }
            small(shape.dim())
        })
}
