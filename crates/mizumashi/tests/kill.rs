//! A training that is killed a hundred times serves what one in peace does.
//!
//! This program starts itself as a child, which serves batches, notes a hash of each, and stores its
//! state; kills it by SIGKILL at a random moment; and starts it again. It has no test harness: the
//! child must do nothing else.

use std::fs::{self, File, OpenOptions};
use std::hash::Hasher;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use fnv::FnvHasher;
use mizumashi::{Batch, Flow, ImageDataGenerator};
use ndarray::{Array4, ArrayView4};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const KILLS: usize = 100;

fn main() {
    match std::env::args().nth(1).as_deref().map(Path::new) {
        Some(folder) if folder.is_dir() => train(folder),
        _ => kill(),
    }
}

fn images() -> Array4<u8> {
    Array4::from_shape_fn((23, 6, 7, 3), |(n, row, column, channel)| {
        (n * 40 + row * 13 + column * column * 7 + channel * 29) as u8
    })
}

fn generator(x: &Array4<u8>) -> ImageDataGenerator {
    let mut generator = ImageDataGenerator::builder()
        .featurewise_std_normalization(true)
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .build()
        .unwrap();
    generator.fit(x).unwrap();
    generator
}

fn flow<'a>(
    generator: &'a ImageDataGenerator,
    x: &'a Array4<u8>,
) -> Flow<'a, ArrayView4<'a, u8>, ()> {
    generator.flow(x, (), 5).unwrap().seed(11)
}

/// Epoch, position, and a hash of all values and indices.
fn note(batch: &Batch<()>) -> String {
    let mut hasher = FnvHasher::default();
    batch.x.iter().for_each(|value| hasher.write(&value.to_bits().to_le_bytes()));
    batch.indices.iter().for_each(|&index| hasher.write(&(index as u64).to_le_bytes()));
    format!("{} {} {:016x}\n", batch.epoch, batch.position, hasher.finish())
}

/// Serves until it is killed.
fn train(folder: &Path) {
    let x = images();
    let generator = generator(&x);
    let mut flow = flow(&generator, &x);
    let (state, unfinished) = (folder.join("state.json"), folder.join("state.json.new"));
    if let Ok(stored) = fs::read(&state) {
        flow = flow.resume(&serde_json::from_slice(&stored).unwrap()).unwrap();
    }
    let mut log = OpenOptions::new().append(true).create(true).open(folder.join("log")).unwrap();
    loop {
        let batch = flow.next_batch().unwrap();
        log.write_all(note(&batch).as_bytes()).unwrap();
        let mut file = File::create(&unfinished).unwrap();
        file.write_all(&serde_json::to_vec(&flow.state().unwrap()).unwrap()).unwrap();
        fs::rename(&unfinished, &state).unwrap();
    }
}

/// Kills the child again and again, then compares its notes with those of a run in peace.
fn kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut progressed = 0;
    for _ in 0..KILLS {
        let before = log(folder.path()).len();
        let mut child =
            Command::new(std::env::current_exe().unwrap()).arg(folder.path()).spawn().unwrap();
        thread::sleep(Duration::from_micros(rng.random_range(1_000..25_000)));
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        progressed += usize::from(log(folder.path()).len() > before);
    }
    let log = log(folder.path());
    let x = images();
    let generator = generator(&x);
    let mut expected = flow(&generator, &x).map(|batch| note(&batch.unwrap()));
    // A child that was killed between note and state makes that batch again, alike.
    let (mut distinct, mut repeated) = (0, 0);
    let mut last = None;
    for line in log.lines() {
        let line = format!("{line}\n");
        if last.as_ref() == Some(&line) {
            repeated += 1;
            continue;
        }
        assert_eq!(line, expected.next().unwrap(), "batch {distinct} of the killed run");
        distinct += 1;
        last = Some(line);
    }
    assert!(distinct > 0 && progressed > KILLS / 2, "{distinct} batches in {progressed} lives");
    println!(
        "{KILLS} kills survived: {distinct} batches in the order and with the bits of a run in \
         peace, {repeated} of them made twice; {progressed} of the children lived to make one"
    );
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
