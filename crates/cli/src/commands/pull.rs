//! `prolly pull`

use clap::Args;
use prollytree_git::GitBackend;
use prollytree_sql::{NoExpressions, TableMergeOptions};

use super::merge::report_outcome;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::program::setting;
use crate::remote::{branch, remote};
use crate::store::Repo;
use crate::tables::{open, strategy};

/// Takes the new commits of another repository and merges a branch of it.
///
/// This is `prolly fetch` and `prolly merge`: conflicts are settled in the same way.
#[derive(Args, Debug)]
pub(crate) struct Pull {
    /// The remote [default: the remote of the branch that is checked out, or origin].
    remote: Option<String>,
    /// Its branch [default: the one that the checked out branch follows, or of the same name].
    branch: Option<String>,
    /// Settles conflicts with our value.
    #[arg(long, conflicts_with = "theirs")]
    ours: bool,
    /// Settles conflicts with their value.
    #[arg(long)]
    theirs: bool,
}

impl Pull {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let (git, repo) = context.open_in_git("pull")?;
        let followed = if self.remote.is_none() { followed(&git, &repo)? } else { None };
        let remote = remote(&git, &repo, self.remote)?;
        let branch = branch(&repo, self.branch.or(followed))?;
        // What is fetched from a bare URL has no name that a merge could speak of.
        if setting(&git, &format!("remote.{remote}.url"))?.is_none() {
            return Err(CliError::NoRemote { remote });
        }
        git.run_git(&["fetch", "--", &remote])?;
        let revision = format!("{remote}/{branch}");
        let options = TableMergeOptions {
            message: Some(format!("Merge remote-tracking branch '{revision}'")),
            strategy: strategy(self.ours, self.theirs),
            ..TableMergeOptions::default()
        };
        let mut database = open(context.open()?)?;
        // The full name: a branch of one's own can have the short one.
        let revision = format!("refs/remotes/{revision}");
        let outcome = database.merge(&revision, &options, &mut NoExpressions)?;
        report_outcome(context, database, outcome)
    }
}

/// The branch of the remote that the checked out branch is set to follow.
fn followed(git: &GitBackend, repo: &Repo) -> Result<Option<String>, CliError> {
    let Some(branch) = repo.current_branch() else { return Ok(None) };
    let merge = setting(git, &format!("branch.{branch}.merge"))?;
    Ok(merge.map(|name| name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned()))
}
