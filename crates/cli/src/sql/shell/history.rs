//! What was typed in earlier sessions.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::Lines;

/// The file: in the user's folder for the state of programs, never within the data, which others may
/// read.
pub(super) fn file() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let state = folder("XDG_STATE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".local").join("state")))
        .or_else(|| folder("LOCALAPPDATA"));
    Some(state?.join("prolly").join("sql-history"))
}

/// Keeps what was typed. A history that cannot be kept is no reason for the session to fail.
pub(super) fn save(lines: &mut Lines, file: &Path) {
    if let Some(folder) = file.parent() {
        _ = fs::create_dir_all(folder);
    }
    _ = lines.append_history(file);
}
