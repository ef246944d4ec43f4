//! A training step of batch normalisation.

use std::hint::black_box;

use mizumashi::batchnorm::{BatchNorm, BatchNormConfig};
use ndarray::{Array4, ArrayD, Axis};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::bench::case::{Case, Distance, Parity, Ready, Result, Unit};
use crate::bench::inputs::Inputs;
use crate::bench::peers::Peer;

pub(super) fn all() -> [Box<dyn Case>; 2] {
    [Box::new(Step { backward: false }), Box::new(Step { backward: true })]
}

struct Step {
    backward: bool,
}

impl Case for Step {
    fn name(&self) -> String {
        self.family().into()
    }

    fn work(&self) -> String {
        let passes = if self.backward { "forward and backward" } else { "forward" };
        format!("training {passes} of 128x64x32x32 f32, NCHW")
    }

    fn unit(&self) -> Unit {
        Unit::Milliseconds
    }

    fn family(&self) -> &'static str {
        if self.backward { "batchnorm-forward-backward" } else { "batchnorm-forward" }
    }

    fn peers(&self) -> Vec<Peer> {
        vec![Peer::new("PyTorch"), Peer::new("PyTorch, out=")]
    }

    fn floor(&self) -> Option<&'static str> {
        Some("copying the batch once")
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        let shape = (inputs.choose(128, 8), 64, 32, 32);
        let x = Array4::from_shape_simple_fn(shape, noise(1));
        let dy = Array4::from_shape_simple_fn(shape, noise(2));
        let layer = BatchNorm::new(64, BatchNormConfig::pytorch())?;
        let (y, dx) = (Array4::zeros(shape), Array4::zeros(shape));
        Ok(Box::new(Batch { inputs, layer, x, dy, y, dx, backward: self.backward }))
    }
}

/// Values between -1 and 3 whose order has no pattern (xorshift).
fn noise(seed: u32) -> impl FnMut() -> f32 {
    let mut state = 0x9E37_79B9 ^ seed;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 22) as f32 - 1.0
    }
}

struct Batch<'a> {
    inputs: &'a Inputs,
    layer: BatchNorm<f32>,
    x: Array4<f32>,
    dy: Array4<f32>,
    y: Array4<f32>,
    dx: Array4<f32>,
    backward: bool,
}

impl Ready for Batch<'_> {
    fn run(&mut self) -> Result<()> {
        let Self { layer, x, dy, y, dx, .. } = self;
        let saved = layer.forward_into(x.view(), y.view_mut())?;
        if self.backward {
            black_box(layer.backward_into(&saved, x.view(), dy.view(), dx.view_mut())?);
        }
        black_box((&self.y, &self.dx));
        Ok(())
    }

    fn run_floor(&mut self) -> Result<()> {
        let from = self.x.as_slice().ok_or("x is not contiguous")?;
        let to = self.y.as_slice_mut().ok_or("y is not contiguous")?;
        let block = from.len().div_ceil(rayon::current_num_threads());
        to.par_chunks_mut(block)
            .zip(from.par_chunks(block))
            .for_each(|(to, from)| to.copy_from_slice(from));
        black_box(to);
        Ok(())
    }

    fn parameters(&self) -> Result<Value> {
        Ok(json!({
            "x": self.inputs.file("x", &self.x)?,
            "dy": self.inputs.file("dy", &self.dy)?,
        }))
    }

    fn compare(&mut self, _: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        self.run()?;
        let ours = if self.backward { &self.dx } else { &self.y };
        let pairs = ours.index_axis(Axis(0), 0).into_iter().zip(&theirs);
        let distances = pairs.map(|(&ours, &theirs)| f64::from((ours - theirs).abs()));
        Ok(Distance::of(distances).at_most(1e-4, ""))
    }
}
