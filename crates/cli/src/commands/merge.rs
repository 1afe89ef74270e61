//! `prolly merge`

use clap::Args;
use prollytree_repo::{
    FastForward, MergeOptions, MergeOutcome, OperationKind, RepoError, Strategy,
};
use serde_json::{Value, json};

use super::status::{conflict_json, write_conflicts};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::store::Repo;
use crate::text::plural;

/// Merges another branch or revision into what is checked out.
///
/// Keys that only one side changed are taken over. Keys that both sides changed, each to something
/// else, are conflicts: they are listed, the exit code is 1, and the merge waits until `prolly
/// resolve` settles them and --continue commits, or --abort goes back.
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
        let mut repo = context.open()?;
        let message = self.message;
        if let Some(exit) =
            self.end.run(context, &mut repo, OperationKind::Merge, message.as_deref())?
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
        let options = MergeOptions { message, fast_forward, strategy, allow_unrelated };
        let outcome = repo.merge(&self.revision.unwrap_or_default(), options)?;
        report_outcome(context, &repo, outcome)
    }
}

/// Says what a merge did.
pub(crate) fn report_outcome(
    context: &mut Context,
    repo: &Repo,
    outcome: MergeOutcome,
) -> Result<Exit, CliError> {
    let (text, word, id) = match outcome {
        MergeOutcome::AlreadyUpToDate => ("Already up to date".to_owned(), "up_to_date", None),
        MergeOutcome::FastForward(id) => {
            (format!("Moved forward to {}", id.short()), "fast_forward", Some(id))
        }
        MergeOutcome::Merged(id) => (format!("Merged as {}", id.short()), "merged", Some(id)),
        MergeOutcome::Conflicts(_) => {
            return report_conflicts(context, repo, OperationKind::Merge);
        }
    };
    let document = || json!({ "outcome": word, "commit": id.map(|id| id.to_string()) });
    context.out.either(text, document)?;
    Ok(Exit::Ok)
}

/// What is done about conflicts.
pub(crate) fn strategy<'r>(ours: bool, theirs: bool) -> Strategy<'r> {
    match (ours, theirs) {
        (true, _) => Strategy::Ours,
        (_, true) => Strategy::Theirs,
        _ => Strategy::Record,
    }
}

/// Lists the conflicts that an operation left, and says how to go on.
pub(crate) fn report_conflicts(
    context: &mut Context,
    repo: &Repo,
    kind: OperationKind,
) -> Result<Exit, CliError> {
    let conflicts = repo.conflicts()?;
    if context.out.is_json() {
        let conflicts: Vec<Value> =
            conflicts.iter().map(|(map, conflict)| conflict_json(map, conflict)).collect();
        context.out.json(&json!({ "outcome": "conflicts", "conflicts": conflicts }))?;
        return Ok(Exit::No);
    }
    write_conflicts(&mut context.out, &conflicts)?;
    let count = plural(conflicts.len() as u64, "conflict");
    context.out.line(format_args!(
        "The {kind} stopped at {count}. Settle each with `prolly resolve KEY --ours`, --theirs, \
         --value or --delete, then `prolly {kind} --continue`; or go back with \
         `prolly {kind} --abort`"
    ))?;
    Ok(Exit::No)
}

impl End {
    /// Ends the operation under way, if that was asked for.
    pub(crate) fn run(
        &self,
        context: &mut Context,
        repo: &mut Repo,
        expected: OperationKind,
        message: Option<&str>,
    ) -> Result<Option<Exit>, CliError> {
        if !self.go_on && !self.abort {
            return Ok(None);
        }
        let found = repo.operation().ok_or(RepoError::NoOperation)?.kind;
        if found != expected {
            return Err(CliError::OtherOperation { expected, found });
        }
        if self.abort {
            repo.abort_operation()?;
            let text = format_args!("Went back to how it was before the {found}");
            context.out.either(text, || json!({ "outcome": "aborted" }))?;
        } else {
            let id = repo.continue_operation(message)?;
            let text = format_args!("Committed the {found} as {}", id.short());
            let document = || json!({ "outcome": "merged", "commit": id.to_string() });
            context.out.either(text, document)?;
        }
        Ok(Some(Exit::Ok))
    }
}
