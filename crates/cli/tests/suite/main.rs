//! The tests of the public interface, in one program: each program more takes half a minute to build.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod augmenting;
mod bad_input;
mod documentation;
mod figures;
mod support;
