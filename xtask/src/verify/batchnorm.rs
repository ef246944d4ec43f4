//! Batch normalisation: what it makes of a batch, and its gradient.

use std::error::Error;

use mizumashi::batchnorm::{BatchNorm, BatchNormConfig};
use mizumashi::stats::{Grouping, Layout, Moments, Statistics};
use ndarray::{Array4, Axis};

use super::check::{Check, worst};
use super::distribution::{self, DEVIATIONS, LEVELS};
use super::findings::{Exhibit, Findings};
use crate::source::Source;

pub(super) fn findings(source: &Source) -> Result<Findings, Box<dyn Error>> {
    let mut findings = normalises(source)?;
    findings.checks.push(gradient(source)?);
    Ok(findings)
}

fn images(source: &Source, count: usize) -> Array4<f64> {
    source
        .train
        .images()
        .slice_axis(Axis(0), (..source.train.len().min(count)).into())
        .mapv(f64::from)
}

fn normalises(source: &Source) -> Result<Findings, Box<dyn Error>> {
    let x = images(source, 128).mapv(|value| value as f32);
    let mut layer = BatchNorm::<f32>::new(3, BatchNormConfig::keras())?;
    let (y, _) = layer.forward(x.view())?;
    let figures = Statistics::<Moments>::of(y.view(), Layout::Nhwc, Grouping::Channel)?;
    let checks = vec![
        Check::at_most("batch norm: |mean|, worst channel", worst(figures.mean(), 0.0), 1e-5),
        Check::at_most("batch norm: |std - 1|, worst channel", worst(figures.std(), 1.0), 1e-5),
    ];
    let exhibit = Exhibit {
        heading: "Channels of a batch",
        words: format!(
            "A batch of {} images through the layer in training: each channel less its mean in the \
             batch, by its deviation in the batch.",
            x.dim().0
        ),
        drawings: vec![
            distribution::drawing("before", x.view(), LEVELS)?,
            distribution::drawing("after", y.view(), DEVIATIONS)?,
        ],
        ..Exhibit::default()
    };
    Ok(Findings { checks, exhibits: vec![exhibit] })
}

/// Compares the gradient of a weighted sum of the outputs with central differences, in `f64`.
fn gradient(source: &Source) -> Result<Check, Box<dyn Error>> {
    let x = images(source, 4) / 255.0;
    let weights = Array4::from_shape_fn(x.dim(), |(n, h, w, c)| {
        ((n * 31 + h * 17 + w * 7 + c * 3) % 13) as f64 / 6.0 - 1.0
    });
    let layer = BatchNorm::<f64>::new(3, BatchNormConfig::keras())?;
    let loss = |x: &Array4<f64>| -> Result<f64, Box<dyn Error>> {
        let (y, _) = layer.clone().forward(x.view())?;
        Ok((&y * &weights).sum())
    };
    let (_, saved) = layer.clone().forward(x.view())?;
    let gradients = layer.backward(&saved, x.view(), weights.view())?;

    let scale = gradients.dx.iter().fold(0.0_f64, |max, dx| max.max(dx.abs()));
    let step = 1e-4;
    let mut errors = Vec::new();
    for place in (0..x.len()).step_by(97) {
        let moved = |by: f64| {
            let mut moved = x.clone();
            if let Some(value) = moved.iter_mut().nth(place) {
                *value += by;
            }
            loss(&moved)
        };
        let difference = (moved(step)? - moved(-step)?) / (2.0 * step);
        let gradient = gradients.dx.iter().nth(place).copied().unwrap_or(f64::NAN);
        errors.push((difference - gradient) / scale);
    }
    Ok(Check::at_most(
        "batch norm: gradient against differences, relative",
        worst(errors, 0.0),
        1e-6,
    ))
}
