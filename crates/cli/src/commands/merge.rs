//! `prolly merge`

use clap::Args;
use prollytree_repo::{FastForward, OperationKind, RepoError};
use prollytree_sql::{Database, NoExpressions, TableMergeOptions, TableMergeOutcome};
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::storage::Storage;
use crate::tables::{Conflicts, open, strategy};
use crate::text::plural;

/// Merges another branch or revision into what is checked out.
///
/// Keys that only one side changed are taken over. Keys that both sides changed, each to something
/// else, are conflicts: they are listed, the exit code is 1, and the merge waits until `prolly
/// resolve` settles them and --continue commits, or --abort goes back. Tables are merged row by row and
/// column by column.
#[derive(Args, Debug)]
pub(crate) struct Merge {
    /// The branch or revision to merge.
    #[arg(required_unless_present_any = ["go_on", "abort"])]
    revision: Option<String>,
    /// Settles conflicts with our value.
    #[arg(long, conflicts_with = "theirs")]
    ours: bool,
    /// Settles conflicts with their value.
    #[arg(long)]
    theirs: bool,
    /// Makes a merge commit even where the branch could just move forward.
    #[arg(long, conflicts_with = "ff_only")]
    no_ff: bool,
    /// Refuses unless the branch can just move forward.
    #[arg(long)]
    ff_only: bool,
    /// Merges even if the two have no commit in common.
    #[arg(long)]
    allow_unrelated: bool,
    /// The message of the merge commit.
    #[arg(short, long)]
    message: Option<String>,
    #[command(flatten)]
    end: End,
}

/// How an operation that waits is ended.
#[derive(Args, Debug)]
pub(crate) struct End {
    /// Commits, when all conflicts are resolved.
    #[arg(long = "continue", conflicts_with_all = ["abort", "revision"])]
    go_on: bool,
    /// Goes back to how it was before.
    #[arg(long, conflicts_with = "revision")]
    abort: bool,
}

impl Merge {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut database = open(context.open()?)?;
        let message = self.message;
        if let Some(exit) =
            self.end.run(context, &mut database, OperationKind::Merge, message.as_deref())?
        {
            return Ok(exit);
        }
        let fast_forward = match (self.no_ff, self.ff_only) {
            (true, _) => FastForward::Never,
            (_, true) => FastForward::Only,
            _ => FastForward::Allow,
        };
        let allow_unrelated = self.allow_unrelated;
        let strategy = strategy(self.ours, self.theirs);
        let options = TableMergeOptions { message, fast_forward, strategy, allow_unrelated };
        let revision = self.revision.unwrap_or_default();
        let outcome = database.merge(&revision, &options, &mut NoExpressions)?;
        report_outcome(context, database, outcome)
    }
}

/// Says what a merge did.
pub(crate) fn report_outcome(
    context: &mut Context,
    database: Database<Storage>,
    outcome: TableMergeOutcome,
) -> Result<Exit, CliError> {
    let (text, word, id) = match outcome {
        TableMergeOutcome::AlreadyUpToDate => ("Already up to date".to_owned(), "up_to_date", None),
        TableMergeOutcome::FastForward(id) => {
            (format!("Moved forward to {}", id.short()), "fast_forward", Some(id))
        }
        TableMergeOutcome::Committed(id) => {
            (format!("Merged as {}", id.short()), "merged", Some(id))
        }
        TableMergeOutcome::Conflicts(_) => {
            return report_conflicts(context, database, OperationKind::Merge);
        }
    };
    let document = || json!({ "outcome": word, "commit": id.map(|id| id.to_string()) });
    context.out.either(text, document)?;
    Ok(Exit::Ok)
}

/// Says what a cherry-pick or a revert did.
pub(crate) fn report_pick(
    context: &mut Context,
    database: Database<Storage>,
    kind: OperationKind,
    outcome: TableMergeOutcome,
) -> Result<Exit, CliError> {
    let TableMergeOutcome::Committed(id) = outcome else {
        return report_conflicts(context, database, kind);
    };
    let title = database.repository().read_commit(&id)?.title().to_owned();
    let text = format_args!("Committed {} {title}", id.short());
    context.out.either(text, || json!({ "outcome": "committed", "commit": id.to_string() }))?;
    Ok(Exit::Ok)
}

/// Lists the conflicts that an operation left, and says how to go on.
pub(crate) fn report_conflicts(
    context: &mut Context,
    database: Database<Storage>,
    kind: OperationKind,
) -> Result<Exit, CliError> {
    let mut conflicts = Conflicts::of(database)?;
    if context.out.is_json() {
        let conflicts = conflicts.json()?;
        context.out.json(&json!({ "outcome": "conflicts", "conflicts": conflicts }))?;
        return Ok(Exit::No);
    }
    conflicts.write(&mut context.out)?;
    let count = plural(conflicts.len() as u64, "conflict");
    context.out.line(format_args!(
        "The {kind} stopped at {count}. {}, then `prolly {kind} --continue`; or go back with \
         `prolly {kind} --abort`",
        conflicts.how()
    ))?;
    Ok(Exit::No)
}

impl End {
    /// Ends the operation under way, if that was asked for.
    pub(crate) fn run(
        &self,
        context: &mut Context,
        database: &mut Database<Storage>,
        expected: OperationKind,
        message: Option<&str>,
    ) -> Result<Option<Exit>, CliError> {
        if !self.go_on && !self.abort {
            return Ok(None);
        }
        let found = database.repository().operation().ok_or(RepoError::NoOperation)?.kind;
        if found != expected {
            return Err(CliError::OtherOperation { expected, found });
        }
        if self.abort {
            database.abort()?;
            let text = format_args!("Went back to how it was before the {found}");
            context.out.either(text, || json!({ "outcome": "aborted" }))?;
        } else {
            let id = database.continue_operation(message, &mut NoExpressions)?;
            let text = format_args!("Committed the {found} as {}", id.short());
            let document = || json!({ "outcome": "merged", "commit": id.to_string() });
            context.out.either(text, document)?;
        }
        Ok(Some(Exit::Ok))
    }
}
