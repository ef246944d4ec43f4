//! Pictures whose covariance no machine holds. A file of its own, as it counts all allocations.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use mizumashi_whitening::{
    Centring, Error, ImageWhitening, Layout, Method, Remainder, Scope, Whitener,
};
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

/// A fit, and the bytes it took at its peak above what was there before.
fn fit(whitener: &Whitener, pictures: &Array4<u8>) -> (ImageWhitening, usize) {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let fitted = whitener.fit_images(pictures.view(), Layout::Nhwc, Scope::Pixels).unwrap();
    (fitted, ALLOCATED.peak_usage() - before)
}

#[test]
fn large_pictures_are_fitted_without_their_covariance() {
    let one = pictures(1, 512);
    let (fitted, taken) = fit(&Whitener::zca().centring(Centring::None), &one);
    assert_eq!(fitted.whitening().features(), 786_432);
    assert!(taken < 100_000_000, "{taken} bytes");

    let many = pictures(96, 224);
    let few = Whitener::zca().directions(Some(4)).remainder(Remainder::Average);
    let few = few.method(Some(Method::Randomised));
    // In the first fit each of faer's threads reserves twice the size of the L3 cache, in which it packs
    // matrices, and keeps it; so the second one is counted, on one thread.
    let (fitted, taken) = on_threads(1, || {
        fit(&few, &many);
        fit(&few, &many)
    });
    let whitening = fitted.whitening();
    assert_eq!(whitening.rank(), 4);
    let white = fitted.apply(many.view(), Layout::Nhwc).unwrap();
    assert!(white.iter().all(|x| x.is_finite()));

    let said = whitening.solution().bytes;
    assert!(taken as u64 <= said, "{taken} of {said}");
    let error = few.memory_limit(1 << 20).solution(96, 150_528).unwrap_err();
    assert!(matches!(error, Error::MemoryLimit { needed, .. } if needed == said));
}
