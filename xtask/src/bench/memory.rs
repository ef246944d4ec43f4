//! The memory that a flow takes over its data set.

use std::env;
use std::fs;
use std::process::Command;

use ndarray::{Array2, Array4};
use serde::{Deserialize, Serialize};

use super::case::Result;
use super::cases::{BATCH, tutorial};
use super::inputs::{Inputs, RawFile};
use super::peers::{Environment, Peer, Peers};
use super::report::Row;

pub(crate) const NAME: &str = "flow-memory";
pub(crate) const WORK: &str = "peak resident memory of fit and flow over that of the u8 set";

/// What is fitted to and served; in the terms of `xtask/peers`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Parameters {
    images: RawFile,
    labels: RawFile,
    batch: usize,
    /// The batches served, all of them at our speed and some at the peer's.
    peer_batches: usize,
    rotation: f64,
    shift: f64,
}

/// Ours and Keras', each in a process of its own.
pub(crate) fn rows(inputs: &Inputs, peers: Option<&Peers<'_>>) -> Result<Vec<Row>> {
    let parameters = Parameters {
        images: inputs.file("images", &inputs.images)?,
        labels: inputs.file("labels", &inputs.one_hot)?,
        batch: BATCH,
        peer_batches: inputs.choose(320, 20),
        rotation: 20.0,
        shift: 0.2,
    };
    let parameters = serde_json::to_value(parameters)?;
    let output = Command::new(env::current_exe()?)
        .env("RAYON_NUM_THREADS", "1")
        .args(["bench", "--measure-flow", &parameters.to_string()])
        .output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let ours: f64 = printed.trim().parse().map_err(|_| {
        format!("our memory was not measured: {}", String::from_utf8_lossy(&output.stderr))
    })?;

    let mut row = Row::new(NAME.into(), 1, "MB");
    row.ours = Some(ours / 1e6);
    let Some(peers) = peers else { return Ok(vec![row]) };
    let keras = Peer::new("keras-preprocessing");
    row.peer = Some(keras.name.into());
    let mut process = peers.start(Environment::Core, 1)?;
    row.note = process.prepare(NAME, &keras, &parameters)?.0.settings;
    let theirs = process.memory()?;
    row.theirs = Some(theirs / 1e6);
    row.ratio = Some(theirs / ours);
    Ok(vec![row])
}

/// The bytes by which fitting to a set and serving an epoch of it raise the peak resident memory
/// of this process.
pub(crate) fn of_flow(parameters: &Parameters) -> Result<u64> {
    let Parameters { images, labels, .. } = parameters;
    let shape = <[usize; 4]>::try_from(images.shape.as_slice())?;
    let x = Array4::from_shape_vec(shape, images.read::<u8>()?)?;
    let y = Array2::from_shape_vec((shape[0], labels.shape[1]), labels.read::<f32>()?)?;
    // The peak begins anew at what is resident now.
    fs::write("/proc/self/clear_refs", "5")?;
    let before = status("VmRSS")?;
    let mut generator = tutorial()?;
    generator.fit(&x)?;
    let mut flow = generator.flow(&x, &y, parameters.batch)?;
    let mut batch = flow.next_batch()?;
    for _ in 1..flow.steps_per_epoch() {
        flow.next_batch_into(&mut batch)?;
    }
    Ok(status("VmHWM")?.saturating_sub(before))
}

/// A figure of this process in bytes, as Linux counts it.
fn status(field: &str) -> Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| *name == field).ok_or("no such figure")?;
    let kibibytes: u64 = value.trim().trim_end_matches(" kB").parse()?;
    Ok(1024 * kibibytes)
}
