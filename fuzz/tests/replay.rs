//! Every target over its seeds, over what fuzzing ever found, and over random damage to both.
//!
//! `MIZUMASHI_FUZZ_ROUNDS` says how many damaged inputs each target is given.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mizumashi_fuzz::{TARGETS, Target};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The committed inputs of a target, in the order of their names.
fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut inputs = Vec::new();
    for kind in ["seeds", "findings"] {
        let Ok(folder) = fs::read_dir(root.join(kind).join(target)) else { continue };
        let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        inputs.extend(paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())));
    }
    inputs
}

/// Runs a target, and fails with the input where it panics.
fn survive(name: &str, run: Target, origin: &str, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| run(input))).is_err() {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("findings").join(name);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(origin);
        fs::write(&path, input).unwrap();
        panic!("{name} does not survive {}; its panic is above", path.display());
    }
}

#[test]
fn every_committed_input_is_survived() {
    for (name, run) in TARGETS {
        let inputs = inputs(name);
        assert!(!inputs.is_empty(), "{name} has no seeds");
        for (path, input) in inputs {
            survive(name, run, &path.file_name().unwrap().to_string_lossy(), &input);
        }
    }
}

#[test]
fn random_damage_is_survived() {
    let rounds = match std::env::var("MIZUMASHI_FUZZ_ROUNDS") {
        Ok(rounds) => rounds.parse().expect("MIZUMASHI_FUZZ_ROUNDS is a number"),
        Err(_) => 2000,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for (name, run) in TARGETS {
        let inputs: Vec<_> = inputs(name).into_iter().map(|(_, input)| input).collect();
        for round in 0..rounds {
            let mut input = inputs[rng.random_range(0..inputs.len())].clone();
            let other = &inputs[rng.random_range(0..inputs.len())];
            for _ in 0..rng.random_range(1..5) {
                damage(&mut input, other, &mut rng);
            }
            survive(name, run, &format!("damaged-{round}"), &input);
        }
        println!("{name}: {rounds} damaged inputs survived");
    }
}

/// Changes one place: a byte, a number in digits, a piece that goes, comes twice, or comes from
/// another input.
fn damage(input: &mut Vec<u8>, other: &[u8], rng: &mut ChaCha8Rng) {
    if input.is_empty() {
        input.push(rng.random());
        return;
    }
    let start = rng.random_range(0..input.len());
    let end = input.len().min(start + rng.random_range(1..17));
    match rng.random_range(0..8) {
        0 => input[start] = rng.random(),
        1 => input[start] ^= 1 << rng.random_range(0..8),
        2 => input.truncate(start),
        3 => drop(input.drain(start..end)),
        4 => {
            let piece = input[start..end].to_vec();
            input.splice(start..start, piece);
        }
        5 => {
            let from = rng.random_range(0..other.len().max(1)).min(other.len());
            let to = other.len().min(from + rng.random_range(1..65));
            input.splice(start..end, other[from..to].iter().copied());
        }
        6 => {
            let numbers: [&[u8]; 10] = [
                b"0",
                b"-1",
                b"1e308",
                b"-0.0",
                b"1e-320",
                b"null",
                b"18446744073709551615",
                b"9223372036854775808",
                b"4294967296",
                b"1.5",
            ];
            let digit = |byte: &u8| byte.is_ascii_digit() || b"+-.e".contains(byte);
            let Some(first) = input[start..].iter().position(digit) else { return };
            let first = start + first;
            let length = input[first..].iter().take_while(|byte| digit(byte)).count();
            let number = numbers[rng.random_range(0..numbers.len())];
            input.splice(first..first + length, number.iter().copied());
        }
        _ => {
            let extremes = [0, 0x7f, 0x80, 0xff];
            input[start..end].fill(extremes[rng.random_range(0..extremes.len())]);
        }
    }
}
