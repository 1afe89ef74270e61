//! `prolly cherry-pick`

use clap::Args;
use prollytree_repo::OperationKind;
use prollytree_sql::NoExpressions;

use super::merge::{End, report_pick};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::tables::{open, strategy};

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
        let mut database = open(context.open()?)?;
        if let Some(exit) = self.end.run(context, &mut database, kind, None)? {
            return Ok(exit);
        }
        let revision = self.revision.unwrap_or_default();
        let strategy = strategy(self.ours, self.theirs);
        let outcome =
            database.cherry_pick(&revision, self.mainline, strategy, &mut NoExpressions)?;
        report_pick(context, database, kind, outcome)
    }
}
