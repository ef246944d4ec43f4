//! The tests of the public interface, in one program: each program more takes half a minute to build.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod faults;
mod files;
mod flow;
mod gathered;
mod generator;
mod keras;
mod reproducibility;
mod resuming;
mod sharding;
