//! Files as bytes.

use std::fs;
use std::path::Path;

use crate::error::Error;

/// Reads a file whole.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    if !path.exists() {
        return Err(Error::Missing { path: path.to_owned() });
    }
    fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}
