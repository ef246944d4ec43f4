//! The products between all columns of `u8` rows, exact.

use std::hint::black_box;

use mizumashi::stats::gram_u8;
use ndarray::{Array2, ArrayD, ArrayView2};
use serde_json::{Value, json};

use crate::bench::case::{Case, Distance, Parity, Ready, Result, Unit};
use crate::bench::inputs::Inputs;
use crate::bench::peers::Peer;

pub(super) struct Gram;

impl Case for Gram {
    fn name(&self) -> String {
        "gram".into()
    }

    fn work(&self) -> String {
        "X'X of 10,000 x 3,072 u8 values, ours in exact integers".into()
    }

    fn unit(&self) -> Unit {
        Unit::Seconds
    }

    fn family(&self) -> &'static str {
        "gram"
    }

    fn peers(&self) -> Vec<Peer> {
        vec![Peer::new("NumPy"), Peer::new("PyTorch")]
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        Ok(Box::new(Rows { inputs, rows: inputs.rows()? }))
    }
}

struct Rows<'a> {
    inputs: &'a Inputs,
    rows: ArrayView2<'a, u8>,
}

impl Ready for Rows<'_> {
    fn run(&mut self) -> Result<()> {
        black_box(gram_u8(self.rows.t())?);
        Ok(())
    }

    fn parameters(&self) -> Result<Value> {
        Ok(json!({ "rows": self.inputs.file("rows", &self.rows)? }))
    }

    fn compare(&mut self, _: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        let ours = gram_u8(self.rows.t())?;
        let theirs: Array2<f32> = theirs.into_dimensionality()?;
        let pairs = ours.iter().map(|&product| product as f64).zip(&theirs);
        let relative =
            pairs.map(|(ours, &theirs)| (ours - f64::from(theirs)).abs() / ours.max(1.0));
        Ok(Distance::of(relative).at_most(1e-5, "relative"))
    }
}
