//! `prolly push`

use clap::Args;
use prollytree_repo::RefName;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::remote::{branch, remote};

/// Sends the commits of a branch to another repository.
///
/// This is `git push`: hooks run, and credentials are Git's. Uncommitted changes stay here.
#[derive(Args, Debug)]
pub(crate) struct Push {
    /// The remote or URL [default: the remote of the branch, or origin].
    remote: Option<String>,
    /// The branch or tag [default: the branch that is checked out].
    branch: Option<String>,
}

impl Push {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let (git, repo) = context.open_in_git("push")?;
        let (remote, branch) = (remote(&git, &repo, self.remote)?, branch(&repo, self.branch)?);
        // A name, and no refspec of Git, which could also delete and overwrite.
        if branch.starts_with('+') || RefName::branch(&branch).is_err() {
            let (argument, expected) = ("BRANCH", "the name of a branch or a tag");
            return Err(CliError::BadArgument { argument, value: branch, expected });
        }
        git.run_git(&["push", "--", &remote, &branch])?;
        let text = format_args!("Pushed {branch} to {remote}");
        context.out.either(text, || json!({ "remote": remote, "branch": branch }))?;
        Ok(Exit::Ok)
    }
}
