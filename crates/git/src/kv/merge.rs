//! Merging another branch, and ending a merge that met conflicts.

use prollytree_repo::{Choice, CommitId, MapName, MergeOptions, MergeOutcome, Strategy};
use prollytree_tree::Conflict;

use super::GitVersionedKvStore;
use crate::GitError;

impl GitVersionedKvStore {
    /// Merges a branch, or any other revision, into what is checked out. Conflicts are recorded, to be
    /// [resolved](Self::resolve_conflict), and the merge then [continued](Self::continue_operation) or
    /// [aborted](Self::abort_operation).
    ///
    /// # Errors
    /// The revision names nothing, there are edits that are in no commit, a merge is under way, the
    /// histories have nothing in common, or the repository cannot be written.
    pub fn merge(&mut self, revision: &str) -> Result<MergeOutcome, GitError> {
        self.merge_with(revision, MergeOptions::default())
    }

    /// As [`merge`](Self::merge), with a choice of what is done about conflicts, among others. A
    /// resolver may be asked again about the same key if someone else commits meanwhile.
    ///
    /// # Errors
    /// As [`merge`](Self::merge), and what the options rule out.
    pub fn merge_with(
        &mut self,
        revision: &str,
        mut options: MergeOptions<'_>,
    ) -> Result<MergeOutcome, GitError> {
        Ok(self.retry(|repo| repo.merge(revision, lend(&mut options)))?)
    }

    /// The open conflicts of a merge, of all maps, in the order of the maps and keys.
    ///
    /// # Errors
    /// The record of a conflict is damaged or cannot be read.
    pub fn conflicts(&self) -> Result<Vec<(MapName, Conflict)>, GitError> {
        Ok(self.repo.conflicts()?)
    }

    /// Resolves the conflict on a key of this map, durably.
    ///
    /// # Errors
    /// There is no conflict on the key, or the repository cannot be written.
    pub fn resolve_conflict(&mut self, key: &[u8], choice: &Choice) -> Result<(), GitError> {
        let map = self.map.clone();
        Ok(self.retry(|repo| repo.resolve_conflict(&map, key, choice))?)
    }

    /// Ends the merge under way with its commit, which has the message that was prepared unless
    /// another is given.
    ///
    /// # Errors
    /// There is none, conflicts are open ([`Unresolved`](prollytree_repo::RepoError::Unresolved)), or the repository cannot be written.
    pub fn continue_operation(&mut self, message: Option<&str>) -> Result<CommitId, GitError> {
        Ok(self.retry(|repo| repo.continue_operation(message))?)
    }

    /// Drops the merge under way, with all edits since it began.
    ///
    /// # Errors
    /// There is none, someone else changed the working state meanwhile, or the repository cannot be
    /// written.
    pub fn abort_operation(&mut self) -> Result<(), GitError> {
        Ok(self.repo.abort_operation()?)
    }
}

/// The same options for one try of several.
fn lend<'a>(options: &'a mut MergeOptions<'_>) -> MergeOptions<'a> {
    MergeOptions {
        message: options.message.clone(),
        fast_forward: options.fast_forward,
        strategy: match &mut options.strategy {
            Strategy::Record => Strategy::Record,
            Strategy::Ours => Strategy::Ours,
            Strategy::Theirs => Strategy::Theirs,
            Strategy::Ask(resolver) => Strategy::Ask(&mut **resolver),
        },
        allow_unrelated: options.allow_unrelated,
    }
}
