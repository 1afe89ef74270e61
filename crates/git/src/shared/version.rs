//! Looking at committed versions of a shared store, without its lock.

use prollytree_repo::{Commit, CommitId, KeyVersion, Repository};
use prollytree_tree::{Difference, Snapshot};

use super::ThreadSafeGitVersionedKvStore;
use crate::{GitBackend, GitError, GitVersionedKvStore};

impl ThreadSafeGitVersionedKvStore {
    /// The commit that a revision names.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::resolve`].
    pub fn resolve(&self, revision: &str) -> Result<CommitId, GitError> {
        self.view()?.resolve(revision)
    }

    /// The map as it was at a revision; empty if it did not exist.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::snapshot_at`].
    pub fn snapshot_at(&self, revision: &str) -> Result<Snapshot<GitBackend>, GitError> {
        self.view()?.snapshot_at(revision)
    }

    /// The value that a key had at a revision.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get_at`].
    pub fn get_at(&self, revision: &str, key: &[u8]) -> Result<Option<Vec<u8>>, GitError> {
        self.view()?.get_at(revision, key)
    }

    /// The newest `limit` commits that led to the one that is checked out, newest first.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::log`].
    pub fn log(&self, limit: usize) -> Result<Vec<(CommitId, Commit)>, GitError> {
        self.view()?.log(limit)
    }

    /// The commits that changed a key, newest first, read as the iteration goes on.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::history`].
    pub fn history(
        &self,
        key: &[u8],
    ) -> Result<impl Iterator<Item = Result<KeyVersion, GitError>> + use<>, GitError> {
        self.view()?.history(key)
    }

    /// The keys that differ between two revisions in ascending order, each with both values.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::diff`].
    pub fn diff(&self, from: &str, to: &str) -> Result<Vec<Difference>, GitError> {
        self.view()?.diff(from, to)
    }

    /// A handle of its own on what is committed now.
    fn view(&self) -> Result<GitVersionedKvStore, GitError> {
        let backend = self.shared.backend.clone();
        let options = backend.options();
        let repo = Repository::open(backend, options)?;
        Ok(GitVersionedKvStore::from(repo).with_map(self.shared.map.clone()))
    }
}
