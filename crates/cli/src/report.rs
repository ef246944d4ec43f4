//! What a command has to say, for people or for machines.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::error::Error;

/// The outcome of a command: text by `Display`, JSON by `Serialize`.
pub(crate) trait Report: Display + Serialize {}

impl<T: Display + Serialize> Report for T {}

/// Prints a report to the standard output.
pub(crate) fn print(report: &impl Report, json: bool) -> Result<(), Error> {
    let text = match json {
        true => serde_json::to_string_pretty(report)
            .map_err(|source| Error::Print { source: source.into() })?,
        false => report.to_string(),
    };
    write(format!("{}\n", text.trim_end()).as_bytes())
}

/// Writes to the standard output; a reader that has gone is no failure.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => Err(Error::Print { source }),
        _ => Ok(()),
    }
}
