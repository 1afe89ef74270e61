//! `prolly revert`

use clap::Args;
use prollytree_repo::OperationKind;
use prollytree_sql::NoExpressions;

use super::merge::{End, report_pick};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::tables::{open, strategy};

/// Takes the changes of a commit back, in a new commit.
///
/// Works as `prolly merge` does where later commits changed the same keys.
#[derive(Args, Debug)]
pub(crate) struct Revert {
    /// The commit whose changes are taken back.
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

impl Revert {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let kind = OperationKind::Revert;
        let mut database = open(context.open()?)?;
        if let Some(exit) = self.end.run(context, &mut database, kind, None)? {
            return Ok(exit);
        }
        let revision = self.revision.unwrap_or_default();
        let strategy = strategy(self.ours, self.theirs);
        let outcome = database.revert(&revision, self.mainline, strategy, &mut NoExpressions)?;
        report_pick(context, database, kind, outcome)
    }
}
