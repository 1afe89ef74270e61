//! The `git` program, for what Git's library cannot do: network, garbage, the working tree.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use gix::hash::oid;

use crate::backend::GitBackend;
use crate::error::GitError;

/// What tells `git` to work on another repository than the one in its folder.
const REDIRECTIONS: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
];

impl GitBackend {
    /// Runs `git` on this repository; what it prints goes where ours goes, and it may ask.
    ///
    /// # Errors
    /// The program cannot be run, or fails.
    pub fn run_git(&self, arguments: &[&str]) -> Result<(), GitError> {
        match self.run_git_for_code(arguments)? {
            Some(0) => Ok(()),
            _ => Err(GitError::ProgramFailed { command: arguments.join(" "), message: None }),
        }
    }

    /// As [`run_git`](Self::run_git), and returns the exit code, if there is one.
    pub(crate) fn run_git_for_code(&self, arguments: &[&str]) -> Result<Option<i32>, GitError> {
        let status = self.command(arguments).status();
        let program = |source| GitError::Program { command: arguments.join(" "), source };
        Ok(status.map_err(program)?.code())
    }

    /// Runs `git` without a word, and returns what it prints.
    pub(crate) fn ask_git(&self, arguments: &[&str]) -> Result<Output, GitError> {
        let output = self.command(arguments).stdin(Stdio::null()).output();
        let command = || arguments.join(" ");
        let output = output.map_err(|source| GitError::Program { command: command(), source })?;
        if output.status.success() {
            return Ok(output);
        }
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(GitError::ProgramFailed { command: command(), message: Some(message) })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let dir = self.shared.work_dir.as_deref().unwrap_or(&self.shared.git_dir);
        let mut command = git_in(dir);
        command.args(arguments);
        command
    }

    /// Asks a partial clone's origin for an object. Whether it came is seen when it is read.
    pub(crate) fn fetch_missing(&self, id: &oid) -> bool {
        self.ask_git(&["cat-file", "-e", &id.to_string()]).is_ok()
    }
}

/// `git`, about to work in a folder.
pub(crate) fn git_in(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir);
    for name in REDIRECTIONS {
        command.env_remove(name);
    }
    command
}
