//! `prolly fetch`

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::remote::remote;

/// Takes the new commits of another repository, and changes nothing of one's own.
///
/// This is `git fetch`. Its branches are then revisions as `origin/main`: see them with `prolly log
/// origin/main`, merge them with `prolly merge origin/main`.
#[derive(Args, Debug)]
pub(crate) struct Fetch {
    /// The remote [default: the remote of the branch that is checked out, or origin].
    remote: Option<String>,
}

impl Fetch {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let (git, repo) = context.open_in_git("fetch")?;
        let remote = remote(&git, &repo, self.remote)?;
        git.run_git(&["fetch", "--", &remote])?;
        context.out.either(format_args!("Fetched {remote}"), || json!({ "remote": remote }))?;
        Ok(Exit::Ok)
    }
}
