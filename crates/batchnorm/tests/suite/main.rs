//! The tests of the public interface, in one program: each program more takes half a minute to build.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod errors;
mod figures;
mod folding;
mod golden;
mod gradients;
mod modes;
mod properties;
mod relatives;
mod saving;
mod synchronised;
mod tensors;
