//! Branches, tags and merges of a shared store.

use prollytree_repo::{Branch, Choice, CommitId, MapName, MergeOptions, MergeOutcome, TagRef};
use prollytree_tree::Conflict;

use super::ThreadSafeGitVersionedKvStore;
use crate::GitError;

impl ThreadSafeGitVersionedKvStore {
    /// Checks out a branch, or any other revision with `HEAD` detached, for all threads.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::checkout`](crate::GitVersionedKvStore::checkout).
    pub fn checkout(&self, revision: &str) -> Result<(), GitError> {
        self.write().checkout(revision)
    }

    /// Makes a branch at the commit that is checked out, and checks it out for all threads. A branch
    /// that exists is checked out as it is.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::checkout_new_branch`](crate::GitVersionedKvStore::checkout_new_branch).
    pub fn checkout_new_branch(&self, name: &str) -> Result<(), GitError> {
        self.write().checkout_new_branch(name)
    }

    /// Makes a branch at the commit that is checked out, and leaves checked out what is.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::create_branch`](crate::GitVersionedKvStore::create_branch).
    pub fn create_branch(&self, name: &str) -> Result<(), GitError> {
        self.write().create_branch(name)
    }

    /// Deletes a branch whose commits something else leads to, and tells where it stood.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::delete_branch`](crate::GitVersionedKvStore::delete_branch).
    pub fn delete_branch(&self, name: &str) -> Result<CommitId, GitError> {
        self.write().delete_branch(name)
    }

    /// The branch that is checked out; `None` while `HEAD` is detached.
    pub fn current_branch(&self) -> Option<String> {
        self.read().current_branch().map(str::to_owned)
    }

    /// All branches that have commits, in the order of their names.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::branches`](crate::GitVersionedKvStore::branches).
    pub fn branches(&self) -> Result<Vec<Branch>, GitError> {
        self.read().branches()
    }

    /// Names the commit that is checked out; annotated with who, when and why if there is a message.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::create_tag`](crate::GitVersionedKvStore::create_tag).
    pub fn create_tag(&self, name: &str, message: Option<&str>) -> Result<(), GitError> {
        self.write().create_tag(name, message)
    }

    /// All tags, in the order of their names.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::tags`](crate::GitVersionedKvStore::tags).
    pub fn tags(&self) -> Result<Vec<TagRef>, GitError> {
        self.read().tags()
    }

    /// Merges a branch, or any other revision, into what is checked out, and records conflicts.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::merge`](crate::GitVersionedKvStore::merge).
    pub fn merge(&self, revision: &str) -> Result<MergeOutcome, GitError> {
        self.write().merge(revision)
    }

    /// As [`merge`](Self::merge), with a choice of what is done about conflicts, among others. A
    /// resolver must not use this handle or a clone of it: it would wait for itself.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::merge_with`](crate::GitVersionedKvStore::merge_with).
    pub fn merge_with(
        &self,
        revision: &str,
        options: MergeOptions<'_>,
    ) -> Result<MergeOutcome, GitError> {
        self.write().merge_with(revision, options)
    }

    /// The open conflicts of a merge, of all maps, in the order of the maps and keys.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::conflicts`](crate::GitVersionedKvStore::conflicts).
    pub fn conflicts(&self) -> Result<Vec<(MapName, Conflict)>, GitError> {
        self.read().conflicts()
    }

    /// Resolves the conflict on a key of this map, durably.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::resolve_conflict`](crate::GitVersionedKvStore::resolve_conflict).
    pub fn resolve_conflict(&self, key: &[u8], choice: &Choice) -> Result<(), GitError> {
        self.write().resolve_conflict(key, choice)
    }

    /// Ends the merge under way with its commit.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::continue_operation`](crate::GitVersionedKvStore::continue_operation).
    pub fn continue_operation(&self, message: Option<&str>) -> Result<CommitId, GitError> {
        self.write().continue_operation(message)
    }

    /// Drops the merge under way, with all edits since it began.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::abort_operation`](crate::GitVersionedKvStore::abort_operation).
    pub fn abort_operation(&self) -> Result<(), GitError> {
        self.write().abort_operation()
    }
}
