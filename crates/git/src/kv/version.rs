//! Looking at versions: what was, what changed, and when.

use prollytree_repo::{Commit, CommitId, KeyVersion, Maps, RepoError};
use prollytree_tree::{Difference, Snapshot};

use super::GitVersionedKvStore;
use crate::{GitBackend, GitError};

/// What became of a key since the commit that is checked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyStatus {
    /// It is new.
    Added,
    /// It has another value.
    Changed,
    /// It is gone.
    Removed,
}

impl GitVersionedKvStore {
    /// The commit that a revision names: a branch, a tag, `HEAD`, the first digits of an id, and steps
    /// from there (`HEAD~2`, `main@{1}`, `main@{2026-01-31T12:00:00Z}`).
    ///
    /// # Errors
    /// The revision names nothing, or could mean several commits; or the repository cannot be read.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, GitError> {
        Ok(self.repo.resolve(revision)?)
    }

    /// The map as it was at a revision; empty if it did not exist.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve), or the tree is damaged.
    pub fn snapshot_at(&self, revision: &str) -> Result<Snapshot<GitBackend>, GitError> {
        Ok(self.repo.open_map(&self.repo.maps_at(revision)?, &self.map)?)
    }

    /// The value that a key had at a revision.
    ///
    /// # Errors
    /// As [`snapshot_at`](Self::snapshot_at).
    pub fn get_at(&self, revision: &str, key: &[u8]) -> Result<Option<Vec<u8>>, GitError> {
        let value = self.snapshot_at(revision)?.get(key);
        Ok(value.map_err(RepoError::from)?)
    }

    /// The newest `limit` commits that led to the one that is checked out, newest first, itself
    /// included; none if there is no commit yet.
    ///
    /// # Errors
    /// A commit is missing or damaged, or the repository cannot be read.
    pub fn log(&self, limit: usize) -> Result<Vec<(CommitId, Commit)>, GitError> {
        let Some(tip) = self.repo.tip() else { return Ok(Vec::new()) };
        Ok(self.repo.log(&tip)?.take(limit).collect::<Result<_, _>>()?)
    }

    /// The commits that changed a key, newest first, read as the iteration goes on.
    ///
    /// # Errors
    /// A commit or its tree is missing or damaged, or the repository cannot be read.
    pub fn history(
        &self,
        key: &[u8],
    ) -> Result<impl Iterator<Item = Result<KeyVersion, GitError>> + use<>, GitError> {
        let tip = self.repo.tip();
        let history = tip.map(|tip| self.repo.history(&self.map, key, &tip)).transpose()?;
        Ok(history.into_iter().flatten().map(|version| Ok(version?)))
    }

    /// The keys that differ between two revisions in ascending order, each with both values. Reads only
    /// what differs.
    ///
    /// # Errors
    /// As [`snapshot_at`](Self::snapshot_at).
    pub fn diff(&self, from: &str, to: &str) -> Result<Vec<Difference>, GitError> {
        self.differences(self.repo.maps_at(from)?, self.repo.maps_at(to)?)
    }

    /// The keys that were edited since the commit that is checked out, in ascending order.
    ///
    /// # Errors
    /// The tree is damaged or cannot be read.
    pub fn status(&mut self) -> Result<Vec<(Vec<u8>, KeyStatus)>, GitError> {
        let edited = self.repo.working_maps()?;
        let differences = self.differences(self.repo.head_maps().clone(), edited)?;
        Ok(differences.into_iter().map(KeyStatus::of).collect())
    }

    fn differences(&self, mut before: Maps, mut after: Maps) -> Result<Vec<Difference>, GitError> {
        // Other maps are not looked at.
        before.retain(|name, _| *name == self.map);
        after.retain(|name, _| *name == self.map);
        let diff = self.repo.diff(&before, &after)?;
        diff.changes().map(|change| Ok(change?.difference)).collect()
    }
}

impl KeyStatus {
    fn of(difference: Difference) -> (Vec<u8>, Self) {
        let status = match (&difference.before, &difference.after) {
            (None, _) => Self::Added,
            (_, None) => Self::Removed,
            _ => Self::Changed,
        };
        (difference.key, status)
    }
}
