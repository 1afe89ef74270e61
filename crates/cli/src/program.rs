//! Runs the `git` program where its output is not for the user.

use std::io;
use std::process::{Command, Output};

use prollytree_git::{GitBackend, GitError};

use crate::error::CliError;

/// Runs `git` on a repository and takes what it prints, whether it succeeds or not.
pub(crate) fn output(git: &GitBackend, arguments: &[&str]) -> Result<Output, CliError> {
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(git.git_dir()).args(arguments);
    command.output().map_err(|source| not_run(arguments, source))
}

fn not_run(arguments: &[&str], source: io::Error) -> CliError {
    GitError::Program { command: arguments.join(" "), source }.into()
}
