//! Files that are written whole, or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::error::CliError;

/// Writes a file that is there whole, or not at all: an export that fails must not destroy an earlier
/// one.
pub(crate) fn write_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let is_special = path.metadata().is_ok_and(|metadata| !metadata.is_file());
    if is_special {
        let file = File::create(path).map_err(CliError::file("create", path))?;
        return flushed(path, BufWriter::new(file), write);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let file = tempfile::Builder::new().prefix(".prolly-export").tempfile_in(folder);
    let mut file = file.map_err(CliError::file("create a file in", folder))?;
    let written = flushed(path, BufWriter::new(file.as_file_mut()), write)?;
    file.persist(path).map_err(|error| CliError::file("create", path)(error.error))?;
    Ok(written)
}

fn flushed<T>(
    path: &Path,
    mut out: impl Write,
    write: impl FnOnce(&mut dyn Write) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let written = write(&mut out);
    let written = written.and_then(|written| {
        out.flush().map_err(CliError::Output)?;
        Ok(written)
    });
    // What is written here is a file, not the standard output.
    written.map_err(|error| match error {
        CliError::Output(source) => CliError::file("write", path)(source),
        other => other,
    })
}
