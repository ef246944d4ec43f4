//! ZCA whitening of images as CIFAR-10 has them: `cargo bench -p mizumashi-whitening`.

#![allow(clippy::expect_used)] // a benchmark may end in a panic

use divan::{Bencher, black_box};
use mizumashi_whitening::{Whitener, Whitening};
use ndarray::Array2;

fn main() {
    divan::main();
}

/// Values that grow from a noise walk, so that neighbours resemble each other as pixels do.
fn rows(samples: usize) -> Array2<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut value = 128_i32;
    Array2::from_shape_simple_fn((samples, 3072), || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        value = (value + (state >> 27) as i32 - 16).clamp(0, 255);
        value as u8
    })
}

fn fitted(rows: &Array2<u8>) -> Whitening {
    Whitener::zca().fit(rows.view()).expect("a set")
}

/// By way of the covariance with more samples than values, of the Gram matrix with fewer.
#[divan::bench(args = [500, 10_000], sample_count = 3)]
fn fit(bencher: Bencher<'_, '_>, samples: usize) {
    let rows = rows(samples);
    bencher.bench_local(|| fitted(black_box(&rows)));
}

/// A batch, through the whole matrix and through two thin factors.
#[divan::bench(args = [4000, 500], sample_count = 10)]
fn apply(bencher: Bencher<'_, '_>, fitted_samples: usize) {
    let whitening = fitted(&rows(fitted_samples));
    let batch = rows(1000).mapv(f32::from);
    bencher.bench_local(|| whitening.apply(black_box(batch.view())).expect("a batch"));
}
