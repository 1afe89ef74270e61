//! `prolly git merge-strategy`

use clap::Args;
use prollytree_git::{StrategyOutcome, merge_strategy};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::store::current_dir;

/// Merges two commits key by key: what `git merge -s prolly` runs, as `git-merge-prolly`.
///
/// Files beside the data are merged as ever. The exit code is 0 for a merge without conflicts, 1 if
/// conflicts in files are left to be resolved, and 2 if the merge cannot be made, so that Git goes
/// back to how it was: keys that both sides changed, each to something else, are for `prolly merge`.
#[derive(Args, Debug)]
pub(crate) struct MergeStrategy {
    /// The common ancestors.
    bases: Vec<String>,
    /// What is checked out, and what is merged in.
    #[arg(last = true, required = true, num_args = 2.., value_names = ["HEAD", "REMOTE"])]
    sides: Vec<String>,
}

impl MergeStrategy {
    pub(crate) fn run(self, _: &mut Context) -> Result<Exit, CliError> {
        Ok(self.merge().unwrap_or_else(|error| {
            error.report();
            // What Git takes for "does not handle this merge at all".
            Exit::Usage
        }))
    }

    fn merge(&self) -> Result<Exit, CliError> {
        let Some((ours, theirs)) = self.sides.split_first() else {
            return Err(CliError::Octopus { count: 0 });
        };
        match merge_strategy(current_dir()?, &self.bases, ours, theirs)? {
            StrategyOutcome::Merged => Ok(Exit::Ok),
            StrategyOutcome::FileConflicts => Ok(Exit::No),
            StrategyOutcome::Conflicts(keys) => Err(CliError::KeyConflicts { keys }),
            _ => Err(CliError::Octopus { count: theirs.len() }),
        }
    }
}
