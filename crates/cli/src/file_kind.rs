//! Which of the files that the library and this program store one is.

use std::fmt;
use std::path::Path;

use mizumashi::stats::state_kind;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::Error;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Of a set or of a part of it.
    Statistics,
    Fit,
    Recipe,
    Plan,
    Whitening,
}

/// The fields that tell one kind of JSON from another.
#[derive(Deserialize)]
struct Fields {
    transforms: Option<IgnoredAny>,
    steps: Option<IgnoredAny>,
    histograms: Option<IgnoredAny>,
    mean: Option<IgnoredAny>,
    std: Option<IgnoredAny>,
}

impl FileKind {
    /// By a file's contents, which may be wrong in details; none where they are of something else.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        // A whitening begins with the length of a header in JSON, whose greatest byte is zero.
        if let [_, _, _, _, _, _, _, 0, b'{', ..] = bytes {
            return Some(Self::Whitening);
        }
        if state_kind(bytes).is_some() {
            return Some(Self::Statistics);
        }
        // Arrays of as many values would be taken for the fields in their order.
        if !is_object(bytes) {
            return None;
        }
        match serde_json::from_slice(bytes).ok()? {
            Fields { transforms: Some(_), .. } => Some(Self::Recipe),
            Fields { steps: Some(_), .. } => Some(Self::Plan),
            Fields { histograms: Some(_), .. } => Some(Self::Statistics),
            Fields { mean: Some(_), std: Some(_), .. } => Some(Self::Fit),
            _ => None,
        }
    }

    /// Refuses the contents of a file that are known to be something else.
    pub(crate) fn expect(self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        match Self::of(bytes) {
            Some(other) if other != self => Err(Error::File {
                path: path.to_owned(),
                message: format!("this is {other}, where {self} is wanted"),
            }),
            _ => Ok(()),
        }
    }
}

/// Whether a file begins as an object of JSON does.
pub(crate) fn is_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Statistics => "a file of statistics",
            Self::Fit => "the fit of a generator",
            Self::Recipe => "a recipe",
            Self::Plan => "a plan",
            Self::Whitening => "a whitening",
        })
    }
}
