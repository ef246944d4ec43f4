//! The commands, a file each.

pub(crate) mod augment;
pub(crate) mod completions;
pub(crate) mod fit;
pub(crate) mod hist;
pub(crate) mod inspect;
pub(crate) mod man;
pub(crate) mod merge;
pub(crate) mod preview;
pub(crate) mod standardize;
pub(crate) mod stretch;
pub(crate) mod whiten;
