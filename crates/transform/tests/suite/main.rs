//! The tests of the public interface, in one program: each program more takes half a minute to build.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod colour;
mod errors;
mod files;
mod fusing;
mod golden;
mod programs;
mod randomness;
mod stages;
mod strategies;
mod targets;
mod values;
