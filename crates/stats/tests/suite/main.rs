//! The tests of the public interface, in one program: each program more takes half a minute to build.

#![allow(clippy::needless_pass_by_value, clippy::unwrap_used, reason = "a test may panic")]

mod errors;
mod golden;
mod histograms;
mod joint;
mod partial;
mod properties;
mod storing;
mod streams;
mod weighted;
