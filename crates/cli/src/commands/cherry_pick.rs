//! `prolly cherry-pick`

use clap::Args;
use prollytree_repo::{OperationKind, PickOutcome};
use serde_json::json;

use super::merge::{End, report_conflicts, strategy};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;

/// Makes the changes of a commit again, on top of what is checked out.
///
/// Works as `prolly merge` does where the same keys were changed here.
#[derive(Args, Debug)]
pub(crate) struct CherryPick {
    /// The commit whose changes are made again.
    #[arg(required_unless_present_any = ["go_on", "abort"])]
    revision: Option<String>,
    /// The parent of a merge commit, from 1 on, that its changes are told from.
    #[arg(long, value_name = "NUMBER")]
    mainline: Option<usize>,
    /// Settles conflicts with our value.
    #[arg(long, conflicts_with = "theirs")]
    ours: bool,
    /// Settles conflicts with their value.
    #[arg(long)]
    theirs: bool,
    #[command(flatten)]
    end: End,
}

impl CherryPick {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let kind = OperationKind::CherryPick;
        let mut repo = context.open()?;
        if let Some(exit) = self.end.run(context, &mut repo, kind, None)? {
            return Ok(exit);
        }
        let id = repo.resolve(&self.revision.unwrap_or_default())?;
        let strategy = strategy(self.ours, self.theirs);
        match repo.cherry_pick(&id, self.mainline, strategy)? {
            PickOutcome::Conflicts(_) => report_conflicts(context, &repo, kind),
            PickOutcome::Committed(id) => {
                let title = repo.read_commit(&id)?.title().to_owned();
                let text = format_args!("Committed {} {title}", id.short());
                let document = || json!({ "outcome": "committed", "commit": id.to_string() });
                context.out.either(text, document)?;
                Ok(Exit::Ok)
            }
        }
    }
}
