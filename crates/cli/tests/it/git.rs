//! Data sets in Git: the same commands, and the real `git` on what they leave.

mod convert;
mod init;
mod merge;
mod programs;
mod remotes;
mod repair;
mod verbs;

use crate::support::Sandbox;

/// A sandbox with an empty data set in a repository of its own.
pub(crate) fn in_git() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.ok(&["init", "--git"]);
    sandbox
}

/// Sets keys and commits them in a folder of the sandbox.
fn commit(sandbox: &Sandbox, folder: &str, message: &str, entries: &[(&str, &str)]) {
    for (key, value) in entries {
        sandbox.ok(&["-C", folder, "set", key, value]);
    }
    sandbox.ok(&["-C", folder, "commit", "-m", message]);
}
