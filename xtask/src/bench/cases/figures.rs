//! Mean and standard deviation of each channel of a data set.

use std::hint::black_box;

use mizumashi::stats::{Accumulator, Grouping, IntegerMoments, Layout, Moments, Statistics};
use ndarray::{Array4, ArrayD, CowArray, Ix4};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::bench::case::{Case, Distance, Parity, Ready, Result, Unit};
use crate::bench::inputs::{Inputs, Raw};
use crate::bench::peers::Peer;

pub(super) fn all() -> [Box<dyn Case>; 2] {
    [Box::new(Stats { float: false }), Box::new(Stats { float: true })]
}

struct Stats {
    float: bool,
}

impl Case for Stats {
    fn name(&self) -> String {
        format!("stats-{}", if self.float { "f32" } else { "u8" })
    }

    fn work(&self) -> String {
        let how = if self.float { "two passes in f64" } else { "exact integer sums" };
        format!("mean and standard deviation per channel of the set ({how})")
    }

    fn unit(&self) -> Unit {
        Unit::Milliseconds
    }

    fn family(&self) -> &'static str {
        "stats"
    }

    fn peers(&self) -> Vec<Peer> {
        vec![Peer::new("NumPy"), Peer::new("PyTorch"), Peer::new("OpenCV")]
    }

    fn floor(&self) -> Option<&'static str> {
        Some("reading the bytes once")
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        Ok(if self.float {
            let images: Array4<f32> = inputs.images.mapv(f32::from);
            Box::new(Set::<Moments> { inputs, images: images.into() })
        } else {
            Box::new(Set::<IntegerMoments> { inputs, images: inputs.images.view().into() })
        })
    }
}

struct Set<'a, A: Accumulator> {
    inputs: &'a Inputs,
    images: CowArray<'a, A::Value, Ix4>,
}

impl<A> Set<'_, A>
where
    A: Accumulator,
{
    fn figures(&self) -> Result<Statistics<A>> {
        Ok(Statistics::of(self.images.view(), Layout::Nhwc, Grouping::Channel)?)
    }
}

impl<A> Ready for Set<'_, A>
where
    A: Accumulator + Send,
    A::Value: Raw + Xor,
{
    fn run(&mut self) -> Result<()> {
        black_box(self.figures()?);
        Ok(())
    }

    fn run_floor(&mut self) -> Result<()> {
        let values = self.images.as_slice().ok_or("the set is not contiguous")?;
        black_box(values.par_chunks(1 << 16).map(read).reduce(Default::default, Xor::xor));
        Ok(())
    }

    fn parameters(&self) -> Result<Value> {
        Ok(json!({ "images": self.inputs.file("images", &self.images)? }))
    }

    fn compare(&mut self, _: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        let figures = self.figures()?;
        let ours = figures.mean().into_iter().chain(figures.std());
        let pairs = ours.zip(&theirs);
        let relative = pairs.map(|(ours, &theirs)| (ours - f64::from(theirs)).abs() / ours);
        Ok(Distance::of(relative).at_most(1e-4, "relative"))
    }
}

/// Reads all values, and does no more with them than keeps the compiler from leaving it out.
fn read<T: Xor>(values: &[T]) -> T {
    let mut lanes = [T::default(); 64];
    for block in values.chunks_exact(64) {
        for (lane, &value) in lanes.iter_mut().zip(block) {
            *lane = lane.xor(value);
        }
    }
    lanes.into_iter().fold(T::default(), T::xor)
}

/// The cheapest operation there is on the bits of a value.
trait Xor: Copy + Default + Send + Sync {
    fn xor(self, other: Self) -> Self;
}

impl Xor for u8 {
    fn xor(self, other: Self) -> Self {
        self ^ other
    }
}

impl Xor for f32 {
    fn xor(self, other: Self) -> Self {
        Self::from_bits(self.to_bits() ^ other.to_bits())
    }
}
