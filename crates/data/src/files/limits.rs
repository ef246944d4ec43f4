use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;

/// What a file may ask for, checked before any memory is given to it.
///
/// The defaults let ordinary photographs through and stop files made to exhaust memory: sides of
/// 32,768, 2^26 pixels (201 MB as RGB), 256 MiB on disk. One picture is decoded per thread, so a
/// flow may need that much times its threads.
///
/// ```
/// use mizumashi_data::files::{ImageLoader, Limits};
///
/// let loader = ImageLoader::new().limits(Limits { pixels: 50_000_000, ..Limits::default() });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Most columns.
    pub width: u32,
    /// Most rows.
    pub height: u32,
    /// Most pixels: width times height.
    pub pixels: u64,
    /// Most bytes that the file may have.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { width: 1 << 15, height: 1 << 15, pixels: 1 << 26, file_bytes: 1 << 28 }
    }
}

impl Limits {
    pub(super) fn check_size(&self, path: &Path, width: u32, height: u32) -> Result<(), Error> {
        let pixels = u64::from(width) * u64::from(height);
        check(path, "columns", u64::from(width), u64::from(self.width))?;
        check(path, "rows", u64::from(height), u64::from(self.height))?;
        check(path, "pixels", pixels, self.pixels)
    }

    pub(super) fn check_bytes(&self, path: &Path, bytes: u64) -> Result<(), Error> {
        check(path, "bytes", bytes, self.file_bytes)
    }

    /// What a decoder may allocate: the picture with four channels of 16 bits, and its tables.
    pub(super) fn allocation(&self) -> u64 {
        self.pixels.saturating_mul(8).saturating_add(1 << 24)
    }
}

fn check(path: &Path, what: &'static str, value: u64, limit: u64) -> Result<(), Error> {
    if value <= limit {
        return Ok(());
    }
    Err(Error::Limit { path: path.to_owned(), what, value, limit })
}
