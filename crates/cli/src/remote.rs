//! Where commands that speak with other repositories send to and take from.

use prollytree_git::GitBackend;

use crate::error::CliError;
use crate::program::setting;
use crate::store::Repo;

/// The remote that Git gives a repository that was cloned.
const ORIGIN: &str = "origin";

/// The remote that was named; else the one that the checked out branch is set to; else `origin`.
pub(crate) fn remote(
    git: &GitBackend,
    repo: &Repo,
    named: Option<String>,
) -> Result<String, CliError> {
    if let Some(name) = named {
        return Ok(name);
    }
    let set = match repo.current_branch() {
        Some(branch) => setting(git, &format!("branch.{branch}.remote"))?,
        None => None,
    };
    Ok(set.unwrap_or_else(|| ORIGIN.to_owned()))
}

/// The branch that was named, or the one that is checked out.
pub(crate) fn branch(repo: &Repo, named: Option<String>) -> Result<String, CliError> {
    let current = || repo.current_branch().map(str::to_owned);
    named
        .or_else(current)
        .ok_or(CliError::MissingArgument { argument: "BRANCH", reason: "no branch is checked out" })
}
