//! The patches of many pictures. A file of its own, as it counts all allocations.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use mizumashi_whitening::{Layout, Patches, Whitener};
use ndarray::Array4;
use peak_alloc::PeakAlloc;
use support::on_threads;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

fn pictures(n: usize, side: usize) -> Array4<u8> {
    Array4::from_shape_fn((n, side, side, 3), |(n, y, x, c)| {
        (((n + 3) * x * y + (c + 1) * x * x + y * (n * n + 17)) % 251) as u8
    })
}

#[test]
fn the_patches_of_many_pictures_are_never_all_there() {
    // 348 MB of them.
    let pictures = pictures(200, 256);
    let whitener = Whitener::pca();
    let fit = |pictures| whitener.fit_patches(pictures, Layout::Nhwc, Patches::square(3)).unwrap();
    let fitted = on_threads(2, || {
        // faer reserves memory to pack matrices in, once and by the size of the processor's caches.
        fit(pictures.slice(ndarray::s![..1, .., .., ..]));
        let before = ALLOCATED.current_usage();
        ALLOCATED.reset_peak_usage();
        let fitted = fit(pictures.view());
        let taken = ALLOCATED.peak_usage() - before;
        assert!(taken < 100_000_000, "{taken} bytes");
        fitted
    });
    assert_eq!(fitted.whitening().solution().samples, 200 * 254 * 254);

    let convolution = fitted.convolution().unwrap().doubled();
    let some = pictures.slice(ndarray::s![..4, .., .., ..]);
    let mut out = Array4::zeros((4, 254, 254, 54));
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    convolution.apply_into(some, Layout::Nhwc, out.view_mut()).unwrap();
    let taken = ALLOCATED.peak_usage() - before;
    assert!(taken < 2_000_000, "{taken} bytes");
}
