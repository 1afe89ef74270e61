//! A second name of a program, in the same folder.

use std::fmt;
use std::io;
use std::path::Path;

use crate::error::CliError;

/// What was done about a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Made,
    WasThere,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Made => "Linked",
            Self::WasThere => "Linked already:",
        })
    }
}

/// Makes `path` a name of `program`, which lies in the same folder. A link to something else is
/// replaced, a file that is no link is not.
pub(super) fn make(program: &Path, path: &Path) -> Result<Link, CliError> {
    // Installed under this name.
    if program == path {
        return Ok(Link::WasThere);
    }
    link(program, path).map_err(CliError::file("link", path))
}

#[cfg(unix)]
fn link(program: &Path, path: &Path) -> io::Result<Link> {
    // Relative, so that it holds when the folder is moved.
    let target = Path::new(program.file_name().unwrap_or(program.as_os_str()));
    match std::fs::read_link(path) {
        Ok(found) if found == target => return Ok(Link::WasThere),
        Ok(_) => std::fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Err(error) => return Err(error),
    }
    std::os::unix::fs::symlink(target, path)?;
    Ok(Link::Made)
}

/// Links of this kind cannot be told from the file, so what is there is taken for an older one.
#[cfg(not(unix))]
fn link(program: &Path, path: &Path) -> io::Result<Link> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if std::fs::hard_link(program, path).is_err() {
        std::fs::copy(program, path)?;
    }
    Ok(Link::Made)
}
