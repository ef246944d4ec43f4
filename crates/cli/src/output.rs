//! Files that are written whole or not at all.

use std::collections::{BTreeSet, HashMap};
use std::error::Error as StdError;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::NamedTempFile;

use crate::error::Error;

/// Whether files that are there may be replaced.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Output {
    /// Replace files that are there already
    #[arg(long)]
    force: bool,
}

impl Output {
    /// Refuses files that are there already, and one file for two things, before work is put into
    /// them.
    pub(crate) fn check<'a>(self, paths: impl IntoIterator<Item = &'a Path>) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for path in paths {
            if !self.force && path.symlink_metadata().is_ok() {
                return Err(Error::Exists { path: path.to_owned() });
            }
            if !seen.insert(path) {
                return Err(Error::SameOutput { path: path.to_owned() });
            }
        }
        Ok(())
    }

    /// Writes a file under a temporary name beside it, then gives it its own. Folders that are not
    /// there are made.
    pub(crate) fn write(self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        self.write_with(path, |file| Ok(file.write_all(bytes)?))
    }

    /// The same with a function that writes.
    pub(crate) fn write_with(
        self,
        path: &Path,
        write: impl FnOnce(&mut NamedTempFile) -> Result<(), Box<dyn StdError + Send + Sync>>,
    ) -> Result<(), Error> {
        let failed = |source: Box<dyn StdError + Send + Sync>| Error::Write {
            path: path.to_owned(),
            source,
        };
        let folder = folder_of(path);
        fs::create_dir_all(&folder).map_err(|error| failed(error.into()))?;
        let mut file = temporary(&folder).map_err(|error| failed(error.into()))?;
        write(&mut file).map_err(failed)?;
        let renamed = match self.force {
            true => file.persist(path),
            false => file.persist_noclobber(path),
        };
        match renamed {
            Ok(_) => Ok(()),
            Err(error) if !self.force && error.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::Exists { path: path.to_owned() })
            }
            Err(error) => Err(failed(error.error.into())),
        }
    }
}

/// Refuses to write over what is read, even with `--force`: a second run would change it again.
pub(crate) fn refuse_inputs<'a>(
    inputs: impl IntoIterator<Item = &'a Path>,
    outputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Error> {
    let there: HashMap<PathBuf, &Path> = outputs
        .into_iter()
        .filter_map(|output| Some((fs::canonicalize(output).ok()?, output)))
        .collect();
    if there.is_empty() {
        return Ok(());
    }
    for input in inputs {
        if let Some(output) = fs::canonicalize(input).ok().and_then(|input| there.get(&input)) {
            let path = output.display();
            return Err(Error::Usage(format!("{path} would be written over while it is read")));
        }
    }
    Ok(())
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A file that is removed unless it is renamed, with the permissions of any new file.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mizumashi-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
