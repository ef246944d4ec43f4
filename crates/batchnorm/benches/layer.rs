//! Training steps of a layer: `cargo bench -p mizumashi-batchnorm`.

#![allow(clippy::expect_used)] // a benchmark may end in a panic

use divan::Bencher;
use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Layout};
use ndarray::ArrayD;

/// On a worker, as a training loop would be: from elsewhere, each call first wakes the pool.
fn main() {
    rayon::join(divan::main, || ());
}

/// Feature maps in either layout, and a dense layer's activations.
const CASES: [(Layout, &[usize]); 5] = [
    (Layout::Nchw, &[128, 64, 32, 32]),
    (Layout::Nchw, &[32, 256, 14, 14]),
    (Layout::Nchw, &[256, 512]),
    (Layout::Nhwc, &[128, 32, 32, 64]),
    (Layout::Nhwc, &[8192, 1024]),
];

fn noise(shape: &[usize]) -> ArrayD<f32> {
    let mut state = 0x9E37_79B9_u32;
    ArrayD::from_shape_simple_fn(shape, || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 22) as f32 - 1.0
    })
}

fn layer(layout: Layout, shape: &[usize]) -> BatchNorm<f32> {
    let axis = if layout == Layout::Nchw { 1 } else { shape.len() - 1 };
    BatchNorm::new(shape[axis], BatchNormConfig { layout, ..BatchNormConfig::pytorch() })
        .expect("a layer with channels")
}

#[divan::bench(args = CASES)]
fn forward(bencher: Bencher<'_, '_>, (layout, shape): (Layout, &[usize])) {
    let (mut layer, x) = (layer(layout, shape), noise(shape));
    bencher.bench_local(|| layer.forward(x.view()).expect("a batch"));
}

#[divan::bench(args = CASES)]
fn forward_into(bencher: Bencher<'_, '_>, (layout, shape): (Layout, &[usize])) {
    let (mut layer, x, mut y) = (layer(layout, shape), noise(shape), noise(shape));
    bencher.bench_local(|| layer.forward_into(x.view(), y.view_mut()).expect("a batch"));
}

#[divan::bench(args = CASES)]
fn forward_and_backward_into(bencher: Bencher<'_, '_>, (layout, shape): (Layout, &[usize])) {
    let (mut layer, x, mut y) = (layer(layout, shape), noise(shape), noise(shape));
    let (dy, mut dx) = (noise(shape), noise(shape));
    bencher.bench_local(|| {
        let saved = layer.forward_into(x.view(), y.view_mut()).expect("a batch");
        layer.backward_into(&saved, x.view(), dy.view(), dx.view_mut()).expect("a batch")
    });
}
