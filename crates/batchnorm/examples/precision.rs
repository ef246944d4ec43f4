//! Prints how far outputs of f32 batches whose mean is far from 0 are from those of exact statistics:
//! of this crate, of the formula `E[x^2] - E[x]^2` in f32, and of PyTorch where the Python that
//! `MIZUMASHI_PYTHON` names has it.
//!
//! ```sh
//! MIZUMASHI_PYTHON=venv/bin/python cargo run --release --example precision
//! ```

use std::error::Error;
use std::path::Path;
use std::process::Command;

use mizumashi_batchnorm::{BatchNorm, BatchNormConfig};
use ndarray::{Array1, Array2, ArrayView1};

const VALUES: usize = 1 << 16;
const EPSILON: f64 = 1e-5;

fn main() -> Result<(), Box<dyn Error>> {
    let means = [0.0, 1e2, 1e4, 1e6];
    let x = Array2::from_shape_fn((VALUES, means.len()), {
        let mut state = 1_u32;
        move |(_, channel)| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (means[channel] + f64::from(state >> 8) / f64::from(1_u32 << 23) - 1.0) as f32
        }
    });
    let exact = each_channel(&x, |x| {
        let x = x.mapv(f64::from);
        let mean = x.sum() / VALUES as f64;
        let variance = x.mapv(|x| (x - mean) * (x - mean)).sum() / VALUES as f64;
        x.mapv(|x| (x - mean) / (variance + EPSILON).sqrt())
    });
    let naive = each_channel(&x, |x| {
        let (mut sum, mut squares) = (0.0_f32, 0.0_f32);
        for &x in x {
            sum += x;
            squares += x * x;
        }
        let mean = sum / VALUES as f32;
        let variance = squares / VALUES as f32 - mean * mean;
        x.mapv(|x| f64::from((x - mean) / (variance + EPSILON as f32).sqrt()))
    });
    let mut layer = BatchNorm::new(means.len(), BatchNormConfig::pytorch())?;
    let ours = layer.forward(x.view())?.0.mapv(f64::from);
    let torch = pytorch(&x)?;

    println!("| values | mizumashi | PyTorch | E[x^2] - E[x]^2 |\n|---|---|---|---|");
    for (channel, mean) in means.iter().enumerate() {
        let error = |found: &Array2<f64>| {
            let pairs = found.column(channel).into_iter().zip(exact.column(channel));
            let worst = pairs.map(|(found, exact)| (found - exact).abs());
            // Unlike `f64::max`, keeps NaN.
            worst.fold(0.0, |most: f64, error| if error <= most { most } else { error })
        };
        let theirs = torch.as_ref().map_or("not there".to_owned(), |y| format!("{:.1e}", error(y)));
        println!("| {mean} ± 1 | {:.1e} | {theirs} | {:.1e} |", error(&ours), error(&naive));
    }
    Ok(())
}

fn each_channel(
    x: &Array2<f32>,
    standardise: impl Fn(ArrayView1<'_, f32>) -> Array1<f64>,
) -> Array2<f64> {
    let mut y = Array2::zeros(x.dim());
    for (mut y, x) in y.columns_mut().into_iter().zip(x.columns()) {
        y.assign(&standardise(x));
    }
    y
}

/// PyTorch's output, where there is a PyTorch.
fn pytorch(x: &Array2<f32>) -> Result<Option<Array2<f64>>, Box<dyn Error>> {
    let Ok(python) = std::env::var("MIZUMASHI_PYTHON") else { return Ok(None) };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/precision.py");
    let file = std::env::temp_dir().join("mizumashi-precision.f32");
    std::fs::write(&file, x.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())?;
    let columns = x.ncols().to_string();
    let output = Command::new(python).arg(script).arg(&file).arg(columns).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let y: Vec<f64> = std::fs::read(&file)?
        .as_chunks()
        .0
        .iter()
        .map(|&bytes| f64::from(f32::from_le_bytes(bytes)))
        .collect();
    std::fs::remove_file(file)?;
    Ok(Some(Array2::from_shape_vec(x.dim(), y)?))
}
