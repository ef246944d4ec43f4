//! Batch normalisation: the channels of a batch before and after.

use std::error::Error;
use std::path::Path;

use mizumashi::batchnorm::{BatchNorm, BatchNormConfig};
use ndarray::{Array4, ArrayView4, Axis, s};

use super::levels::{self, Level};
use super::single::displayed;
use crate::source::Source;

const BATCH: usize = 128;
const CHANNELS: [&str; 3] = ["light", "change across", "change down"];

/// Writes three channels as a layer of a network might make them, and what the normalisation makes
/// of them.
pub(super) fn draw(source: &Source, path: &Path) -> Result<String, Box<dyn Error>> {
    let images = source.train.images();
    let maps = feature_maps(images.slice(s![..BATCH.min(images.dim().0), .., .., ..]));
    let mut layer = BatchNorm::<f32>::new(3, BatchNormConfig::keras())?;
    let (normalised, _) = layer.forward(maps.view())?;
    let first = |batch: &Array4<f32>| displayed(&batch.index_axis(Axis(0), 4).to_owned());
    let level =
        |label, picture, values, axis| Level { label, picture, values, axis, channels: CHANNELS };
    levels::write(
        &[
            level("three channels", first(&maps), maps.view(), -100.0..=260.0),
            level("after batch normalisation", first(&normalised), normalised.view(), -4.0..=4.0),
        ],
        path,
    )
    .map(|words| {
        format!(
            "{words}means {}, deviations {}\n",
            by_channel(&maps, |c| c.mean()),
            by_channel(&maps, |c| Some(c.std(0.0)))
        )
    })
}

/// The mean of the colours of each pixel, and its differences to the next one across and down.
fn feature_maps(images: ArrayView4<'_, u8>) -> Array4<f32> {
    let light = images.mapv(f32::from).sum_axis(Axis(3)) / 3.0;
    let (count, height, width) = light.dim();
    Array4::from_shape_fn((count, height, width, 3), |(n, y, x, channel)| {
        let here = light[[n, y, x]];
        match channel {
            0 => here,
            1 => light[[n, y, (x + 1).min(width - 1)]] - here,
            _ => light[[n, (y + 1).min(height - 1), x]] - here,
        }
    })
}

fn by_channel(
    batch: &Array4<f32>,
    of: impl Fn(ndarray::ArrayView3<'_, f32>) -> Option<f32>,
) -> String {
    let figures: Vec<_> = batch.axis_iter(Axis(3)).filter_map(of).collect();
    format!("{figures:.2?}")
}
