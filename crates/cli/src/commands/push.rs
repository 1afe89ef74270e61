//! `prolly push`

use clap::Args;
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
        git.run_git(&["push", "--", &remote, &branch])?;
        let text = format_args!("Pushed {branch} to {remote}");
        context.out.either(text, || json!({ "remote": remote, "branch": branch }))?;
        Ok(Exit::Ok)
    }
}
