//! Passes of batch normalisation.

use std::hint::black_box;

use mizumashi::batchnorm::{BatchNorm, BatchNormConfig};
use ndarray::{ArrayD, Axis};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::bench::case::{Case, Distance, Parity, Ready, Result, Unit};
use crate::bench::inputs::Inputs;
use crate::bench::peers::Peer;

/// Feature maps of an early and of a late layer, and the activations of a dense one.
const SHAPES: [&[usize]; 3] = [&[128, 64, 32, 32], &[32, 256, 14, 14], &[256, 512]];

pub(super) fn all() -> impl Iterator<Item = Box<dyn Case>> {
    let passes = [Passes::Forward, Passes::ForwardBackward, Passes::Inference];
    SHAPES.into_iter().flat_map(move |shape| {
        passes.map(|passes| -> Box<dyn Case> { Box::new(Step { shape, passes }) })
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Passes {
    Forward,
    ForwardBackward,
    Inference,
}

struct Step {
    shape: &'static [usize],
    passes: Passes,
}

impl Step {
    fn dimensions(&self) -> String {
        self.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
    }
}

impl Case for Step {
    /// The first shape goes without saying.
    fn name(&self) -> String {
        if self.shape == SHAPES[0] {
            return self.family().into();
        }
        format!("{}-{}", self.family(), self.dimensions())
    }

    fn work(&self) -> String {
        let passes = match self.passes {
            Passes::Forward => "training forward",
            Passes::ForwardBackward => "training forward and backward",
            Passes::Inference => "inference",
        };
        format!("{passes} of {} f32, channels second", self.dimensions())
    }

    fn unit(&self) -> Unit {
        Unit::Milliseconds
    }

    fn family(&self) -> &'static str {
        match self.passes {
            Passes::Forward => "batchnorm-forward",
            Passes::ForwardBackward => "batchnorm-forward-backward",
            Passes::Inference => "batchnorm-inference",
        }
    }

    fn peers(&self) -> Vec<Peer> {
        vec![Peer::new("PyTorch"), Peer::new("PyTorch, out=")]
    }

    fn floor(&self) -> Option<&'static str> {
        Some("copying the batch once")
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        let mut shape = self.shape.to_vec();
        shape[0] = inputs.choose(shape[0], 8);
        let x = ArrayD::from_shape_simple_fn(&*shape, noise(1));
        let dy = ArrayD::from_shape_simple_fn(&*shape, noise(2));
        let layer = BatchNorm::new(shape[1], BatchNormConfig::pytorch())?;
        let (y, dx) = (ArrayD::zeros(&*shape), ArrayD::zeros(&*shape));
        Ok(Box::new(Batch { inputs, layer, x, dy, y, dx, passes: self.passes }))
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
    x: ArrayD<f32>,
    dy: ArrayD<f32>,
    y: ArrayD<f32>,
    dx: ArrayD<f32>,
    passes: Passes,
}

impl Ready for Batch<'_> {
    fn run(&mut self) -> Result<()> {
        let Self { layer, x, dy, y, dx, .. } = self;
        if self.passes == Passes::Inference {
            layer.infer_into(x.view(), y.view_mut())?;
        } else {
            let saved = layer.forward_into(x.view(), y.view_mut())?;
            if self.passes == Passes::ForwardBackward {
                black_box(layer.backward_into(&saved, x.view(), dy.view(), dx.view_mut())?);
            }
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
        let ours = if self.passes == Passes::ForwardBackward { &self.dx } else { &self.y };
        let pairs = ours.index_axis(Axis(0), 0).into_iter().zip(&theirs);
        let distances = pairs.map(|(&ours, &theirs)| f64::from((ours - theirs).abs()));
        Ok(Distance::of(distances).at_most(1e-4, ""))
    }
}
