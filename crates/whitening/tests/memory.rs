//! Large images take little memory. A file of its own, as the peak is that of the process.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use mizumashi_whitening::{Centring, Layout, Method, Regularisation, Scope, Whitener};
use ndarray::Array4;

/// Memory of this process in bytes, by its name in `/proc/self/status`; 0 where there is none.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or("0 kB");
    1024 * line.split_whitespace().find_map(|word| word.parse::<u64>().ok()).unwrap()
}

/// Pictures with a mean of zero in each channel.
fn pictures(n: usize, side: usize) -> Array4<f32> {
    let mut pictures = Array4::from_shape_fn((n, side, side, 3), |(n, y, x, c)| {
        (((n + 3) * x * y + (c + 1) * x * x + y * (n * n + 17)) % 251) as f32
    });
    for mut channel in pictures.axis_iter_mut(ndarray::Axis(3)) {
        let mean = channel.mapv(f64::from).mean().unwrap();
        channel.mapv_inplace(|value| (f64::from(value) - mean) as f32);
    }
    pictures
}

#[test]
fn large_pictures_are_whitened_in_megabytes() {
    let side = 128;
    let features = side * side * 3;
    let pixels = |whitener: Whitener, pictures: &Array4<f32>| {
        whitener.fit_images(pictures.view(), Layout::Nhwc, Scope::Pixels).unwrap()
    };

    let picture = pictures(1, side);
    let whitener = Whitener::zca()
        .centring(Centring::None)
        .regularisation(Regularisation::SingularValue(1e-6));
    let single = pixels(whitener, &picture);
    let white = single.apply(picture.view(), Layout::Nhwc).unwrap();
    let norm = picture.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let worst = (white.mapv(f64::from) - picture.mapv(f64::from) / norm)
        .iter()
        .fold(0.0, |worst: f64, x| worst.max(x.abs()));
    assert!(worst < 1e-8, "{worst}");
    let std = white.mapv(f64::from).std(0.0);
    assert!((std - 1.0 / (features as f64).sqrt()).abs() < 1e-9, "{std}");
    assert_eq!(format!("{std:.7}"), "0.0045105");
    assert!(single.whitening().bytes() < 2 << 20);

    let many = pictures(150, side);
    let before = memory("VmRSS:");
    let whitening = pixels(Whitener::zca(), &many);
    let taken = memory("VmHWM:").saturating_sub(before);
    let solution = whitening.whitening().solution();
    assert_eq!(solution.method, Method::Dual);
    // d x d in single precision is 9.7 GB; this is d x n with some room.
    assert!(solution.bytes < 16 * 150 * features as u64);
    assert!(taken < solution.bytes + solution.bytes / 4, "{taken} of {}", solution.bytes);
}
