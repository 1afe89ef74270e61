//! Runs the `git` program where there is no repository yet, or its output is not for the user.

use std::ffi::OsStr;
use std::io;
use std::process::{Command, Output};

use prollytree_git::{GitBackend, GitError};

use crate::error::CliError;

/// Runs `git` where there is no repository yet; what it prints goes where our output goes.
pub(crate) fn run(arguments: &[&OsStr]) -> Result<(), CliError> {
    let status = Command::new("git").args(arguments).status();
    let status = status.map_err(|source| not_run(arguments, source))?;
    // Git has said why.
    if status.success() { Ok(()) } else { Err(failed(arguments, None)) }
}

/// Runs `git` on a repository and takes what it prints, whether it succeeds or not.
pub(crate) fn output(git: &GitBackend, arguments: &[&str]) -> Result<Output, CliError> {
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(git.git_dir()).args(arguments);
    command.output().map_err(|source| not_run(arguments, source))
}

/// A setting of Git as it is for this repository, if there is one.
pub(crate) fn setting(git: &GitBackend, name: &str) -> Result<Option<String>, CliError> {
    let arguments = ["config", "--get", name];
    let found = output(git, &arguments)?;
    let text = |bytes| String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned();
    match found.status.code() {
        Some(0) => Ok(Some(text(&found.stdout))),
        Some(1) => Ok(None),
        _ => Err(failed(&arguments, Some(text(&found.stderr)))),
    }
}

fn not_run(arguments: &[impl AsRef<OsStr>], source: io::Error) -> CliError {
    GitError::Program { command: joined(arguments), source }.into()
}

fn failed(arguments: &[impl AsRef<OsStr>], message: Option<String>) -> CliError {
    GitError::ProgramFailed { command: joined(arguments), message }.into()
}

fn joined(arguments: &[impl AsRef<OsStr>]) -> String {
    let words: Vec<_> = arguments.iter().map(|word| word.as_ref().to_string_lossy()).collect();
    words.join(" ")
}
