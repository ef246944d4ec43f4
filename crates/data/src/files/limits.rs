use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;

/// What a file may ask for, checked before any memory is given to it.
///
/// The defaults let ordinary photographs through and stop files made to exhaust memory: sides of
/// 32,768, 2^26 pixels, 256 MiB on disk.
///
/// A thread has one picture at a time. At worst that takes `file_bytes` for the file and, while it
/// is decoded and converted, about 16 bytes a pixel (a progressive JPEG of four components, or four
/// channels of 16 bits with the decoder's copy of them): 1.3 GB per thread by the defaults. An
/// ordinary RGB picture takes 3 to 7 bytes a pixel. Besides, resizing takes the picture's rows times
/// the target's columns, and a lossy WebP whose inner frame is larger than it says is decoded before
/// that is noticed (at most 16,383 x 16,383 pixels). From one file to the next a thread keeps up to
/// 16 MiB of the file, the resizer's rows, and a picture of the target size.
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
