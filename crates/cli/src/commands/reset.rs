//! `prolly reset`

use clap::Args;
use prollytree_repo::ResetMode;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;

/// Moves the checked out branch to another commit.
///
/// The content of the working state stays, so that what differs can be committed again; with --hard
/// it is dropped. A merge, cherry-pick or revert under way ends.
#[derive(Args, Debug)]
pub(crate) struct Reset {
    /// The revision to move to.
    #[arg(default_value = "HEAD")]
    revision: String,
    /// Keeps the content of the working state; this is the default.
    #[arg(long, conflicts_with = "hard")]
    soft: bool,
    /// Drops all uncommitted changes.
    #[arg(long)]
    hard: bool,
}

impl Reset {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        if self.hard && self.revision == "HEAD" && repo.tip().is_none() {
            repo.discard()?;
            context.out.either("Dropped all changes", || json!({ "head": null }))?;
            return Ok(Exit::Ok);
        }
        let (id, commit) = repo.commit_at(&self.revision)?;
        repo.reset(&id, if self.hard { ResetMode::Hard } else { ResetMode::Soft })?;
        let text = format_args!("Now at {} {}", id.short(), commit.title());
        context.out.either(text, || json!({ "head": id.to_string() }))?;
        Ok(Exit::Ok)
    }
}
