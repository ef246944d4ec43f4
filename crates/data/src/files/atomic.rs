//! Files that are complete or not there.

use std::io::{self, Write};
use std::path::Path;

/// Writes a file under another name beside `path`, and renames it: a write that fails, or a process
/// that is killed, leaves the old file as it was, and no reader ever sees half of the new one.
///
/// It is not forced to the disk first: after a loss of power, the last pictures may be empty.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".saving-");
    #[cfg(unix)]
    {
        // The permissions that any new file has here; a temporary one is its owner's alone.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|failed| failed.error)?;
    Ok(())
}
