//! The edits of a shared store: what they are, making them durable, dropping them.

use prollytree_repo::{CommitId, CommitOptions};

use super::ThreadSafeGitVersionedKvStore;
use crate::{GitError, KeyStatus};

impl ThreadSafeGitVersionedKvStore {
    /// Commits the edits of all threads. Without any, no commit is made, and the answer is the one that
    /// is checked out.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::commit`](crate::GitVersionedKvStore::commit).
    pub fn commit(&self, message: impl Into<String>) -> Result<CommitId, GitError> {
        self.write().commit(message)
    }

    /// As [`commit`](Self::commit), with a choice of author, and of commits that change nothing.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::commit`](crate::GitVersionedKvStore::commit).
    pub fn commit_with(&self, options: CommitOptions) -> Result<CommitId, GitError> {
        self.write().commit_with(options)
    }

    /// Makes the edits of all threads durable without a commit.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::save`](crate::GitVersionedKvStore::save).
    pub fn save(&self) -> Result<(), GitError> {
        self.write().save()
    }

    /// Drops the edits of all threads since the commit that is checked out.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::discard`](crate::GitVersionedKvStore::discard).
    pub fn discard(&self) -> Result<(), GitError> {
        self.write().discard()
    }

    /// Sees what other processes have changed meanwhile.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::refresh`](crate::GitVersionedKvStore::refresh).
    pub fn refresh(&self) -> Result<(), GitError> {
        self.write().refresh()
    }

    /// The keys that were edited since the commit that is checked out, in ascending order.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::status`](crate::GitVersionedKvStore::status).
    pub fn status(&self) -> Result<Vec<(Vec<u8>, KeyStatus)>, GitError> {
        self.write().status()
    }
}
