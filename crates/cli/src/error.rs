//! What can go wrong, told in one line.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use mizumashi::{data, stats, transform, whitening};

/// Why a command could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Options that cannot mean anything; the exit status is 2.
    #[error("{0}")]
    Usage(String),
    #[error("nothing at {}; check the path", path.display())]
    Missing { path: PathBuf },
    #[error("{} is there already; add --force to replace it", path.display())]
    Exists { path: PathBuf },
    #[error("two pictures would be written to {}; give them to two runs", path.display())]
    SameOutput { path: PathBuf },
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: Box<dyn StdError + Send + Sync> },
    #[error("cannot write to the standard output")]
    Print { source: io::Error },
    #[error("{}: {message}", path.display())]
    File { path: PathBuf, message: String },
    #[error("no picture of {count} can be read; the first is {}: {reason}", path.display())]
    AllDamaged { count: usize, path: PathBuf, reason: String },
    #[error(
        "{} is {found} where {} is {expected} (height x width x channels); give --size, so that all \
         have one size", path.display(), first.display()
    )]
    Sizes { path: PathBuf, found: String, first: PathBuf, expected: String },
    #[error("the threads could not be started")]
    Threads { source: Box<dyn StdError + Send + Sync> },
    #[error("cannot draw")]
    Draw { source: Box<dyn StdError + Send + Sync> },
    #[error(transparent)]
    Generator(#[from] mizumashi::Error),
    #[error(transparent)]
    Data(#[from] data::Error),
    #[error(transparent)]
    Transform(#[from] transform::Error),
    #[error(transparent)]
    Stats(#[from] stats::Error),
    #[error(transparent)]
    Whitening(#[from] whitening::Error),
}

impl Error {
    /// An error of the library that comes from an option's value.
    pub(crate) fn usage(error: impl StdError) -> Self {
        Self::Usage(with_causes(&error))
    }

    /// 2 for options that cannot be meant, 1 for everything else.
    pub(crate) fn status(&self) -> ExitCode {
        ExitCode::from(if let Self::Usage(_) = self { 2 } else { 1 })
    }

    /// The error and its causes in one line.
    pub(crate) fn line(&self) -> String {
        with_causes(self).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// An error followed by its causes, but for those that it has told already.
pub(crate) fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}
