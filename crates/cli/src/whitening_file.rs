//! Whitenings as the library stores them.

use std::path::Path;

use mizumashi::whitening::{Diagnosis, ImageWhitening, PatchWhitening, Whitening};

use crate::error::Error;
use crate::file;
use crate::file_kind::FileKind;

/// A stored whitening of any of the three kinds.
#[derive(Debug)]
pub(crate) enum WhiteningFile {
    Images(ImageWhitening),
    Patches(PatchWhitening),
    Rows(Whitening),
}

impl WhiteningFile {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let bytes = file::bytes(path)?;
        FileKind::Whitening.expect(path, &bytes)?;
        Self::parsed(path, &bytes)
    }

    /// The whitening in a file whose bytes were read.
    pub(crate) fn parsed(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        if let Ok(images) = ImageWhitening::from_safetensors(bytes) {
            return Ok(Self::Images(images));
        }
        if let Ok(patches) = PatchWhitening::from_safetensors(bytes) {
            return Ok(Self::Patches(patches));
        }
        let rows = Whitening::from_safetensors(bytes);
        let message = |error| Error::File { path: path.to_owned(), message: format!("{error}") };
        rows.map(Self::Rows).map_err(message)
    }

    /// The bytes of a file.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(match self {
            Self::Images(whitening) => whitening.to_safetensors()?,
            Self::Patches(whitening) => whitening.to_safetensors()?,
            Self::Rows(whitening) => whitening.to_safetensors()?,
        })
    }

    pub(crate) fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Images(whitening) => whitening.diagnosis(),
            Self::Patches(whitening) => whitening.diagnosis(),
            Self::Rows(whitening) => whitening.diagnosis(),
        }
    }

    /// What a row of the matrix is of.
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Images(whitening) => {
                let [height, width, channels] = whitening.shape();
                match whitening.scope() {
                    mizumashi::whitening::Scope::Channels => {
                        format!("the {channels} channels of pictures of any size")
                    }
                    _ => format!("the pixels of pictures of {height}x{width}x{channels}"),
                }
            }
            Self::Patches(whitening) => {
                let ([height, width], channels) =
                    (whitening.patches().size(), whitening.channels());
                format!("patches of {height}x{width}x{channels}")
            }
            Self::Rows(whitening) => format!("rows of {} values", whitening.features()),
        }
    }
}
