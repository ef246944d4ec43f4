//! Whitening of patches of images as CIFAR-10 has them: `cargo bench -p mizumashi-whitening`.

#![allow(clippy::expect_used)] // a benchmark may end in a panic

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use mizumashi_whitening::{Convolution, Layout, Patches, Whitener};
use ndarray::Array4;

fn main() {
    divan::main();
}

fn images(samples: usize) -> Array4<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut value = 128_i32;
    Array4::from_shape_simple_fn((samples, 32, 32, 3), || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        value = (value + (state >> 27) as i32 - 16).clamp(0, 255);
        value as u8
    })
}

fn layer(images: &Array4<u8>, side: usize) -> Convolution {
    let patches = Patches::square(side);
    let fitted = Whitener::pca().fit_patches(images.view(), Layout::Nhwc, patches);
    fitted.expect("a set").convolution().expect("a matrix")
}

/// All positions, for patches of this side.
#[divan::bench(args = [2, 3, 6], sample_count = 3)]
fn fit(bencher: Bencher<'_, '_>, side: usize) {
    let images = images(5000);
    bencher.counter(ItemsCount::new(5000_usize)).bench_local(|| layer(black_box(&images), side));
}

/// All outputs of patches of this side, channels last.
#[divan::bench(args = [2, 3, 5], sample_count = 10)]
fn apply(bencher: Bencher<'_, '_>, side: usize) {
    let images = images(1000);
    let layer = layer(&images, side);
    let mut out = layer.apply(images.view(), Layout::Nhwc).expect("a batch");
    bencher.counter(ItemsCount::new(1000_usize)).bench_local(|| {
        layer.apply_into(black_box(images.view()), Layout::Nhwc, out.view_mut()).expect("a batch");
    });
}

/// The same, channels first, in and out.
#[divan::bench(args = [2, 3, 5], sample_count = 10)]
fn apply_channels_first(bencher: Bencher<'_, '_>, side: usize) {
    let images = images(1000);
    let layer = layer(&images, side);
    let first = images.permuted_axes([0, 3, 1, 2]).as_standard_layout().into_owned();
    let mut out = layer.apply(first.view(), Layout::Nchw).expect("a batch");
    bencher.counter(ItemsCount::new(1000_usize)).bench_local(|| {
        layer.apply_into(black_box(first.view()), Layout::Nchw, out.view_mut()).expect("a batch");
    });
}
