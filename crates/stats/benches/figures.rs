//! Moments and Gram matrices of as many values as CIFAR-10 has: `cargo bench -p mizumashi-stats`.

#![allow(clippy::expect_used)] // a benchmark may end in a panic

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use mizumashi_stats::{
    Accumulator, Covariance, Grouping, Histogram, IntegerCovariance, IntegerMoments, Layout,
    Moments, Statistics, gram, gram_u8,
};
use ndarray::{Array2, Array4, ArrayView4};
use rayon::prelude::*;

fn main() {
    divan::main();
}

/// Values without a pattern.
fn noise() -> impl FnMut() -> u8 {
    let mut state = 0x9E37_79B9_u32;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    }
}

fn images() -> Array4<u8> {
    Array4::from_shape_simple_fn((50_000, 32, 32, 3), noise())
}

fn rows() -> Array2<u8> {
    Array2::from_shape_simple_fn((10_000, 3072), noise())
}

/// What the figures of the set are measured against: its bytes read once.
#[divan::bench]
fn read_u8(bencher: Bencher<'_, '_>) {
    let images = images();
    let values = images.as_slice().expect("a set in standard layout");
    let xor = |values: &[u8]| {
        let mut lanes = [0; 64];
        for block in values.as_chunks::<64>().0 {
            lanes.iter_mut().zip(block).for_each(|(lane, value)| *lane ^= value);
        }
        lanes.into_iter().fold(0, |all, lane| all ^ lane)
    };
    bencher
        .counter(BytesCount::of_slice(values))
        .bench_local(|| values.par_chunks(1 << 16).map(xor).reduce(|| 0, |a, b| a ^ b));
}

#[divan::bench(types = [IntegerMoments, Histogram], args = [Layout::Nhwc, Layout::Nchw])]
fn channels_u8<A: Accumulator<Value = u8>>(bencher: Bencher<'_, '_>, layout: Layout) {
    channels::<A>(bencher, images().view(), layout);
}

#[divan::bench(args = [Layout::Nhwc, Layout::Nchw])]
fn channels_f32(bencher: Bencher<'_, '_>, layout: Layout) {
    channels::<Moments>(bencher, images().mapv(f32::from).view(), layout);
}

fn channels<A: Accumulator>(
    bencher: Bencher<'_, '_>,
    images: ArrayView4<'_, A::Value>,
    layout: Layout,
) {
    let (samples, height, width, channels) = images.dim();
    let shape = layout.batch_shape(samples, [height, width, channels]);
    let images = images.into_shape_with_order(shape).expect("a set in standard layout");
    bencher.bench_local(|| {
        Statistics::<A>::of(black_box(images), layout, Grouping::Channel).expect("a set")
    });
}

/// Products between the columns, and between the rows.
#[divan::bench(args = [true, false])]
fn gram_of_u8(bencher: Bencher<'_, '_>, columns: bool) {
    let rows = rows();
    let rows = if columns { rows.t() } else { rows.slice(ndarray::s![..3072, ..]) };
    bencher.bench_local(|| gram_u8(black_box(rows)).expect("a set"));
}

#[divan::bench]
fn gram_of_f32(bencher: Bencher<'_, '_>) {
    let rows = rows().mapv(f32::from);
    let rows = rows.slice(ndarray::s![..3072, ..]);
    bencher.bench_local(|| gram(black_box(rows)).expect("a set"));
}

#[divan::bench]
fn covariance_of_u8(bencher: Bencher<'_, '_>) {
    let rows = rows();
    bencher.bench_local(|| {
        let mut covariance = IntegerCovariance::new(rows.ncols());
        covariance.update(black_box(rows.view())).expect("a set");
        covariance
    });
}

#[divan::bench]
fn covariance_of_f32(bencher: Bencher<'_, '_>) {
    let rows = rows().mapv(f32::from);
    bencher.bench_local(|| {
        let mut covariance = Covariance::new(rows.ncols());
        covariance.update(black_box(rows.view())).expect("a set");
        covariance
    });
}
