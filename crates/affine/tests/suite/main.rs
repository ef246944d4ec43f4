//! The tests of the public interface, in one program: each program more takes half a minute to build.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod affine;
mod borders;
mod golden;
mod random;
mod warp;
