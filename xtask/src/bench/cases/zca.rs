//! ZCA whitening of whole images: finding the matrix, and applying it.

use std::hint::black_box;

use mizumashi::whitening::{Pixel, Regularisation, Whitener, Whitening};
use ndarray::{Array2, ArrayD, ArrayView2, Axis, CowArray, Ix2, s};
use serde_json::{Value, json};

use crate::bench::case::{Case, Distance, Parity, Ready, Result, Unit};
use crate::bench::inputs::{Inputs, Raw};
use crate::bench::peers::Peer;

pub(super) fn all() -> [Box<dyn Case>; 4] {
    [
        Box::new(Fit { float: false }),
        Box::new(Fit { float: true }),
        Box::new(Apply { batch: 32 }),
        Box::new(Apply { batch: 1024 }),
    ]
}

/// A variance of ten squared grey levels: with much less, single precision, in which the peers
/// work, does not determine the smallest directions.
const EPSILON: f64 = 10.0;

/// Rows on which results are compared.
const COMPARED: usize = 64;

fn whitener() -> Whitener {
    Whitener::zca().regularisation(Regularisation::Eigenvalue(EPSILON))
}

/// The distance between white rows, whose values have unit variance. A peer whose single precision
/// does not come as close is reported so, and not timed.
fn compare(ours: &Array2<f32>, theirs: &ArrayD<f32>) -> Parity {
    let pairs = ours.iter().zip(theirs);
    Distance::of(pairs.map(|(&ours, &theirs)| f64::from((ours - theirs).abs())))
        .at_most(0.05, "std")
}

struct Fit {
    float: bool,
}

impl Case for Fit {
    fn name(&self) -> String {
        format!("zca-fit-{}", if self.float { "f32" } else { "u8" })
    }

    fn work(&self) -> String {
        "ZCA matrix of 10,000 x 3,072 values".into()
    }

    fn unit(&self) -> Unit {
        Unit::Seconds
    }

    fn family(&self) -> &'static str {
        "zca-fit"
    }

    fn peers(&self) -> Vec<Peer> {
        // What they take for u8 rows, which they convert, is what they take for these.
        let peers: &[_] = match self.float {
            true => &["PyTorch", "PyTorch, float64"],
            false => &["Keras' formula", "scikit-learn", "PyTorch", "PyTorch, float64"],
        };
        peers.iter().copied().map(Peer::new).collect()
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        let rows = inputs.rows()?;
        Ok(if self.float {
            Box::new(Rows { inputs, rows: rows.mapv(f32::from).into() })
        } else {
            Box::new(Rows { inputs, rows: rows.into() })
        })
    }
}

struct Rows<'a, T> {
    inputs: &'a Inputs,
    rows: CowArray<'a, T, Ix2>,
}

impl<T: Pixel + Raw> Ready for Rows<'_, T> {
    fn run(&mut self) -> Result<()> {
        black_box(whitener().fit(self.rows.view())?);
        Ok(())
    }

    fn parameters(&self) -> Result<Value> {
        Ok(json!({
            "rows": self.inputs.file("rows", &self.rows)?,
            "epsilon": EPSILON,
            "compared": COMPARED,
        }))
    }

    fn compare(&mut self, _: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        let whitening = whitener().fit(self.rows.view())?;
        Ok(compare(&whitening.apply(self.rows.slice(s![..COMPARED, ..]))?, &theirs))
    }
}

struct Apply {
    batch: usize,
}

impl Case for Apply {
    fn name(&self) -> String {
        format!("zca-apply-{}", self.batch)
    }

    fn work(&self) -> String {
        format!("ZCA of u8 images of 3,072 values, in batches of {}", self.batch)
    }

    fn unit(&self) -> Unit {
        Unit::ImagesPerSecond
    }

    fn family(&self) -> &'static str {
        "zca-apply"
    }

    fn peers(&self) -> Vec<Peer> {
        vec![Peer::new("NumPy"), Peer::new("PyTorch")]
    }

    fn prepare<'a>(&self, inputs: &'a Inputs) -> Result<Box<dyn Ready + 'a>> {
        let rows = inputs.rows()?;
        let whitening = whitener().fit(rows)?;
        let rows = rows.slice_move(s![..rows.nrows().min(2048), ..]);
        let white = Array2::zeros((self.batch, rows.ncols()));
        Ok(Box::new(Batches { inputs, whitening, rows, white }))
    }
}

struct Batches<'a> {
    inputs: &'a Inputs,
    whitening: Whitening,
    rows: ArrayView2<'a, u8>,
    /// Of one batch.
    white: Array2<f32>,
}

impl Ready for Batches<'_> {
    fn items(&self) -> usize {
        self.rows.nrows()
    }

    fn run(&mut self) -> Result<()> {
        for batch in self.rows.axis_chunks_iter(Axis(0), self.white.nrows()) {
            let white = self.white.slice_mut(s![..batch.nrows(), ..]);
            self.whitening.apply_into(batch, white)?;
        }
        black_box(&self.white);
        Ok(())
    }

    fn parameters(&self) -> Result<Value> {
        let matrix = self.whitening.matrix(u64::MAX)?.mapv(|value| value as f32);
        let mean = self.whitening.mean().mapv(|value| value as f32);
        Ok(json!({
            "rows": self.inputs.file("rows", &self.rows)?,
            "mean": self.inputs.file("mean", &mean)?,
            "matrix": self.inputs.file("matrix", &matrix)?,
            "batch": self.white.nrows(),
            "compared": COMPARED,
        }))
    }

    fn compare(&mut self, _: &Peer, theirs: ArrayD<f32>) -> Result<Parity> {
        Ok(compare(&self.whitening.apply(self.rows.slice(s![..COMPARED, ..]))?, &theirs))
    }
}
