//! The `git` program, and what is in a `.git` folder.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::engine::Outcome;

/// Runs `git` in `dir` and returns what it prints.
pub fn git(dir: &Path, arguments: &[&str]) -> Outcome<String> {
    let output = Command::new("git").args(arguments).current_dir(dir).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run git: {error}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(format!("git {}: {}", arguments.join(" "), message.trim()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns what the program calls itself, such as `git version 2.47.3`.
pub fn version() -> Outcome<String> {
    Ok(git(Path::new("."), &["--version"])?.trim().to_owned())
}

/// Variables that point `git` elsewhere than the folder it runs in.
const REDIRECTIONS: [&str; 6] = [
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_WORK_TREE",
];

/// Hides the user's and the system's Git configuration from this process and all that
/// it starts: `home` is an empty folder.
pub fn forget_configuration(home: &Path) {
    // SAFETY: `main` calls this before an engine exists or a thread was started, so
    // nobody reads the environment meanwhile.
    unsafe {
        std::env::set_var("HOME", home);
        std::env::set_var("XDG_CONFIG_HOME", home);
        std::env::set_var("GIT_CONFIG_NOSYSTEM", "1");
        REDIRECTIONS.iter().for_each(|name| std::env::remove_var(name));
    }
}

/// What a folder takes.
#[derive(Clone, Copy, Default)]
pub struct Usage {
    /// Lengths of all files.
    pub bytes: u64,
    /// Number of files.
    pub files: u64,
}

impl Usage {
    /// Counts the files of `dir` and all folders in it.
    pub fn of(dir: &Path) -> Outcome<Self> {
        let failed = |error| format!("{}: {error}", dir.display());
        let mut usage = Self::default();
        for entry in fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let metadata = entry.metadata().map_err(failed)?;
            if metadata.is_dir() {
                let inner = Self::of(&entry.path())?;
                usage.bytes += inner.bytes;
                usage.files += inner.files;
            } else {
                usage.bytes += metadata.len();
                usage.files += 1;
            }
        }
        Ok(usage)
    }
}

/// Number of commits that `HEAD` leads to.
pub fn commits(dir: &Path) -> Outcome<u64> {
    Ok(git(dir, &["rev-list", "--count", "HEAD"])?.trim().parse()?)
}

/// Bytes of the files that the last `commits` commits changed, each as long as it was
/// after each change; only those whose path `counts`.
pub fn changed_file_bytes(
    dir: &Path,
    commits: usize,
    counts: impl Fn(&str) -> bool,
) -> Outcome<u64> {
    let range = format!("HEAD~{commits}..HEAD");
    let log =
        git(dir, &["log", "--format=", "--raw", "-r", "--no-abbrev", "--no-renames", &range])?;
    let mut bytes = 0;
    for line in log.lines() {
        // :100644 100644 <old id> <new id> M<tab><path>
        let (change, path) = line.split_once('\t').ok_or("git log --raw has another form")?;
        let words: Vec<_> = change.split(' ').collect();
        if let [_, mode, _, id, _] = words[..]
            && mode != "000000"
            && counts(path)
        {
            bytes += git(dir, &["cat-file", "-s", id])?.trim().parse::<u64>()?;
        }
    }
    Ok(bytes)
}
