//! The tests of the public interface, in one program: each program more takes half a minute to build.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cifar_directories;
mod cifar_files;
mod datasets;
mod files;
mod files_golden;
mod saving;
mod substitutes;
mod synthetic;
