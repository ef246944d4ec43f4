//! Hostile input for every way into the mizumashi crates.
//!
//! A target takes any bytes and must return: bad input is an error of the crate, which is fine,
//! and a panic or an endless allocation is a bug. Where the crate accepts the input, the target
//! holds it to a law: what was read is written back the same, strides do not show, the batch size
//! does not show.
//!
//! `cargo xtask fuzz` runs them under libFuzzer, guided by coverage. `cargo test -p mizumashi-fuzz`
//! replays the committed seeds, everything that was ever found, and random damage to both, on any
//! toolchain.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)] // a target reports by panicking

pub mod affine;
pub mod batch_norm;
pub mod cifar;
pub mod generator;
pub mod image;
mod images;
pub mod normalise;
pub mod plan;
pub mod recipe;
pub mod statistics;
mod stored;
mod strided;
pub mod table;
pub mod warp;
pub mod whiten;
pub mod whitening;

/// Any bytes to one way in.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 13] = [
    ("affine", affine::run),
    ("batch_norm", batch_norm::run),
    ("cifar", cifar::run),
    ("generator", generator::run),
    ("image", image::run),
    ("normalise", normalise::run),
    ("plan", plan::run),
    ("recipe", recipe::run),
    ("statistics", statistics::run),
    ("table", table::run),
    ("warp", warp::run),
    ("whiten", whiten::run),
    ("whitening", whitening::run),
];
