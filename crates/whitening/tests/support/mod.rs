//! Data and comparison for the tests of this folder.

#![allow(dead_code, reason = "each test file uses its share")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use ndarray::{Array, Array2, ArrayBase, Data, Dimension};

/// n rows of d correlated values about a mean away from zero, the same for the same seed.
pub(crate) fn correlated(n: usize, d: usize, seed: u64) -> Array2<f32> {
    let mut noise = noise(seed);
    let independent = Array2::from_shape_simple_fn((n, d), &mut noise);
    let mut rows = independent.clone();
    for column in 1..d {
        let previous = rows.column(column - 1).to_owned();
        rows.column_mut(column).scaled_add(0.8, &previous);
    }
    rows + noise() * 3.0
}

/// Numbers spread evenly from -1 to 1 (a 64-bit linear congruential generator).
pub(crate) fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// Bytes from the same numbers.
pub(crate) fn bytes(values: &Array2<f32>) -> Array2<u8> {
    values.mapv(|x| (x * 40.0 + 128.0).clamp(0.0, 255.0) as u8)
}

#[track_caller]
pub(crate) fn assert_close<A, B, D>(
    found: &ArrayBase<A, D>,
    expected: &ArrayBase<B, D>,
    tolerance: f64,
) where
    A: Data<Elem: Copy + Into<f64>>,
    B: Data<Elem: Copy + Into<f64>>,
    D: Dimension,
{
    assert_eq!(found.shape(), expected.shape());
    let worst = found
        .iter()
        .zip(expected)
        .map(|(&a, &b)| (a.into() - b.into()).abs())
        .fold(0.0, |worst: f64, x| if x > worst || x.is_nan() { x } else { worst });
    assert!(worst <= tolerance, "differs by {worst:e}, more than {tolerance:e}");
}

pub(crate) fn bits<D: Dimension>(values: &Array<f32, D>) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Runs a task on a pool of its own.
pub(crate) fn on_threads<R: Send>(threads: usize, task: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(task)
}
