//! The tests of the public interface, in one program: each program more takes half a minute to build.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod determinism;
mod diagnosis;
mod errors;
mod golden;
mod images;
mod kinds;
mod merging;
mod patches;
mod properties;
mod randomised;
mod rest;
mod safetensors;
mod saving;
mod streaming;
#[path = "../support/mod.rs"]
mod support;
