//! The products of a convolution, sixteen filters at a time to a vector.

use std::array::from_fn;

use fearless_simd::{Level, dispatch, f32x16, prelude::*};
use ndarray::{Array1, Array2};

/// Filters to a vector.
const LANES: usize = 16;

/// Neighbouring outputs computed at once: with two vectors of eight lanes to each, 12 of the 16
/// registers of AVX2.
const PIXELS: usize = 6;

/// Filters as the kernel reads them.
pub(crate) struct Filters {
    outputs: usize,
    /// Rows of a filter, and the values in one: width x channels.
    height: usize,
    width: usize,
    /// A bias and the weights for each sixteen filters; those that fill up the last are 0.
    groups: Vec<([f32; LANES], Vec<[f32; LANES]>)>,
    /// Whether each output is put out again, negated, after all of them.
    doubled: bool,
}

/// Rows of an image, each beginning with the first pixel that a filter sees.
pub(crate) struct Strip<'a> {
    pub(crate) values: &'a [f32],
    /// Values of a row.
    pub(crate) row: usize,
    /// Values from an output to the one below it, and to the one beside it.
    pub(crate) down: usize,
    pub(crate) across: usize,
}

impl Filters {
    /// From one row per filter, of `height` rows of weights.
    pub(crate) fn new(
        matrix: &Array2<f64>,
        bias: &Array1<f64>,
        height: usize,
        doubled: bool,
    ) -> Self {
        let (outputs, features) = matrix.dim();
        let lanes = |first: usize, value: &dyn Fn(usize) -> f64| {
            from_fn(|lane| {
                let output = first + lane;
                if output < outputs { value(output) as f32 } else { 0.0 }
            })
        };
        let groups = (0..outputs)
            .step_by(LANES)
            .map(|first| {
                let weights = (0..features).map(|i| lanes(first, &|output| matrix[[output, i]]));
                (lanes(first, &|output| bias[output]), weights.collect())
            })
            .collect();
        Self { outputs, height, width: features / height.max(1), groups, doubled }
    }

    /// Fills a row of outputs, all of a pixel side by side, from the strip's rows of that index on.
    pub(crate) fn apply(&self, strip: &Strip<'_>, index: usize, out: &mut [f32]) {
        let values = &strip.values[index * strip.down..];
        dispatch!(Level::new(), simd => self.row(simd, strip, values, out));
    }

    #[inline(always)]
    fn row<S: Simd>(&self, simd: S, strip: &Strip<'_>, values: &[f32], out: &mut [f32]) {
        let per_pixel = if self.doubled { 2 * self.outputs } else { self.outputs };
        let count = out.len() / per_pixel;
        for group in 0..self.groups.len() {
            if count < PIXELS {
                for x in 0..count {
                    self.pixels::<S, 1>(simd, strip, values, group, x, &mut out[x * per_pixel..]);
                }
                continue;
            }
            for x in (0..count).step_by(PIXELS) {
                // The last ones overlap with those before, and are the same.
                let x = x.min(count - PIXELS);
                self.pixels::<S, PIXELS>(simd, strip, values, group, x, &mut out[x * per_pixel..]);
            }
        }
    }

    /// Sixteen filters at `P` neighbouring places, of which the first is the `x`th of its row.
    #[inline(always)]
    fn pixels<S: Simd, const P: usize>(
        &self,
        simd: S,
        strip: &Strip<'_>,
        values: &[f32],
        group: usize,
        x: usize,
        out: &mut [f32],
    ) {
        let (bias, weights) = &self.groups[group];
        let mut sums = [f32x16::load_array(simd, *bias); P];
        for (y, weights) in weights.chunks_exact(self.width).enumerate().take(self.height) {
            let patches: [&[f32]; P] = from_fn(|pixel| {
                &values[y * strip.row + (x + pixel) * strip.across..][..weights.len()]
            });
            for (i, weights) in weights.iter().enumerate() {
                let weights = f32x16::load_array_ref(simd, weights);
                for pixel in 0..P {
                    let value = f32x16::splat(simd, patches[pixel][i]);
                    sums[pixel] = value.mul_add_precise(weights, sums[pixel]);
                }
            }
        }
        let first = group * LANES;
        let lanes = LANES.min(self.outputs - first);
        let per_pixel = if self.doubled { 2 * self.outputs } else { self.outputs };
        for (pixel, sums) in sums.into_iter().enumerate() {
            let out = &mut out[pixel * per_pixel..][..per_pixel];
            let (out, opposite) = out.split_at_mut(self.outputs);
            let out = &mut out[first..first + lanes];
            match <&mut [f32; LANES]>::try_from(&mut *out) {
                Ok(out) => sums.store_array(out),
                Err(_) => {
                    let mut all = [0.0; LANES];
                    sums.store_array(&mut all);
                    out.copy_from_slice(&all[..lanes]);
                }
            }
            if self.doubled {
                let opposite = &mut opposite[first..first + lanes];
                opposite.iter_mut().zip(out).for_each(|(to, x)| *to = -*x);
            }
        }
    }
}
