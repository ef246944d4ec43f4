//! One affine map of an image: rotation and shift, black border, size and type kept.

use std::hint::black_box;

use mizumashi::affine::{AffineParameters, Border, Interpolation, PixelValue, Warp};
use ndarray::parallel::prelude::*;
use ndarray::{Array4, ArrayD, Axis};
use serde_json::{Value, json};

use super::flow::sees_inside;
use crate::bench::case::{Case, Distance, Parity, Ready, Result, Unit};
use crate::bench::inputs::{Inputs, Raw};
use crate::bench::peers::Peer;

const ANGLE: f64 = 17.0;

/// Every side with every interpolation and type.
pub(super) fn all() -> Vec<Box<dyn Case>> {
    let mut cases: Vec<Box<dyn Case>> = Vec::new();
    // Those that there are, by the names under which they are stored.
    let interpolations: Vec<Interpolation> = ["nearest", "bilinear", "bicubic"]
        .into_iter()
        .filter_map(|name| serde_json::from_value(name.into()).ok())
        .collect();
    for side in [32, 224, 512] {
        for &interpolation in &interpolations {
            for depth in ["u8", "f32"] {
                cases.push(Box::new(WarpCase { side, interpolation, depth }));
            }
        }
    }
    cases
}

struct WarpCase {
    side: usize,
    interpolation: Interpolation,
    depth: &'static str,
}

impl WarpCase {
    fn interpolation_name(&self) -> String {
        format!("{:?}", self.interpolation).to_lowercase()
    }

    fn warp(&self) -> (Warp, [i32; 2]) {
        // A tenth of the side, in whole pixels, which every library can be given.
        let [right, down] = [self.side as i32 / 10, -(self.side as i32) / 16];
        let parameters = AffineParameters {
            rotation: ANGLE,
            width_shift: -f64::from(right),
            height_shift: -f64::from(down),
            ..AffineParameters::default()
        };
        let map = parameters.to_affine(self.side, self.side);
        let border = Border::Constant(0.0);
        (Warp { map, interpolation: self.interpolation, border }, [right, down])
    }
}

impl Case for WarpCase {
    fn name(&self) -> String {
        format!("warp-{}-{}-{}", self.side, self.interpolation_name(), self.depth)
    }

    fn work(&self) -> String {
        let Self { side, .. } = self;
        format!("rotation and shift of {side}x{side}x3 images, black border")
    }

    fn unit(&self) -> Unit {
        Unit::ImagesPerSecond
    }

    fn family(&self) -> &'static str {
        "warp"
    }

    /// Only those that do what is asked: SciPy's cubic is a spline through the pixels and no
    /// convolution, the cubic of augrs 0.1.0 and kornia-rs 0.2.0 is bilinear, and so is kornia-rs'
    /// nearest. kornia-rs takes float images only on a GPU.
    fn peers(&self) -> Vec<Peer> {
        let mut peers = vec![Peer::new("OpenCV")];
        if matches!(self.interpolation, Interpolation::Nearest | Interpolation::Bilinear) {
            peers.extend([Peer::new("SciPy"), Peer::new("augrs")]);
        }
        if self.interpolation == Interpolation::Bilinear && self.depth == "u8" {
            peers.push(Peer::new("kornia-rs"));
        }
        peers
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        // A few megabytes in and out: more than the first caches hold, as data sets are.
        let count = match self.side {
            32 => 256,
            224 => 16,
            _ => 8,
        };
        let images = inputs.mosaics(count, self.side);
        Ok(match self.depth {
            "u8" => Box::new(Stack::new(self, inputs, images)),
            _ => Box::new(Stack::new(self, inputs, images.mapv(f32::from))),
        })
    }
}

/// Images and where they go.
struct Stack<'a, T> {
    inputs: &'a Inputs,
    warp: Warp,
    /// Pixels that the picture moves to the right and down.
    moves: [i32; 2],
    interpolation: String,
    images: Array4<T>,
    outputs: Array4<T>,
}

impl<'a, T: PixelValue + Raw + Default> Stack<'a, T> {
    fn new(case: &WarpCase, inputs: &'a Inputs, images: Array4<T>) -> Self {
        let (warp, moves) = case.warp();
        let outputs = Array4::default(images.dim());
        Self { inputs, warp, moves, interpolation: case.interpolation_name(), images, outputs }
    }
}

impl<T: PixelValue + Raw + Into<f64>> Ready for Stack<'_, T> {
    fn items(&self) -> usize {
        self.images.dim().0
    }

    fn run(&mut self) -> Result<()> {
        let sources = self.images.axis_iter(Axis(0)).into_par_iter();
        let destinations = self.outputs.axis_iter_mut(Axis(0)).into_par_iter();
        sources
            .zip(destinations)
            .try_for_each(|(source, destination)| self.warp.apply(source, destination))?;
        black_box(&self.outputs);
        Ok(())
    }

    fn parameters(&self) -> Result<Value> {
        let [right, down] = self.moves;
        Ok(json!({
            "images": self.inputs.file("stack", &self.images)?,
            "interpolation": self.interpolation,
            "output_to_input": self.warp.map,
            "angle": ANGLE,
            "right": right,
            "down": down,
        }))
    }

    /// In grey levels, where no neighbour that counts lies beyond the edge: there some blend with
    /// the border and others do not.
    fn compare(&mut self, _: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        self.run()?;
        let theirs: Array4<f32> = theirs.into_dimensionality()?;
        let (_, height, width, channels) = self.images.dim();
        let inside =
            |row, column| sees_inside(&self.warp.map, column, row, (height, width, channels), 2.0);
        let distances = theirs.indexed_iter().filter_map(|(place, &theirs)| {
            let (_, row, column, _) = place;
            let ours: f64 = self.outputs[place].into();
            inside(row, column).then(|| (ours - f64::from(theirs)).abs())
        });
        let distance = Distance::of(distances);
        Ok(match self.warp.interpolation {
            Interpolation::Nearest => Parity {
                measured: format!("{:.2}% of values differ", 100.0 * distance.beyond_one),
                tolerance: "0.1% of values differ, in ties".into(),
                passed: distance.beyond_one <= 0.001,
            },
            // OpenCV before 5 and kornia-rs keep coordinates to a fraction of a pixel only.
            _ => distance.within(3.0, 0.5, "levels"),
        })
    }
}
